// Suggests skills while somebody types, in both languages; without this file the page asks which one was meant.
document.addEventListener("DOMContentLoaded", () => {
  for (const field of document.querySelectorAll("input[data-suggest]")) {
    const options = document.getElementById(field.getAttribute("list"));
    let asked = "";
    let waiting = 0;
    const ask = async () => {
      const words = field.value.trim();
      if (words.length < 2 || words === asked) return;
      asked = words;
      const answer = await fetch(`/api/v1/skills?limit=8&q=${encodeURIComponent(words.slice(0, 80))}`);
      if (!answer.ok || asked !== words) return;
      const { items } = await answer.json();
      options.replaceChildren(
        ...items.map((skill) => {
          const option = document.createElement("option");
          option.value = skill.label[document.documentElement.lang] || skill.found_as;
          if (skill.found_as && skill.found_as !== option.value) option.label = `${option.value} (${skill.found_as})`;
          return option;
        }),
      );
    };
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(ask, 150);
    });
  }
});
