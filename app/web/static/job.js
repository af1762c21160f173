/* How far a job is, told by the server; when that fails, the page is asked again every few seconds. */
(() => {
  "use strict";
  const box = document.querySelector("[data-job]");
  if (!box) return;
  const bar = box.querySelector("progress");
  const words = box.querySelector("[data-job-words]");
  const said = box.querySelector("[role=status]");
  let tenth = -1;

  const show = ({ done, total, is_open: isOpen }) => {
    if (!isOpen) return location.reload();
    if (!total) return undefined;
    bar.max = total;
    bar.value = done;
    words.textContent = box.dataset.words.replace("{done}", done).replace("{total}", total);
    if (Math.floor((10 * done) / total) !== tenth) {
      // A voice that spoke at every step would never be silent.
      tenth = Math.floor((10 * done) / total);
      said.textContent = words.textContent;
    }
    return undefined;
  };

  const source = new EventSource(box.dataset.job);
  source.onmessage = (event) => show(JSON.parse(event.data));
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  };
  addEventListener("pagehide", () => source.close());
})();
