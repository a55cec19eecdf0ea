/* The beginning: the index is read, the menu made, and the page of the address shown. */
function menu() {
  const { index } = site;
  const list = document.getElementById("layers-menu");
  const small = index.layer.filter((layer) => layer >= 0).length <= 60;
  index.layers.forEach((layer, at) => {
    const items = index.name.map((_, item) => item).filter((item) => index.layer[item] === at);
    list.append(h("li", {}, h("a", { href: `#/list/layer/${encodeURIComponent(layer)}`, "data-kind": TONES[layer] || "other" }, layer, " ", quiet(number(items.length))),
      small ? h("ul", {}, items.map((item) => h("li", {}, h("a", { href: addressOf(item) }, nameOf(item), index.bad.includes(item) ? [" ", h("span", { class: "status fail" }, "failing")] : null)))) : null));
  });
  for (const kind of ["exposure", "macro", "analysis"]) {
    const count = byKind(kind).length;
    if (count) list.append(h("li", {}, h("a", { href: `#/list/kind/${kind}`, "data-kind": kind }, capital(plural(kind)), " ", quiet(number(count)))));
  }
}

async function start() {
  const main = document.getElementById("main");
  if (!("DecompressionStream" in window)) {
    main.replaceChildren(h("h1", {}, "This browser is too old for this page"), h("p", {}, "It needs Chrome 103, Firefox 113 or Safari 16.4, or a later one. The command redstart docs generate --format md writes the tables as Markdown."));
    return;
  }
  try {
    site.index = await load("index");
  } catch (error) {
    main.replaceChildren(h("h1", {}, "The data of this page are missing"), h("p", {}, String(error.message || error)));
    return;
  }
  const { title, logo, color, colorDark } = site.index;
  document.getElementById("brand").replaceChildren(logo ? h("img", { src: logo, alt: "", class: "logo" }) : "", title);
  if (color) document.documentElement.style.setProperty("--brand", color);
  if (colorDark) document.documentElement.style.setProperty("--brand-dark", colorDark);
  menu();
  setUpSearch();
  const button = document.getElementById("menu");
  button.addEventListener("click", () => button.setAttribute("aria-expanded", String(document.body.classList.toggle("menu"))));
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    (main.querySelector("h1") || main).focus();
  });
  history.scrollRestoration = "manual";
  let waiting = 0;
  window.addEventListener("scroll", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => history.replaceState({ scroll: window.scrollY }, ""), 120);
  }, { passive: true });
  window.addEventListener("hashchange", show);
  // On paper nothing unfolds.
  window.addEventListener("beforeprint", () => {
    openAll(main);
    main.querySelectorAll("button.more:not([hidden])").forEach((more) => more.all());
  });
  await show();
  document.documentElement.dataset.ready = "yes";
  // The menu leads to what changed where somebody compared.
  const changes = await load("changes").catch(() => null);
  document.getElementById("to-changes").hidden = !changes;
  document.documentElement.dataset.compared = changes ? "yes" : "no";
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
