// Counts the clicks and key presses on controls of this page into its forms: what a posting costs, and of nobody whom.
const fields = document.querySelectorAll("input[name=clicks]");
let clicks = 0;
document.addEventListener("click", (event) => {
  if (event.target.closest("a, button, input, select, textarea, label, summary")) {
    clicks += 1;
    fields.forEach((field) => { field.value = clicks; });
  }
}, true);
