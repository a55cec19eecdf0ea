/* The frame of the site: data on demand, pages by address, elements from text. Nothing here asks a network: data are scripts beside the page. */
"use strict";
const site = {
  index: null, // what every page needs; see data/index.js
  shards: new Map(), // name of a data file to the promise of its content
  waiting: new Map(), // name of a data file to what takes its text when the script has run
  early: new Map(), // name to text, where all data stand in the page
  pages: [], // [pattern, function] in the order they are tried
};

/* Every data file is one call of this: its name, and its JSON, deflated, in base64. */
window.redstart = (name, text) => {
  const take = site.waiting.get(name);
  site.waiting.delete(name);
  if (take) take(text);
  else site.early.set(name, text);
};

async function inflate(text) {
  const letters = atob(text);
  const packed = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) packed[at] = letters.charCodeAt(at);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).json();
}

/* A file of the site that is a script, run once. */
function script(path) {
  return new Promise((done, failed) => {
    const element = document.createElement("script");
    element.src = path;
    element.onload = done;
    element.onerror = () => failed(new Error(`The file ${path} is missing beside this page.`));
    document.head.append(element);
  });
}

function load(name) {
  let content = site.shards.get(name);
  if (!content) {
    content = new Promise((done, failed) => {
      const take = (text) => inflate(text).then(done, failed);
      const early = site.early.get(name);
      if (early !== undefined) return take(early);
      site.waiting.set(name, take);
      script(`data/${name}.js`).catch(failed);
    });
    site.shards.set(name, content);
    forget();
  }
  return content;
}

/* Memory stays small however long somebody reads: of the pages' data the last twelve files are kept. */
function forget() {
  const pages = [...site.shards.keys()].filter((name) => /^t\d/.test(name));
  for (const name of pages.slice(0, Math.max(0, pages.length - 12))) site.shards.delete(name);
}

/* Everything of one item, by its place in the index. */
async function facts(item) {
  const size = site.index.shard;
  const shard = await load(`t${Math.floor(item / size)}`);
  return shard[item % size];
}

/* Elements. Text is always text; only `html` is markup, and that is made safe when the site is written. */
function h(tag, attributes, ...children) {
  const element = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "html") element.innerHTML = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
const plainOf = (html) => (html || "").replace(/<\/?(?:a|code|del|em|strong)\b[^>]*>/g, "").replace(/<[^>]*>/g, " ").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, "&").trim();
const many = (count, one, more) => `${number(count)} ${count === 1 ? one : more || one + "s"}`;
const code = (text) => h("code", {}, text);
const quiet = (...text) => h("span", { class: "quiet" }, ...text);

/* Items: everything that has a page. */
const kindOf = (item) => site.index.kinds[site.index.kind[item]];
const layerOf = (item) => site.index.layers[site.index.layer[item]];
const nameOf = (item) => site.index.name[item];
const uniqueId = (item) => `${kindOf(item)}.${site.index.packages[site.index.package[item]]}.${nameOf(item)}`;
const isTable = (item) => site.index.layer[item] >= 0;
const addressOf = (item, rest) => `#/${encodeURIComponent(uniqueId(item))}${rest ? "/" + rest.map(encodeURIComponent).join("/") : ""}`;
const link = (item, text) => h("a", { href: addressOf(item), "data-kind": tone(item) }, breakable(text || nameOf(item)));
/* A long name breaks behind its underscores and dots. */
const breakable = (text) => String(text).split(/(?<=[_.])/).flatMap((part, at) => (at ? [h("wbr"), part] : [part]));

/* What colours an item: its layer where it has one, else its kind. */
const TONES = { Source: "source", Seed: "seed", Staging: "staging", Intermediate: "intermediate", Dimension: "dimension", Fact: "fact", Analytics: "mart", Mart: "mart", Marts: "mart", Reporting: "mart" };
/* A source is one in whatever layer the project puts it. */
const tone = (item) => (isTable(item) && kindOf(item) !== "source" ? TONES[layerOf(item)] || "other" : kindOf(item));

function itemOf(id) {
  if (!site.byId) {
    site.byId = new Map();
    for (let item = 0; item < site.index.name.length; item++) site.byId.set(uniqueId(item), item);
  }
  return site.byId.get(id);
}

function readersOf(item) {
  if (!site.readers) {
    site.readers = site.index.name.map(() => []);
    site.index.reads.forEach((reads, reader) => reads.forEach((read) => site.readers[read].push(reader)));
  }
  return site.readers[item];
}

/* The address: #/words/of/the/path?key=value */
function address() {
  const text = location.hash.replace(/^#\/?/, "");
  const [path, query] = text.split("?");
  const words = path.split("/").filter(Boolean).map((word) => {
    try { return decodeURIComponent(word); } catch { return word; }
  });
  return { words, query: new URLSearchParams(query || "") };
}

let shown = 0;
async function show() {
  const turn = ++shown;
  const { words, query } = address();
  let page;
  try {
    page = await pageFor(words, query);
  } catch (error) {
    page = { title: "Not to be shown", body: [h("h1", {}, "This page cannot be shown"), h("p", {}, String(error.message || error))] };
  }
  if (turn !== shown) return;
  const main = document.getElementById("main");
  main.replaceChildren(...page.body.flat(9).filter((part) => part));
  document.title = page.title ? `${page.title} · ${site.index.title}` : site.index.title;
  for (const anchor of document.querySelectorAll("nav a[href]")) {
    const here = anchor.getAttribute("href") === location.hash.split("?")[0] || (anchor.getAttribute("href") === "#/" && !words.length);
    if (here) anchor.setAttribute("aria-current", "page"); else anchor.removeAttribute("aria-current");
  }
  document.body.classList.remove("menu");
  document.getElementById("menu").setAttribute("aria-expanded", "false");
  const target = page.target && document.getElementById(page.target);
  if (target) target.scrollIntoView({ block: "center" });
  else window.scrollTo(0, history.state && history.state.scroll ? history.state.scroll : 0);
  // What changes a page from inside keeps the keyboard.
  const kept = site.keep && document.getElementById(site.keep);
  site.keep = null;
  if (site.started || target) (kept || target || main.querySelector("h1") || main).focus({ preventScroll: true });
  site.started = true;
  if (page.after) page.after();
  // Whoever drives a browser sees here which page is whole.
  document.documentElement.dataset.page = location.hash;
}

async function pageFor(words, query) {
  for (const [first, build] of site.pages) {
    if (first === (words[0] || "")) return build(words.slice(1), query);
  }
  const item = itemOf(words[0]);
  if (item === undefined) {
    return { title: "Not found", body: [heading("Nothing has this address"), h("p", {}, code(words.join("/")), " is not in this project. ", h("a", { href: "#/" }, "Back to the start"), " or search for it.")] };
  }
  return itemPage(item, words.slice(1), query);
}

const heading = (...text) => h("h1", { tabindex: "-1" }, ...text);
const unseen = (text) => h("span", { class: "unseen" }, text);

/* A column by its name, as any of lineage, address and warehouse may spell it. */
const columnOf = (fact, name) => (fact.columns || []).find((one) => one.name.toLowerCase() === String(name).toLowerCase());
const columnId = (name) => `column-${name.toLowerCase()}`;

/* What is closed is made when it is opened. */
function later(details, build) {
  details.fill = () => { details.fill = null; details.append(...[build()].flat(9)); };
  details.addEventListener("toggle", () => { if (details.open && details.fill) details.fill(); });
  return details;
}
function openAll(part) {
  for (let closed; (closed = [...part.querySelectorAll("details:not([open])")]).length;) {
    closed.forEach((details) => { if (details.fill) details.fill(); details.open = true; });
  }
}

/* A list that shows a part of itself, so that ten thousand rows are no burden. */
function shortened(items, row, size, list) {
  let next = 0;
  const most = 5000; // on paper
  const more = h("button", { type: "button", class: "more", onclick: () => { const at = next; grow(); const first = list.children[at]; const focus = first && (first.matches("a") ? first : first.querySelector("a, button")); if (focus) focus.focus(); } });
  const grow = () => {
    list.append(...items.slice(next, next + size).map(row));
    next += size;
    const left = items.length - next;
    more.textContent = `Show ${number(Math.min(size, left))} more of ${number(left)}`;
    more.hidden = left <= 0;
  };
  grow();
  more.all = () => { const usual = size; size = Math.max(0, most - next); grow(); size = usual; };
  return [list, more];
}
