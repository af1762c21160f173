/* Says politely what a swap has brought: the words stand in `data-said` of what came in. The region is there before. */
(() => {
  "use strict";
  const region = Object.assign(document.createElement("p"), { id: "said", role: "status", className: "visually-hidden" });
  document.querySelector("main").append(region);
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.dataset?.said) region.textContent = target.dataset.said;
  });
})();
