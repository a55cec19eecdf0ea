/* The pages that are read: the start, lists, one item, tests, what is missing. */

/* ---- Small parts ---- */
const badge = (item) => h("span", { class: "kind", "data-kind": tone(item) }, isTable(item) ? layerOf(item) : kindOf(item));
const chip = (text, address) => address ? h("a", { class: "chip", href: address }, text) : h("span", { class: "chip" }, text);
const prose = (html, none) => html ? h("div", { class: "prose", html }) : none ? h("p", { class: "quiet" }, none) : null;
const statusClass = (status) => ({ pass: "pass", success: "pass", fail: "fail", error: "fail", "runtime error": "fail", warn: "warn" })[status] || "none";
const mark = (status) => h("span", { class: `status ${statusClass(status)}` }, status || "not run");
const figures = (pairs) => h("dl", { class: "figures" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value, address]) => h("div", {}, h("dt", {}, name), h("dd", {}, address ? h("a", { href: address }, value) : value))));
const listOf = (items, none) => items.length ? listShort(items) : h("p", { class: "quiet" }, none);
const listShort = (items) => { const list = h("ul", { class: "links" }); return shortened(items, (item) => h("li", {}, badge(item), " ", link(item)), 24, list); };
const percent = (part, all) => all ? `${Math.floor(part * 100 / all)}%` : "–";
const meter = (part, all, label) => h("meter", { min: 0, max: Math.max(1, all), value: part, "aria-label": label }, percent(part, all));
const share = (part, all, label) => [percent(part, all), " ", meter(part, all, label)];
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const byKind = (kind) => site.index.kind.flatMap((own, item) => site.index.kinds[own] === kind ? [item] : []);

/* ---- The start ---- */
site.pages.push(["", () => {
  const { index } = site;
  const counts = index.layers.map(() => 0);
  index.layer.forEach((layer) => { if (layer >= 0) counts[layer] += 1; });
  const others = ["exposure", "macro", "test", "analysis"].map((kind) => [kind, byKind(kind).length]).filter(([, count]) => count);
  const { columns, described, tested, tables, owned } = index.coverage;
  const recent = index.built.slice(0, 8);
  return {
    title: "",
    body: [
      h("header", { class: "page" }, heading(index.title), h("p", { class: "by" }, index.target ? `${index.target} · ` : "", "made ", index.generated)),
      h("button", { type: "button", class: "find", onclick: openSearch }, h("span", {}, `Search ${many(index.coverage.tables, "table")} and ${many(index.coverage.columns, "column")}`), " ", h("kbd", { "aria-hidden": "true" }, "/")),
      prose(index.overview),
      packageNames().length > 1 ? h("section", { "aria-labelledby": "packages" }, h("h2", { id: "packages" }, "Packages"), h("p", { class: "chips" }, packageNames().map((name) => [chip(name, `#/list/package/${encodeURIComponent(name)}`), " "]))) : null,
      h("section", { "aria-labelledby": "layers" }, h("h2", { id: "layers" }, "Layers"),
        h("ul", { class: "cards" },
          index.layers.map((layer, at) => h("li", {}, h("a", { class: "card", href: `#/list/layer/${encodeURIComponent(layer)}`, "data-kind": TONES[layer] || "other" }, h("span", { class: "big" }, number(counts[at])), " ", h("span", {}, layer)))),
          others.map(([kind, count]) => h("li", {}, h("a", { class: "card", href: `#/list/kind/${kind}`, "data-kind": kind }, h("span", { class: "big" }, number(count)), " ", h("span", {}, capital(plural(kind)))))))),
      h("section", { "aria-labelledby": "health" }, h("h2", { id: "health" }, "How it is"),
        figures([
          ["Last build", index.lastBuild && index.lastBuild.at, "#/runs"],
          ["Tables that failed", index.broken.length ? number(index.broken.length) : null, "#/runs"],
          ["Tables skipped", index.skipped.length ? number(index.skipped.length) : null, "#/runs"],
          ["Failing tests", index.testCounts.length ? (testsRan() ? number(index.failing.length) : "not run yet") : "no tests", "#/tests"],
          ["Warnings", index.warning.length ? number(index.warning.length) : null, "#/tests"],
          ["Described columns", share(described, columns, "Described columns"), "#/coverage"],
          ["Tested columns", share(tested, columns, "Tested columns"), "#/coverage"],
          ["Owned tables", share(owned, tables, "Owned tables"), "#/coverage"],
        ]),
        index.broken.length ? h("ul", { class: "failing" }, index.broken.slice(0, 8).map(([item, status, at]) => h("li", {}, mark(status), " ", link(item), " ", quiet("its last build failed", at ? `, ${at}` : "")))) : null,
        index.failing.length ? h("ul", { class: "failing" }, index.failing.slice(0, 8).map(failing)) : null),
      recent.length ? h("section", { "aria-labelledby": "recent" }, h("h2", { id: "recent" }, "Built last"),
        h("ul", { class: "links dated" }, recent.map(([item, at]) => h("li", {}, badge(item), " ", link(item), " ", quiet(at))))) : null,
      legend(),
    ],
  };
}]);

/* The packages that have tables or a page of their own. */
function packageNames() {
  const { index } = site;
  const held = new Set(index.package.filter((_, item) => isTable(item)));
  return index.packages.filter((name, at) => held.has(at) || index.packagePages[name]);
}

const plural = (kind) => ({ analysis: "analyses", test: "singular tests" })[kind] || `${kind}s`;
const testsRan = () => site.index.testCounts.some(([status]) => status !== "not run");
const testAddress = (item, name) => addressOf(item, name ? ["test", name] : null);
const failing = ([item, label, status, failures, column, name]) => h("li", {}, mark(status), " ",
  h("a", { href: testAddress(item, name) }, label === "unit test" ? ["unit test ", breakable(name)] : label || breakable(nameOf(item))),
  label ? [quiet(" of "), h("a", { href: addressOf(item, column ? ["column", column] : null) }, breakable(nameOf(item) + (column ? `.${column}` : "")))] : null, failures ? quiet(`, ${many(failures, "row")}`) : null);

/* What the colours say: layers, and kinds that have a colour of their own. */
function legend() {
  const { index } = site;
  const told = new Map();
  const tell = (kind, words) => told.set(kind, [...(told.get(kind) || []), words]);
  if (index.kinds.includes("source")) tell("source", "Source");
  for (const layer of index.layers) {
    const kind = TONES[layer] || "other";
    if (kind !== "source") tell(kind, layer);
  }
  if (index.kinds.includes("exposure")) tell("exposure", "Exposure");
  return h("p", { class: "legend" }, "Colours: ", [...told].map(([kind, words]) => [h("span", { class: "kind", "data-kind": kind }, words.length > 3 ? "Other layers" : words.join(", ")), " "]));
}

/* ---- Folders: the way in where there are many tables ---- */
site.pages.push(["folders", () => {
  const { index } = site;
  const counts = index.folders.map(() => 0);
  index.folder.forEach((folder, item) => { if (isTable(item)) counts[folder] += 1; });
  const folders = index.folders.map((name, at) => [name, counts[at]]).filter(([, count]) => count).sort(([one], [other]) => (one < other ? -1 : 1));
  const list = h("ul", { class: "folders" });
  const row = ([name, count]) => h("li", {}, h("a", { href: `#/list/folder/${encodeURIComponent(name)}` }, name.split("/").flatMap((part, at) => (at ? ["/", h("wbr"), part] : [part]))), " ", quiet(number(count)));
  return { title: "Folders", body: [heading("Folders"), folders.length ? shortened(folders, row, 200, list) : h("p", { class: "quiet" }, "There are no tables.")] };
}]);

/* ---- What changed since an earlier state, where somebody compared ---- */
site.pages.push(["changes", async () => {
  const changes = await load("changes");
  const title = "What changed";
  if (!changes) return { title, body: [heading(title), h("p", { class: "quiet" }, "Nothing was compared yet: ", code("redstart docs diff --state FOLDER"), " tells here what changed since the state in that folder.")] };
  const [folder, before, now] = changes.compared;
  const named = (id, name) => { const item = itemOf(id); return item === undefined ? breakable(name) : link(item, name); };
  const things = (id, title, list) => list.length ? section(id, title, shortened(list, ([id, name, kind, words]) => h("li", {}, named(id, name), " ", quiet(kind), words ? ` ${words}` : ""), 100, h("ul", {}))) : null;
  const table = (label, head, rows) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, h("table", {}, h("caption", { class: "unseen" }, label), h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)));
  const readers = (list) => list.length ? list.map(([id, column], at) => { const item = itemOf(id); const name = id.split(".").slice(2).join(".") + (column ? `.${column}` : ""); return [at ? ", " : "", item === undefined ? breakable(name) : h("a", { href: addressOf(item, column ? ["column", column] : null) }, breakable(name))]; }) : quiet("nobody");
  const changed = ([id, name, facts]) => h("div", {}, h("h3", {}, named(id, name)), table(`Changed of ${name}`, ["What", "Before", "Now"], facts.map(([what, old, own]) => h("tr", {}, h("th", { scope: "row" }, what), h("td", {}, old), h("td", {}, own)))));
  return {
    title,
    body: [heading(title), h("p", { class: "by" }, now ? `The project at ${now}, compared with ${folder || "an earlier state"}${before ? ` of ${before}` : ""}.` : null),
      figures([["New", number(changes.added.length)], ["Gone", number(changes.gone.length)], ["Changed", number(changes.changed.length)], ["As before", number(changes.same)]]),
      things("added", "New", changes.added), things("gone", "Gone", changes.gone),
      changes.columns.length ? section("felt", "What others may feel", table("What others may feel", ["Of", "What", "Read by"], changes.columns.slice(0, 500).map(([id, name, what, list]) => h("tr", {}, h("th", { scope: "row" }, named(id, name)), h("td", {}, what), h("td", {}, readers(list)))))) : null,
      changes.changed.length ? section("changed", "Changed", shortened(changes.changed, changed, 30, h("div", { class: "changed" }))) : null],
  };
}]);

/* ---- Lists ---- */
site.pages.push(["list", ([by, value], query) => {
  const { index } = site;
  const chosen = {
    layer: () => index.layers.includes(value) && index.name.flatMap((_, item) => isTable(item) && layerOf(item) === value ? [item] : []),
    kind: () => index.kinds.includes(value) && byKind(value),
    tag: () => index.tags[value],
    package: () => index.name.flatMap((_, item) => index.packages[index.package[item]] === value ? [item] : []),
    folder: () => index.name.flatMap((_, item) => index.folders[index.folder[item]] === value ? [item] : []),
  }[by];
  const items = (chosen && chosen()) || [];
  const words = { layer: value, kind: plural(value || ""), tag: `Tag ${value}`, package: `Package ${value}`, folder: `${value}/` }[by] || "Nothing";
  const name = capital(words);
  const body = h("tbody", {});
  const rows = (filter) => {
    const wanted = items.filter((item) => nameOf(item).toLowerCase().includes(filter) || (index.short[item] || "").toLowerCase().includes(filter));
    body.replaceChildren();
    const [, more] = shortened(wanted, (item) => h("tr", {},
      h("th", { scope: "row" }, link(item)), h("td", {}, index.materialized[index.materializedOf[item]] || ""), h("td", { class: "right", "data-name": "Rows" }, index.rows[item] === null ? "" : number(index.rows[item])), h("td", {}, index.short[item] || quiet("Not described."))), 100, body);
    note.textContent = many(wanted.length, "entry", "entries");
    button.replaceChildren(more);
  };
  const note = h("p", { role: "status", class: "quiet" });
  const button = h("div", {});
  const field = h("input", { type: "search", id: "filter", autocomplete: "off", spellcheck: "false", oninput: () => rows(field.value.trim().toLowerCase()) });
  rows("");
  return {
    title: name,
    body: [heading(name), by === "package" ? prose(index.packagePages[value]) : null,
      h("div", { class: "filter" }, h("label", { for: "filter" }, "Only with"), field, note),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, h("table", { class: "list" }, h("caption", { class: "unseen" }, name), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Name"), h("th", { scope: "col" }, "Kind"), h("th", { scope: "col", class: "right" }, "Rows"), h("th", { scope: "col" }, "Description"))), body)), button],
  };
}]);

/* ---- One item ---- */
async function itemPage(item, rest, query) {
  const fact = await facts(item);
  if (rest[0] === "test") return testPage(item, fact, rest[1]);
  const kind = kindOf(item);
  const parts = { exposure: exposureParts, macro: macroParts, doc: docParts, test: testParts, analysis: analysisParts }[kind] || tableParts;
  const crumbs = h("nav", { class: "crumbs", "aria-label": "Where this is" },
    isTable(item) ? h("a", { href: `#/list/layer/${encodeURIComponent(layerOf(item))}` }, layerOf(item)) : kind === "doc" ? h("a", { href: "#/glossary" }, "Glossary") : h("a", { href: `#/list/kind/${kind}` }, capital(plural(kind))),
    fact.folder ? [" / ", h("a", { href: `#/list/folder/${encodeURIComponent(fact.folder)}` }, fact.folder)] : null);
  const body = [h("header", { class: "page" }, crumbs, heading(breakable(fact.label || nameOf(item))),
    h("p", { class: "what" }, badge(item), " ", fact.label ? [code(nameOf(item)), " "] : null, fact.kind ? h("span", { class: "quiet" }, fact.kind) : null, " ", fact.relation ? code(fact.relation) : null),
    h("p", { class: "chips" }, (fact.tags || []).map((tag) => [chip(tag, `#/list/tag/${encodeURIComponent(tag)}`), " "]), (fact.chips || []).map((text) => [chip(text), " "]))),
    ...parts(item, fact)];
  const column = rest[0] === "column" && columnOf(fact, rest[1]);
  // A long page says what is on it.
  const sections = body.flat(9).filter((part) => part && part.tagName === "SECTION").map((part) => part.querySelector("h2"));
  if (sections.length > 3) body[0].append(h("p", { class: "contents" }, sections.map((title) => [h("button", { type: "button", class: "small", onclick: () => { title.tabIndex = -1; title.scrollIntoView(); title.focus({ preventScroll: true }); } }, title.textContent), " "])));
  return {
    title: column ? `${nameOf(item)}.${column.name}` : nameOf(item),
    body,
    target: column ? columnId(column.name) : null,
    after: () => {
      if (column) unfold(item, column);
      const place = document.getElementById("near");
      if (place) drawNear(item, place);
    },
  };
}

function section(id, title, ...content) {
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title), ...content);
}

const isTwice = (fact) => (fact.declared || "").startsWith(`${fact.file}:`);
/* Rows after builds, as a line: the words beside it say the same. */
function rowHistory(history) {
  const counts = history.map(([, rows]) => rows);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const x = (at) => 4 + at * (232 / (counts.length - 1));
  const y = (rows) => (most === least ? 20 : 36 - ((rows - least) / (most - least)) * 32);
  const dots = counts.map((rows, at) => h("svg:circle", { cx: x(at).toFixed(1), cy: y(rows).toFixed(1), r: 2.5 }));
  return [h("svg:svg", { class: "spark", viewBox: "0 0 240 40", role: "img", "aria-label": `Rows after the last ${counts.length} builds, from ${number(least)} to ${number(most)}` }, h("svg:polyline", { points: counts.map((rows, at) => `${x(at).toFixed(1)},${y(rows).toFixed(1)}`).join(" ") }), dots),
    later(h("details", {}, h("summary", {}, `${number(counts[0])} after ${history[0][0]}, ${number(counts[counts.length - 1])} after ${history[history.length - 1][0]}`)), () => h("ul", { class: "links" }, history.map(([at, rows]) => h("li", {}, quiet(at), " ", number(rows)))))];
}

const places = (fact) => [fact.file && !isTwice(fact) ? [code(fact.line ? `${fact.file}:${fact.line}` : fact.file)] : null, fact.declared && fact.declared !== fact.file ? [fact.file && !isTwice(fact) ? ", " : "", code(fact.declared)] : null];

function tableParts(item, fact) {
  const reads = site.index.reads[item];
  const readers = readersOf(item);
  const exposures = readers.filter((reader) => kindOf(reader) === "exposure");
  return [
    fact.failed ? h("p", { class: "alert" }, mark(fact.failed[0]), " The last build of this table failed", fact.failed[1] ? ` (${fact.failed[1]})` : "", ". What is told of its rows may be older.") : null,
    prose(fact.html, "Not described."),
    figures([...(fact.elsewhere || []).map(([target, relation]) => [`In ${target}`, code(relation)]), ["Grain", fact.grain], ["Rows", fact.rows === undefined ? fact.uncounted : number(fact.rows)], ["Last built", fact.built], ["Freshness", fact.freshness], ["Rejected rows", fact.rejected ? `${number(fact.rejected[0])} in ${fact.rejected[1]}` : null], ["Owner", fact.owner], ["Distribution", fact.dist], ["Sort key", fact.sort], ...(fact.figures || [])]),
    fact.history ? section("history", "Rows after builds", rowHistory(fact.history)) : null,
    fact.columns && fact.columns.length ? section("columns", many(fact.columns.length, "column"), columnTable(item, fact.columns)) : null,
    section("lineage", "Lineage", h("div", { id: "near", class: "graph" }), h("p", {}, h("a", { href: lineageAddress(item) }, "Open the lineage of ", nameOf(item))),
      h("div", { class: "sides" }, h("div", {}, h("h3", {}, "Reads"), listOf(reads, "Nothing in this project.")), h("div", {}, h("h3", {}, "Read by"), listOf(readers, "Nothing in this project."))),
      fact.chosen ? [h("h3", {}, "Its rows are chosen, joined or grouped by"), h("ul", { class: "links" }, [...new Set(fact.chosen.map(([other]) => other))].map((other) => h("li", {}, badge(other), " ", link(other), ": ", fact.chosen.filter(([own]) => own === other).map(([, column, how], at) => [at ? ", " : "", h("a", { href: addressOf(other, ["column", column]) }, breakable(column)), " ", quiet(how)]))))] : null),
    exposures.length ? section("exposures", "Exposures", listOf(exposures, "")) : null,
    fact.tests && fact.tests.length ? section("tests", "Tests of the table", testList(item, fact.tests)) : null,
    fact.constraints && fact.constraints.length ? section("constraints", "Constraints", h("ul", {}, fact.constraints.map((text) => h("li", {}, code(text))))) : null,
    fact.units && fact.units.length ? section("units", "Unit tests", h("ul", { class: "tests" }, fact.units.map((unit) => unitTest(item, unit)))) : null,
    fact.code || fact.compiled ? section("sql", "SQL", fact.code ? codeBlock("source-sql", "As written", fact.code, readBy(item)) : null, fact.compiled && fact.compiled !== fact.code ? codeBlock("compiled-sql", "As compiled", fact.compiled) : null) : null,
    section("where", "Where it is written", h("p", {}, places(fact)), fact.meta ? codeBlock("meta", "meta", fact.meta) : null),
  ];
}

function unitTest(item, unit) {
  const rows = (count) => count === null || count === undefined ? "the rows of a query" : many(count, "row");
  return h("li", { id: `test-${unit.name}`, tabindex: "-1" }, mark(unit.status), " ", h("strong", {}, item === null ? unit.name : h("a", { href: testAddress(item, unit.name) }, breakable(unit.name))), prose(unit.html),
    h("p", { class: "points" }, "Given ", (unit.given || []).map(([input, count], at) => [at ? ", " : "", `${rows(count)} of `, code(input)]), unit.given ? "; " : "nothing; ", "expects ", rows(unit.expect), unit.file ? [" · ", code(unit.file)] : null));
}

/* What does not pass stands open; several that pass are a count that unfolds. */
function testList(item, tests) {
  const good = tests.filter((test) => test.status === "pass");
  const list = (some) => h("ul", { class: "tests" }, some.map((test) => testLine(item, test)));
  if (good.length < 2) return list(tests);
  const others = tests.filter((test) => test.status !== "pass");
  return [others.length ? list(others) : null, later(h("details", { class: "tests" }, h("summary", {}, h("span", { class: "status pass" }, `${good.length} pass`))), () => list(good))];
}

function testLine(item, test) {
  const more = [test.failures ? quiet(`, ${many(test.failures, "row")}`) : null, test.warns ? quiet(" only warns") : null, test.kept ? quiet(`, ${test.kept}`) : null];
  const address = test.item === undefined ? testAddress(item, test.name) : addressOf(test.item);
  return h("li", { id: `test-${test.name}` }, test.sql
    ? later(h("details", {}, h("summary", {}, mark(test.status), " ", test.label, more)), () => [
      h("pre", { tabindex: "0", "aria-label": `SQL of ${test.label}` }, h("code", {}, ...highlighted(test.sql, () => undefined))),
      h("p", { class: "points alone-page" }, h("a", { href: address }, "Page of this test", unseen(`, ${test.label}`)))])
    : [mark(test.status), " ", h("a", { href: address }, test.label), more]);
}

/* One test alone, at an address that can be sent. */
function testPage(item, fact, name) {
  const of = (column, tests) => (tests || []).map((test) => [column, test]);
  const all = [...of(null, fact.tests), ...(fact.columns || []).flatMap((column) => of(column.name, column.tests))];
  const [column, test] = all.find(([, one]) => one.name === name) || [];
  const unit = (fact.units || []).find((one) => one.name === name);
  if (!test && !unit) return { title: "Not found", body: [heading("There is no such test"), h("p", {}, code(name), " is no test of ", link(item), ".")] };
  const crumbs = h("nav", { class: "crumbs", "aria-label": "Where this is" }, h("a", { href: "#/tests" }, "Tests"), " / ", link(item), column ? [" / ", h("a", { href: addressOf(item, ["column", column]) }, column)] : null);
  if (unit) return { title: name, body: [h("header", { class: "page" }, crumbs, heading(breakable(name))), section("unit", "Unit test", h("ul", { class: "tests" }, unitTest(null, unit)))] };
  return {
    title: `${test.label} · ${nameOf(item)}`,
    body: [h("header", { class: "page" }, crumbs, heading(test.label), h("p", { class: "what" }, badge(item), " ", code(name))),
      figures([["Last result", mark(test.status)], ["Rows found", test.failures ? number(test.failures) : null], ["When it fails", test.warns ? "it only warns" : "the build fails"], ["Kept", test.kept]]),
      test.sql ? section("sql", "SQL", codeBlock("test-sql", "A query that must return nothing", test.sql)) : h("p", { class: "quiet" }, "Its SQL was not compiled.")],
  };
}

function columnTable(item, columns) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Columns" }, h("table", { class: "columns" },
    h("caption", { class: "unseen" }, `Columns of ${nameOf(item)}`),
    h("thead", {}, h("tr", {}, ["Column", "Type", "Description", "Tests"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, columns.map((column) => h("tr", { id: columnId(column.name), tabindex: "-1" },
      h("th", { scope: "row" }, h("button", { type: "button", class: "column", "aria-expanded": "false", onclick: () => unfold(item, column, true) }, h("code", {}, breakable(column.name))),
        column.key ? [" ", h("span", { class: "mark" }, column.key)] : null, column.pii ? [" ", h("span", { class: "mark personal" }, column.pii)] : null),
      h("td", {}, column.type ? code(column.type) : quiet("unknown"), column.nullable === false ? [" ", quiet("not null")] : null),
      h("td", {}, prose(column.html, "Not described."), column.inherited !== undefined ? h("p", { class: "quiet" }, "from ", link(column.inherited)) : null,
        (column.points || []).map(([target, name]) => h("p", { class: "points" }, "points to ", link(target), h("code", {}, `.${name}`))),
        (column.constraints || []).map((text) => h("p", { class: "points" }, code(text))), (column.meta || []).map(([name, value]) => h("p", { class: "points" }, `${name}: ${value}`)),
        column.tags ? h("p", { class: "points" }, column.tags.map((tag) => [chip(tag), " "])) : null),
      h("td", {}, column.tests && column.tests.length ? testList(item, column.tests) : quiet("None")))))));
}

/* Where a column comes from and goes to, below its row. */
const HOW = ["copied", "renamed", "transformed", "aggregated"];
async function unfold(item, column, byHand) {
  const row = document.getElementById(columnId(column.name));
  if (!row) return;
  const button = row.querySelector("button.column");
  if (button.getAttribute("aria-expanded") === "true") {
    if (byHand) { row.nextElementSibling.remove(); button.setAttribute("aria-expanded", "false"); }
    return;
  }
  const side = (title, edges, none) => h("div", {}, h("h3", {}, title), edges && edges.length
    ? h("ul", {}, edges.map(([other, name, how]) => h("li", {}, badge(other), " ", h("a", { href: addressOf(other, ["column", name]) }, `${nameOf(other)}.${name}`), " ", quiet(HOW[how] || ""))))
    : h("p", { class: "quiet" }, none));
  const known = column.from || column.to || column.rows;
  const rows = column.rows ? h("div", {}, h("h3", {}, "Decides the rows of"), h("ul", {}, column.rows.map(([other, how]) => h("li", {}, badge(other), " ", link(other), " ", quiet(how))))) : null;
  const whole = h("div", {});
  const detail = h("tr", { class: "detail" }, h("td", { colspan: "4" }, known
    ? h("div", { class: "sides" }, side("Comes from", column.from, "No other column."), side("Goes to", column.to, "No other column."), rows, whole)
    : h("p", { class: "quiet" }, "Its lineage is not known."),
    h("p", {}, known ? [h("a", { href: lineageAddress(item, column.name) }, "Lineage of this column"), " · "] : null, h("a", { href: addressOf(item, ["column", column.name]) }, "Link to this column"))));
  row.after(detail);
  button.setAttribute("aria-expanded", "true");
  if (byHand) history.replaceState(history.state, "", addressOf(item, ["column", column.name]));
  const ways = column.from ? await waysTo(item, column) : [];
  if (ways.length) whole.append(h("h3", {}, "All the way from"), h("ul", {}, ways.map((way) => h("li", {}, way.map(([other, name], at) => [at ? " → " : "", h("a", { href: addressOf(other, ["column", name]) }, `${nameOf(other)}.${name}`)])))));
  else whole.remove();
}

/* The ways to a column from where its values begin, the longest first; of many, some. */
async function waysTo(item, column) {
  const ways = [];
  let looked = 0;
  const walk = async (at, name, way) => {
    if (ways.length >= 8 || (looked += 1) > 60) return;
    const own = columnOf(await facts(at), name);
    const from = ((own && own.from) || []).filter(([other, otherName]) => !way.some(([here, hereName]) => here === other && hereName === otherName));
    if (!from.length && way.length > 2) ways.push(way);
    for (const [other, otherName] of from) await walk(other, otherName, [[other, otherName], ...way]);
  };
  await walk(item, column.name, [[item, column.name]]);
  return ways.sort((a, b) => b.length - a.length);
}

function exposureParts(item, fact) {
  return [prose(fact.html, "Not described."), figures([["Owner", fact.owner], ["Maturity", fact.maturity], ["Address", fact.url ? h("a", { href: fact.url, rel: "noreferrer" }, fact.url) : null]]),
    section("lineage", "Lineage", h("div", { id: "near", class: "graph" }), h("p", {}, h("a", { href: lineageAddress(item) }, "Open the lineage of ", nameOf(item))), h("div", { class: "sides" }, h("div", {}, h("h3", {}, "Reads"), listOf(site.index.reads[item], "Nothing.")))),
    section("where", "Where it is written", h("p", {}, places(fact)))];
}

function macroParts(item, fact) {
  return [prose(fact.html, "Not described."),
    fact.arguments && fact.arguments.length ? section("arguments", "Arguments", h("dl", { class: "terms" }, fact.arguments.map((argument) => [h("dt", {}, code(argument.name), argument.type ? [" ", quiet(argument.type)] : null), h("dd", {}, prose(argument.html, "Not described."))]))) : null,
    section("sql", "Text", codeBlock("source-sql", "As written", fact.code || "")), section("where", "Where it is written", h("p", {}, places(fact)))];
}

const docParts = (item, fact) => [prose(fact.html, ""), section("where", "Where it is written", h("p", {}, places(fact)))];

function testParts(item, fact) {
  return [prose(fact.html, "A query that must return nothing."), figures([["Last result", mark(fact.status)], ["Rows", fact.failures === undefined ? null : number(fact.failures)]]),
    section("reads", "Reads", listOf(site.index.reads[item], "Nothing.")), ...analysisParts(item, { ...fact, html: null }).slice(1)];
}

function analysisParts(item, fact) {
  return [prose(fact.html, fact.html === null ? "" : "Not described."), section("sql", "SQL", codeBlock("source-sql", "As written", fact.code || "", readBy(item)), fact.compiled && fact.compiled !== fact.code ? codeBlock("compiled-sql", "As compiled", fact.compiled) : null),
    section("where", "Where it is written", h("p", {}, places(fact)))];
}

/* ---- Tests, what is missing, glossary ---- */
site.pages.push(["tests", async () => {
  const { index } = site;
  const tests = await load("tests");
  const list = h("ul", { class: "failing" });
  const button = h("div", {});
  const note = h("p", { role: "status", class: "quiet" });
  const words = ([item, label, status, , column, name]) => `${nameOf(item)} ${label} ${status || "not run"} ${column || ""} ${name}`.toLowerCase();
  const rows = () => {
    const parts = field.value.trim().toLowerCase().split(/\s+/);
    const wanted = tests.filter((test) => (!choice.value || (test[2] || "not run") === choice.value) && parts.every((part) => words(test).includes(part)));
    list.replaceChildren();
    button.replaceChildren(shortened(wanted, failing, 100, list)[1]);
    note.textContent = many(wanted.length, "test");
  };
  const field = h("input", { type: "search", id: "filter", autocomplete: "off", spellcheck: "false", oninput: rows });
  const choice = h("select", { id: "result", onchange: rows }, h("option", { value: "" }, "any"), index.testCounts.map(([status]) => h("option", { value: status }, status)));
  rows();
  const some = (id, title, all) => all.length ? section(id, title, shortened(all, failing, 100, h("ul", { class: "failing" }))) : null;
  const quietly = !testsRan() ? "No test has run yet" : index.warning.length ? "No test failed" : "All tests that ran passed";
  return {
    title: "Tests",
    body: [heading("Tests"), figures(index.testCounts.map(([status, count]) => [status, number(count)])),
      index.failing.length ? some("failing", "Failing", index.failing) : h("p", {}, tests.length ? `${quietly}.` : "The project has no tests."),
      some("warning", "Only warn", index.warning),
      tests.length ? section("all", "All tests", h("div", { class: "filter" }, h("label", { for: "filter" }, "Only with"), field, h("label", { for: "result" }, "Last result"), choice, note), list, button) : null],
  };
}]);

site.pages.push(["coverage", async () => {
  const { index } = site;
  const { columns, described, tested, tables, owned, describedTables } = index.coverage;
  const missing = await load("missing");
  const names = (list) => shortened(list, ([item, ...gaps]) => h("li", {}, link(item), gaps.map((name, at) => [at ? ", " : ": ", code(name)])), 100, h("ul", {}));
  const part = (id, title, done, all, list) => section(id, title, h("p", {}, `${number(done)} of ${number(all)} (${percent(done, all)}) `, meter(done, all, title)), list.length ? names(list) : null);
  return {
    title: "What is missing",
    body: [heading("What is missing"),
      part("described-tables", "Tables that are described", describedTables, tables, missing.tables),
      part("described", "Columns that are described", described, columns, missing.described),
      part("tested", "Columns that are tested", tested, columns, missing.tested),
      part("owned", "Tables that somebody owns", owned, tables, missing.owned)],
  };
}]);

site.pages.push(["glossary", async () => {
  const items = byKind("doc");
  const body = h("dl", { class: "terms" });
  const more = shortened(items, (item) => {
    const text = h("dd", {}, site.index.short[item] || "");
    return h("div", {}, h("dt", {}, link(item)), text);
  }, 100, body);
  return { title: "Glossary", body: [heading("Glossary"), items.length ? more : h("p", { class: "quiet" }, "The project has no docs blocks.")] };
}]);

/* ---- The last build, as bars over time ---- */
site.pages.push(["runs", async () => {
  if (!site.index.lastBuild) return { title: "Last build", body: [heading("Last build"), h("p", { class: "quiet" }, "Nothing was built yet.")] };
  const run = await load("run");
  const end = Math.max(1e-6, ...run.steps.map((step) => step.start + step.seconds));
  const threads = [...new Set(run.steps.map((step) => step.thread))].sort();
  const longest = [...run.steps].sort((a, b) => b.seconds - a.seconds);
  const critical = new Set(run.critical.map((at) => run.steps[at]));
  const width = 900, lane = 26, top = 20;
  const shownSteps = longest.slice(0, 400);
  const left = (step) => (step.start / end) * width;
  const long = (step) => Math.max(1, (step.seconds / end) * width);
  const high = (step) => top + threads.indexOf(step.thread) * lane;
  // Every so many seconds, so that there are four to ten lines.
  const apart = [1, 2, 5].flatMap((digit) => [-3, -2, -1, 0, 1, 2, 3, 4].map((power) => digit * 10 ** power)).sort((one, other) => one - other).find((step) => end / step <= 8) || end;
  const ticks = Array.from({ length: Math.floor(end / apart) + 1 }, (_, at) => at * apart);
  const axis = ticks.map((at) => [h("svg:line", { x1: (at / end) * width, x2: (at / end) * width, y1: top - 4, y2: top + threads.length * lane, class: "tick" }), at / end < 0.97 ? h("svg:text", { x: (at / end) * width + 3, y: 12, class: "tick" }, `${Number(at.toFixed(3))} s`) : null]);
  const bars = shownSteps.map((step) => h("svg:rect", { x: left(step), y: high(step) + 3, width: long(step), height: lane - 6, class: `bar ${statusClass(step.status)}${step.item >= 0 ? "" : " small"}${critical.has(step) ? " critical" : ""}` }, h("svg:title", {}, `${step.name}: ${step.seconds.toFixed(2)} s, ${step.status}`)));
  // A name stands in its bar, or beside it where nothing else does.
  const names = shownSteps.flatMap((step) => {
    const letters = step.name.length * 6.2 + 8;
    if (letters <= long(step)) return [h("svg:text", { x: left(step) + 4, y: high(step) + 17, class: step.item >= 0 ? "in" : "on" }, step.name)];
    const right = left(step) + long(step);
    const free = Math.min(width, ...run.steps.filter((other) => other.thread === step.thread && other.start > step.start).map(left)) - right;
    return letters <= free ? [h("svg:text", { x: right + 4, y: high(step) + 17 }, step.name)] : [];
  });
  const row = (step) => h("tr", {}, h("th", { scope: "row" }, step.item >= 0 ? link(step.item, step.name) : step.about === undefined ? breakable(step.name) : h("a", { href: testAddress(step.about, step.name) }, breakable(step.name)), critical.has(step) ? [" ", h("span", { class: "mark" }, "on the longest path")] : null), h("td", {}, mark(step.status)), h("td", { class: "right", "data-name": "Start, s" }, step.start.toFixed(2)), h("td", { class: "right", "data-name": "Took, s" }, step.seconds.toFixed(2)), h("td", { "data-name": "Thread" }, String(step.thread)));
  const body = h("tbody", {});
  return {
    title: "Last build",
    body: [heading("Last build"), figures([["Ended", site.index.lastBuild.at], ["Took", `${end.toFixed(1)} s`], ["Steps", number(run.steps.length)], ["Threads", number(threads.length)]]),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Timeline" }, h("svg:svg", { class: "timeline", viewBox: `0 0 ${width} ${top + threads.length * lane + 2}`, role: "img", "aria-label": "When each step ran, one lane a thread; the table below says the same" }, axis, bars, names)),
      h("p", { class: "quiet" }, "One lane is one thread. The outlined bars are the longest path: the steps that decided how long the build took. Paler bars are tests."),
      section("steps", "Steps, the longest first", h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Steps" }, h("table", { class: "list" }, h("caption", { class: "unseen" }, "Steps"), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Step"), h("th", { scope: "col" }, "Status"), h("th", { scope: "col", class: "right" }, "Start, s"), h("th", { scope: "col", class: "right" }, "Took, s"), h("th", { scope: "col" }, "Thread"))), body)), shortened(longest, row, 60, body)[1])],
  };
}]);
