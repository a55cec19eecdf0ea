/* Search: names straight from the index, words of columns and descriptions from lists made when the site was written. */
const words = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").split(/[^\p{Alphabetic}\p{N}]+/u).filter(Boolean);
const WEIGHTS = [1, 2, 3.2, 4]; // of a word in a column's description, in a description, in a column's name, in a name or tag

async function termsFor(word) {
  const first = word[0];
  const bucket = site.index.search.buckets[first];
  return load(`s${bucket === undefined ? site.index.search.other : bucket}`);
}

/* Items with a word, each with what the word is worth there; the beginning of a word counts less than all of it. */
async function withWord(word, whole) {
  const shard = await termsFor(word);
  const found = new Map();
  const total = site.index.name.length;
  let low = 0, high = shard.terms.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shard.terms[middle] < word) low = middle + 1; else high = middle;
  }
  for (let at = low, looked = 0; at < shard.terms.length && looked < 60; at++, looked++) {
    const term = shard.terms[at];
    if (!term.startsWith(word)) break;
    if (whole && term !== word && looked > 0 && shard.terms[low] === word) break;
    const list = shard.items[at];
    const rare = Math.log(1 + total / (list.length + 0.5));
    const share = term === word ? 1 : 0.55 * (0.5 + 0.5 * word.length / term.length);
    let item = 0;
    for (const packed of list) {
      item += packed >> 2;
      const worth = WEIGHTS[packed & 3] * rare * share;
      if (!(found.get(item) >= worth)) found.set(item, worth);
    }
  }
  return found;
}

function withName(text, parts) {
  site.lower = site.lower || site.index.name.map((name) => name.toLowerCase());
  const found = new Map();
  const joined = parts.join("_");
  for (let item = 0; item < site.lower.length; item++) {
    const name = site.lower[item];
    const own = name.slice(name.lastIndexOf(".") + 1);
    let worth = 0;
    if (name === text || own === text || own === joined) worth = 120;
    else if (own.startsWith(joined)) worth = 40 + 20 * joined.length / own.length;
    else if (name.includes(joined)) worth = 26 + 10 * joined.length / name.length;
    else if (parts.every((part) => name.includes(part))) worth = 18 + 8 * joined.length / name.length;
    if (worth) found.set(item, worth);
  }
  return found;
}

async function search(text, most) {
  const query = text.trim().toLowerCase();
  const parts = words(query);
  if (!parts.length) return [];
  const scores = withName(query, parts);
  const lists = await Promise.all(parts.map((part, at) => withWord(part, at < parts.length - 1)));
  const counts = new Map();
  for (const list of lists) {
    for (const [item, worth] of list) {
      const so = counts.get(item) || [0, 0];
      so[0] += 1;
      so[1] += worth;
      counts.set(item, so);
    }
  }
  const best = Math.max(0, ...[...counts.values()].map(([count]) => count));
  for (const [item, [count, worth]] of counts) {
    if (count < best && !scores.has(item)) continue;
    scores.set(item, (scores.get(item) || 0) + worth * (count / parts.length) ** 2);
  }
  const order = (item) => scores.get(item) + (isTable(item) ? 0.6 : 0) + Math.min(0.4, readersOf(item).length / 50);
  return [...scores.keys()].sort((a, b) => order(b) - order(a) || a - b).slice(0, most);
}

/* The column or sentence of an item in which the words stand, to show why it was found. */
async function because(item, text) {
  const parts = words(text);
  const fact = await facts(item);
  const holds = (value) => { const own = words(value || ""); return parts.filter((part) => own.some((word) => word.startsWith(part))).length; };
  let best = null, most = holds(nameOf(item) + " " + (site.index.short[item] || ""));
  for (const column of fact.columns || []) {
    const plain = plainOf(column.html);
    const count = holds(`${column.name} ${plain}`);
    if (count > most) { most = count; best = { name: column.name, plain }; }
  }
  return best;
}

const dialog = () => document.getElementById("search");
function openSearch() {
  if (!dialog().open) {
    site.before = document.activeElement;
    dialog().showModal();
  }
  const field = document.getElementById("query");
  field.select();
  field.focus();
}

function setUpSearch() {
  const field = document.getElementById("query");
  const list = document.getElementById("results");
  const status = document.getElementById("found");
  let chosen = -1, turn = 0;
  const choose = (at) => {
    const options = [...list.children];
    chosen = options.length ? (at + options.length) % options.length : -1;
    options.forEach((option, place) => option.setAttribute("aria-selected", place === chosen));
    field.setAttribute("aria-activedescendant", chosen >= 0 ? options[chosen].id : "");
    if (chosen >= 0) options[chosen].scrollIntoView({ block: "nearest" });
  };
  const go = (item, column) => {
    site.before = null;
    dialog().close();
    location.hash = addressOf(item, column ? ["column", column] : null);
  };
  const run = async () => {
    const own = ++turn;
    const text = field.value;
    const items = await search(text, 12);
    if (own !== turn) return;
    list.replaceChildren(...items.map((item, at) => h("li", { role: "option", id: `result-${at}`, "aria-selected": "false", onclick: () => go(item, list.children[at].dataset.column) },
      h("span", { class: "kind", "data-kind": tone(item) }, isTable(item) ? layerOf(item) : kindOf(item)), " ",
      h("strong", {}, nameOf(item)), h("span", { class: "why" }, site.index.short[item] || ""))));
    status.textContent = text.trim() ? (items.length ? `${many(items.length, "result")} shown` : "Nothing has these words.") : "";
    field.setAttribute("aria-expanded", String(items.length > 0));
    choose(0);
    for (const [at, item] of items.entries()) {
      const column = await because(item, text).catch(() => null);
      if (own !== turn) return;
      if (column) {
        list.children[at].dataset.column = column.name;
        list.children[at].querySelector(".why").replaceChildren("column ", code(column.name), column.plain ? ` ${column.plain}` : "");
      }
    }
  };
  field.addEventListener("input", run);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); choose(chosen + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); choose(chosen - 1); }
    else if (event.key === "Escape") { event.preventDefault(); dialog().close(); }
    else if (event.key === "Enter" && chosen >= 0) { event.preventDefault(); list.children[chosen].click(); }
  });
  dialog().addEventListener("close", () => { if (site.before) site.before.focus(); });
  dialog().addEventListener("click", (event) => { if (event.target === dialog()) dialog().close(); });
  document.getElementById("open-search").addEventListener("click", openSearch);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable]");
    if ((event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      openSearch();
    }
  });
}
