// Dragging a wish to its place: the same form that the buttons send. Without this file the buttons do it all.
document.addEventListener("DOMContentLoaded", () => {
  const list = document.querySelector("[data-wishes]");
  if (!list || !window.Sortable) return;
  for (const grip of list.querySelectorAll(".grip")) grip.hidden = false;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  window.Sortable.create(list, {
    handle: ".grip",
    forceFallback: true, // one way of dragging for mouse, pen and finger
    animation: still ? 0 : 150,
    onEnd({ item, oldIndex, newIndex }) {
      if (oldIndex === newIndex) return;
      const form = item.querySelector("form[data-move]");
      form.elements.position.value = newIndex + 1;
      form.submit();
    },
  });
});
