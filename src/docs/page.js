
(() => {
  const input = document.getElementById("search");
  const found = document.getElementById("found");
  const nothing = document.getElementById("nothing");
  const articles = [...document.querySelectorAll("article")].map((node) => ({
    node,
    text: node.textContent.toLowerCase(),
    entry: document.querySelector(`nav a[href="#${CSS.escape(node.id)}"]`).parentNode,
  }));
  const groups = [...document.querySelectorAll("section.layer, nav .group")];
  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { node, text, entry } of articles) {
      const match = words.every((word) => text.includes(word));
      node.hidden = entry.hidden = !match;
      count += match;
    }
    for (const group of groups) {
      group.hidden = !group.querySelector("article:not([hidden]), li:not([hidden])");
    }
    nothing.hidden = count > 0;
    found.textContent = words.length ? `${count} of ${articles.length} tables` : "";
  };
  input.addEventListener("input", search);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
    }
  });
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.hidden) {
      input.value = "";
      search();
      target.scrollIntoView();
    }
  });
  search();
})();
