/* Search: names straight from the index, words of columns and descriptions from lists made when the site was written. */
const words = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").split(/[^\p{Alphabetic}\p{N}]+/u).filter(Boolean);
const WEIGHTS = [1, 2, 3.2, 4]; // of a word in a column's description, in a description, in a column's name, in a name or tag

/* The words that begin with the same two letters stand in one file; of a single letter, the first that has it is looked at. */
async function termsFor(word) {
  const { buckets } = site.index.search;
  const start = [...word].slice(0, 2).join("");
  const bucket = buckets[start] ?? ([...word].length === 1 ? buckets[Object.keys(buckets).find((one) => one.startsWith(word))] : undefined);
  return bucket === undefined ? { terms: [], items: [] } : load(`s${bucket}`);
}

/* What a word is worth for each item, 0 where it is not; the beginning of a word counts less than all of it. */
async function withWord(word, whole) {
  const shard = await termsFor(word);
  const total = site.index.name.length;
  const found = new Float32Array(total);
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
      if (worth > found[item]) found[item] = worth;
    }
  }
  return found;
}

/* What the names alone are worth. */
function withName(text, parts) {
  site.lower = site.lower || site.index.name.map((name) => name.toLowerCase());
  const found = new Float32Array(site.lower.length);
  const joined = parts.join("_"), letters = parts.join("");
  for (let item = 0; item < site.lower.length; item++) {
    const name = site.lower[item];
    if (!name.includes(parts[0])) {
      // `dimusers` means dim_users.
      if (letters.length > 3 && name.includes("_") && name.replaceAll("_", "").includes(letters)) found[item] = 20;
      continue;
    }
    const own = name.slice(name.lastIndexOf(".") + 1);
    if (name === text || own === text || own === joined) found[item] = 120;
    else if (own.startsWith(joined)) found[item] = 40 + 20 * joined.length / own.length;
    else if (name.includes(joined)) found[item] = 26 + 10 * joined.length / name.length;
    else if (parts.every((part) => name.includes(part))) found[item] = 18 + 8 * joined.length / name.length;
  }
  return found;
}

async function search(text, most) {
  const query = text.trim().toLowerCase();
  const parts = words(query);
  if (!parts.length) return [];
  const named = withName(query, parts);
  const lists = await Promise.all(parts.map((part, at) => withWord(part, at < parts.length - 1)));
  const total = named.length;
  const counts = new Uint8Array(total);
  for (const list of lists) for (let item = 0; item < total; item++) if (list[item]) counts[item] += 1;
  const mostWords = counts.reduce((one, other) => Math.max(one, other), 0);
  const scores = [];
  for (let item = 0; item < total; item++) {
    if (!named[item] && (!mostWords || counts[item] < mostWords)) continue;
    let worth = 0;
    for (const list of lists) worth += list[item];
    scores.push([item, named[item] + worth * (counts[item] / parts.length) ** 2]);
  }
  return bestOf(scores, most);
}

/* The best of many, in order, without sorting all of them. */
function bestOf(scores, most) {
  const kept = [];
  for (const [item, score] of scores) {
    const own = score + (isTable(item) ? 0.6 : 0) + Math.min(0.4, readersOf(item).length / 50);
    if (kept.length === most && own <= kept[most - 1][1]) continue;
    let at = kept.length;
    while (at > 0 && (kept[at - 1][1] < own || (kept[at - 1][1] === own && kept[at - 1][0] > item))) at -= 1;
    kept.splice(at, 0, [item, own]);
    if (kept.length > most) kept.pop();
  }
  return kept.map(([item]) => item);
}

/* The column, test or sentence of an item in which the words stand, to show why it was found. */
async function because(item, text) {
  const parts = words(text);
  const fact = await facts(item);
  const holds = (value) => { const own = words(value || ""); return parts.filter((part) => own.some((word) => word.startsWith(part))).length; };
  let best = null, most = holds(nameOf(item) + " " + (site.index.short[item] || ""));
  for (const column of fact.columns || []) {
    const plain = plainOf(column.html);
    const count = holds(`${column.name} ${plain}`);
    if (count > most) { most = count; best = { name: column.name, plain, rest: ["column", column.name] }; }
  }
  const tests = [...(fact.tests || []), ...(fact.columns || []).flatMap((column) => column.tests || []), ...(fact.units || [])];
  for (const { name, label, item: own } of tests) {
    const count = holds(`${name} ${label || ""}`);
    if (count > most && own === undefined) { most = count; best = { test: true, name, plain: "", rest: ["test", name] }; }
  }
  return best;
}

/* While somebody thinks what to type, the words come in, file by file, whenever nothing else is to be done. */
async function fetchWords() {
  if (site.fetching) return;
  site.fetching = true;
  const idle = () => new Promise((done) => (window.requestIdleCallback ? requestIdleCallback(done, { timeout: 500 }) : setTimeout(done, 30)));
  for (const file of new Set(Object.values(site.index.search.buckets))) {
    await idle();
    await load(`s${file}`).catch(() => null);
  }
}

const dialog = () => document.getElementById("search");
function openSearch() {
  if (!dialog().open) {
    site.before = document.activeElement;
    dialog().showModal();
    fetchWords();
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
  const go = (item, rest) => {
    site.before = null;
    dialog().close();
    location.hash = addressOf(item, rest);
  };
  const run = async () => {
    const own = ++turn;
    const text = field.value;
    const items = await search(text, 12);
    if (own !== turn) return;
    list.replaceChildren(...items.map((item, at) => h("li", { role: "option", id: `result-${at}`, "aria-selected": "false", onclick: () => go(item, list.children[at].rest) },
      h("span", { class: "kind", "data-kind": tone(item) }, isTable(item) ? layerOf(item) : kindOf(item)), " ",
      h("strong", {}, nameOf(item)), h("span", { class: "why" }, site.index.short[item] || ""))));
    status.textContent = text.trim() ? (items.length ? `${many(items.length, "result")} shown` : "Nothing has these words.") : "";
    field.setAttribute("aria-expanded", String(items.length > 0));
    choose(0);
    // Why each was found is looked up when the typing rests.
    await new Promise((rested) => setTimeout(rested, 120));
    if (own !== turn) return;
    for (const [at, item] of items.entries()) {
      const found = await because(item, text).catch(() => null);
      if (own !== turn) return;
      if (found) {
        list.children[at].rest = found.rest;
        list.children[at].querySelector(".why").replaceChildren(found.test ? "test " : "column ", code(found.name), found.plain ? ` ${found.plain}` : "");
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
