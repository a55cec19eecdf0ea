/* Colours for SQL with Jinja in it. In: text. Out: elements that spell the same text. A ref or source becomes a link. */
const KEYWORDS = new Set(("select from where group by order having limit union all distinct as on and or not in is null case when then else end join left right full inner outer cross using with recursive over partition rows range between unbounded preceding following current row asc desc create table view insert into values update set delete merge cast interval exists like ilike similar to any top qualify true false except intersect minus").split(" "));
const PIECE = /(--[^\n]*|\/\*[\s\S]*?\*\/|\{#[\s\S]*?#\})|('(?:[^'\\]|\\.|'')*')|(\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\})|("(?:[^"]|"")*")|([A-Za-z_][A-Za-z0-9_$]*)|(\d+(?:\.\d+)?)|([\s\S])/g;

function highlighted(text, target) {
  const parts = [];
  let plain = "";
  const flush = () => { if (plain) parts.push(plain); plain = ""; };
  for (const [whole, comment, string, jinja, quoted, word, digits] of text.matchAll(PIECE)) {
    const style = comment ? "comment" : string ? "string" : jinja ? "jinja" : digits ? "digits" : word && KEYWORDS.has(word.toLowerCase()) ? "keyword" : null;
    if (!style) { plain += whole; continue; }
    flush();
    const item = jinja ? target(jinja) : undefined;
    parts.push(item === undefined ? h("span", { class: style }, whole) : h("a", { class: style, href: addressOf(item) }, whole));
  }
  flush();
  return parts;
}

/* The item that a `ref('x')` or `source('a', 'b')` names, among those that this item reads. */
function readBy(item) {
  return (jinja) => {
    const call = /\b(ref|source)\s*\(\s*['"]([^'"]+)['"](?:\s*,\s*['"]([^'"]+)['"])?/.exec(jinja);
    if (!call) return undefined;
    const name = call[1] === "source" ? `${call[2]}.${call[3]}` : call[3] || call[2];
    return site.index.reads[item].find((read) => nameOf(read) === name || nameOf(read).startsWith(name + ".v"));
  };
}

function codeBlock(id, title, text, target) {
  return h("section", { class: "sql", id },
    h("div", { class: "bar" }, h("h3", {}, title), h("button", { type: "button", class: "small", onclick: (event) => copy(text, event.target) }, "Copy", unseen(` ${title}`))),
    h("pre", { tabindex: "0", "aria-label": title }, h("code", {}, ...highlighted(text, target || (() => undefined)))));
}

function copy(text, button) {
  const area = h("textarea", { class: "unseen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  const said = button.firstChild;
  said.textContent = "Copied";
  setTimeout(() => { said.textContent = "Copy"; }, 1500);
}
