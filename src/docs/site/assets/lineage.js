/* Who reads whom, drawn: the part around one item, by a layout library that is loaded when a drawing is first wanted. */
const lineageAddress = (item, column, query) => `#/lineage/${encodeURIComponent(uniqueId(item))}${column ? "/" + encodeURIComponent(column) : ""}${query ? "?" + query : ""}`;
const layoutLibrary = () => (site.layout = site.layout || (window.dagre ? Promise.resolve() : script("dagre.js")));
const MOST = 160; // nodes in one drawing

/* Items around one, by steps against and along the arrows. */
function around(item, up, down) {
  const found = new Map([[item, 0]]);
  let cut = 0;
  const walk = (steps, next, sign) => {
    let edge = [item];
    for (let step = 1; step <= steps && edge.length; step++) {
      const beyond = [];
      for (const at of edge) for (const other of next(at)) {
        if (found.has(other) || kindOf(other) === "test") continue;
        if (found.size >= MOST) { cut += 1; continue; }
        found.set(other, sign * step);
        beyond.push(other);
      }
      edge = beyond;
    }
  };
  walk(up, (at) => site.index.reads[at], -1);
  walk(down, readersOf, 1);
  return { nodes: [...found.keys()], cut };
}

/* How wide words are in a drawing. */
let pen;
function wide(words, size, weight) {
  pen = pen || document.createElement("canvas").getContext("2d");
  pen.font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(words).width;
}
const cut = (words) => (words.length > 58 ? words.slice(0, 57) + "…" : words);

/* A drawing. In: nodes with id, label, note, tone, address; edges as pairs of ids with a note. Out: an SVG element. */
async function draw(nodes, edges, focus) {
  await layoutLibrary();
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 56, marginx: 10, marginy: 10 });
  graph.setDefaultEdgeLabel(() => ({}));
  const longest = (node) => Math.max(wide(cut(node.label), 13, 600), ...[node.note || "", ...(node.lines || [])].map((words) => wide(cut(words), 11, 400)));
  for (const node of nodes) graph.setNode(node.id, { width: Math.ceil(28 + longest(node)), height: (node.note ? 44 : 30) + 15 * (node.lines || []).length });
  for (const [from, to] of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  // The boxes of one rank begin at one line.
  const ranks = new Map();
  for (const { id } of nodes) {
    const place = graph.node(id), rank = Math.round(place.x);
    ranks.set(rank, [...(ranks.get(rank) || []), place]);
  }
  const across = [];
  for (const [middle, places] of ranks) {
    const widest = Math.max(...places.map((place) => place.width));
    across.push([middle, widest / 2]);
    for (const place of places) place.x -= (widest - place.width) / 2;
  }
  let top = 0, bottom = graph.graph().height;
  const { width } = graph.graph();
  const paths = edges.map(([from, to, note, far]) => {
    const points = ends(graph.edge(from, to).points, graph.node(from), graph.node(to), across);
    for (const { y } of points) { top = Math.min(top, y - 8); bottom = Math.max(bottom, y + 8); }
    return h("svg:path", { class: far ? "edge far" : "edge", d: smooth(points), "data-from": from, "data-to": to }, note ? h("svg:title", {}, note) : null);
  });
  const height = bottom - top;
  const boxes = nodes.map((node) => {
    const place = graph.node(node.id);
    const left = place.x - place.width / 2, high = place.y - place.height / 2;
    const text = (words, down, style) => h("svg:text", { x: left + 15, y: high + down, class: style }, cut(words));
    return h("svg:a", { href: node.address, class: `node${node.id === focus ? " focus" : ""}`, id: node.id === focus ? "focus-node" : null, "data-kind": node.tone, "data-id": node.id },
      h("svg:rect", { x: left, y: high, width: place.width, height: place.height, rx: 6 }), h("svg:rect", { x: left + 5, y: high + 6, width: 4, height: place.height - 12, rx: 2, class: "tone" }), text(node.label, node.note ? 19 : 20, "name"), node.note ? text(node.note, 35, "note") : null,
      (node.lines || []).map((words, at) => text(words, 38 + 15 * at, "note")));
  });
  const arrow = h("svg:defs", {}, h("svg:marker", { id: "arrow", viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "7", markerHeight: "7", orient: "auto-start-reverse" }, h("svg:path", { d: "M0,0L8,4L0,8z", class: "head" })));
  const picture = h("svg:svg", { class: "lineage", viewBox: `0 ${top} ${width} ${height}`, width, height, role: "group", "aria-label": "Lineage" }, arrow, paths, boxes);
  picture.addEventListener("keydown", (event) => walkBy(event, picture, nodes, edges));
  for (const type of ["pointerover", "focusin"]) picture.addEventListener(type, (event) => light(picture, event.target.closest(".node")));
  return picture;
}

/* An arrow leaves a node at its right side and comes in at the left, whatever the library thinks; between two boxes of a rank on its way
   it goes straight. Every other point is a rank, those between say nothing. */
function ends(points, from, to, across) {
  const [start, end] = [from.x + from.width / 2, to.x - to.width / 2];
  const between = points.slice(1, -1).filter((_, at) => at % 2).flatMap(({ x, y }) => {
    const [, half] = across.find(([middle]) => Math.abs(middle - x) < 2) || [x, 0];
    return [{ x: x - half, y }, { x: x + half, y }];
  });
  return [{ x: start, y: from.y }, ...between.filter(({ x }) => x > start + 4 && x < end - 4), { x: end, y: to.y }];
}

function smooth(points) {
  let path = `M${points[0].x.toFixed(1)},${points[0].y.toFixed(1)}`;
  for (let at = 1; at < points.length; at++) {
    const from = points[at - 1], to = points[at], middle = (from.x + to.x) / 2;
    path += `C${middle.toFixed(1)},${from.y.toFixed(1)} ${middle.toFixed(1)},${to.y.toFixed(1)} ${to.x.toFixed(1)},${to.y.toFixed(1)}`;
  }
  return path;
}

function light(picture, node) {
  for (const path of picture.querySelectorAll(".edge")) path.classList.toggle("lit", !!node && (path.dataset.from === node.dataset.id || path.dataset.to === node.dataset.id));
}

/* Arrow keys: left to what a node reads, right to what reads it, up and down among the others of its column. */
function walkBy(event, picture, nodes, edges) {
  const here = event.target.closest(".node");
  if (!here || !event.key.startsWith("Arrow")) return;
  event.preventDefault();
  const id = here.dataset.id;
  const box = (element) => element.querySelector("rect").getBBox();
  const all = [...picture.querySelectorAll(".node")];
  const own = box(here);
  let options;
  if (event.key === "ArrowLeft") options = edges.filter(([, to]) => to === id).map(([from]) => from);
  else if (event.key === "ArrowRight") options = edges.filter(([from]) => from === id).map(([, to]) => to);
  else {
    const sign = event.key === "ArrowDown" ? 1 : -1;
    options = all.filter((other) => sign * (box(other).y - own.y) > 1 && Math.abs(box(other).x + box(other).width / 2 - own.x - own.width / 2) < 160).map((other) => other.dataset.id);
  }
  const near = all.filter((other) => options.includes(other.dataset.id)).sort((a, b) => Math.abs(box(a).y - own.y) - Math.abs(box(b).y - own.y))[0];
  if (near) near.focus();
}

const typeOf = (item) => site.index.materialized[site.index.materializedOf[item]] || kindOf(item);
const tableNode = (item) => ({ id: String(item), label: nameOf(item), note: typeOf(item), tone: tone(item), address: addressOf(item) });
/* Who reads whom among some; `through` may lie between two of them, and then the arrow goes over the gap. */
const tableEdges = (nodes, through) => {
  const inside = new Set(nodes), between = new Set(through || []);
  return nodes.flatMap((item) => {
    const found = new Map();
    const walk = (reads, far) => reads.forEach((read) => {
      if (read === item) return;
      if (inside.has(read)) found.set(read, (found.get(read) ?? true) && far);
      else if (between.delete(read)) { walk(site.index.reads[read], true); gone.push(read); }
    });
    const gone = [];
    walk(site.index.reads[item], false);
    gone.forEach((read) => between.add(read));
    return [...found].map(([read, far]) => [String(read), String(item), far ? "through others" : undefined, far]);
  });
};

/* What a drawing is about stands in the middle of what is seen of it. */
function middle(picture) {
  const node = picture.querySelector(".node.focus rect"), frame = picture.parentElement;
  if (!node || !frame) return;
  const [box, around] = [node.getBoundingClientRect(), frame.getBoundingClientRect()];
  frame.scrollLeft += box.left + box.width / 2 - around.left - around.width / 2;
  frame.scrollTop += box.top + box.height / 2 - around.top - around.height / 2;
}

/* The neighbours of an item on its own page. */
async function drawNear(item, place) {
  const { nodes, cut } = around(item, 1, 1);
  if (nodes.length < 2) { place.remove(); return; }
  const some = nodes.slice(0, 40);
  const picture = await draw(some.map(tableNode), tableEdges(some), String(item));
  place.replaceChildren(picture);
  middle(picture);
  if (cut || nodes.length > some.length) place.append(h("p", { class: "quiet" }, `Only ${some.length} of the neighbours are drawn.`));
}

/* The columns around one column: [id, item, column, edges]. */
async function columnsAround(item, column, up, down) {
  const id = (at, name) => `${at}.${name.toLowerCase()}`;
  const nodes = new Map([[id(item, column), [item, column]]]);
  const edges = new Map();
  const walk = async (steps, side) => {
    let front = [[item, column]];
    for (let step = 0; step < steps && front.length; step++) {
      const beyond = [];
      for (const [at, name] of front) {
        const fact = await facts(at);
        const own = columnOf(fact, name);
        for (const [other, otherName, how] of (own && own[side]) || []) {
          const there = id(other, otherName);
          const pair = side === "from" ? [there, id(at, name)] : [id(at, name), there];
          if (!nodes.has(there)) {
            if (nodes.size >= MOST) continue;
            nodes.set(there, [other, otherName]);
            beyond.push([other, otherName]);
          }
          edges.set(pair.join(">"), [...pair, HOW[how]]);
        }
        // Tables whose rows it decides take no value from it: the way ends there.
        for (const [other, how] of (side === "to" && own && own.rows) || []) {
          const there = id(other, "");
          if (!nodes.has(there) && nodes.size >= MOST) continue;
          nodes.set(there, [other, ""]);
          edges.set(`${id(at, name)}>${there}`, [id(at, name), there, how]);
        }
      }
      front = beyond;
    }
  };
  await walk(up, "from");
  await walk(down, "to");
  return { nodes, edges: [...edges.values()] };
}

site.pages.push(["lineage", async ([id, column], query) => {
  const item = itemOf(id);
  if (item === undefined) return wholeLineage(query);
  const steps = (name, usual) => Math.min(20, Math.max(0, Number.parseInt(query.get(name) ?? usual, 10) || 0));
  const up = steps("up", 2), down = steps("down", 2);
  const only = query.get("only") || "";
  const asked = (changes) => {
    const next = new URLSearchParams({ up, down, ...(only ? { only } : {}), ...changes });
    if (!next.get("only")) next.delete("only");
    return next.toString();
  };
  const go = (changes, from) => {
    site.keep = from;
    location.hash = lineageAddress(item, column, asked(changes));
  };
  let nodes, edges, note = "", rows;
  if (column) {
    const found = await columnsAround(item, column, up, down);
    nodes = [...found.nodes].map(([own, [at, name]]) => (name
      ? { id: own, label: name, note: nameOf(at), tone: tone(at), address: at === item && name.toLowerCase() === column.toLowerCase() ? addressOf(at, ["column", name]) : lineageAddress(at, name, asked({})) }
      : { id: own, label: nameOf(at), note: "its rows", tone: tone(at), address: addressOf(at) }));
    edges = found.edges;
    const label = new Map(nodes.map((node) => [node.id, node.id.endsWith(".") ? `rows of ${node.label}` : `${node.note}.${node.label}`]));
    rows = edges.map(([from, to, how]) => [label.get(from), label.get(to), how]);
  } else {
    const found = around(item, up, down);
    const kept = found.nodes.filter((at) => at === item || isOnly(at, only));
    nodes = kept.map((at) => ({ ...tableNode(at), address: at === item ? addressOf(at) : lineageAddress(at, null, asked({})) }));
    edges = tableEdges(kept, found.nodes);
    if (found.cut) note = `The drawing ends at ${MOST} nodes: ${number(found.cut)} arrows lead beyond it. Take fewer steps.`;
    rows = edges.map(([from, to, how]) => [nameOf(+from), nameOf(+to), how || ""]);
  }
  const focus = column ? `${item}.${column.toLowerCase()}` : String(item);
  const picture = await draw(nodes, edges, focus);
  // A neighbour moves into the middle and keeps the keyboard.
  picture.addEventListener("click", (event) => { const node = event.target.closest(".node"); if (node && node.id !== "focus-node") site.keep = "focus-node"; });
  const stepper = (name, label, value) => h("label", {}, label, " ", h("input", { type: "number", id: `steps-${name}`, min: "0", max: "20", value, onchange: (event) => go({ [name]: event.target.value }, event.target.id) }));
  const name = column ? `${nameOf(item)}.${column}` : nameOf(item);
  return {
    title: `Lineage of ${name}`,
    body: [
      heading("Lineage of ", h("a", { href: addressOf(item, column ? ["column", column] : null) }, breakable(name))),
      h("div", { class: "tools" }, stepper("up", "Steps before", up), stepper("down", "Steps after", down), column ? null : onlyOf(around(item, up, down).nodes, only, go), finder(picture), exports(picture, nodes, edges, name)),
      note ? h("p", { role: "status" }, note) : null,
      drawn(picture, `Lineage of ${name}`), h("p", { class: "quiet" }, "Choose another box to move to it, the one in the middle to open its page; arrow keys walk.", edges.some(([, , , far]) => far) ? " Dashed arrows go through what is left out." : ""),
      legend(), asTable(rows, !!column || edges.some(([, , , far]) => far)),
    ],
    after: () => middle(picture),
  };
}]);

/* The whole project where it can be drawn at once; where not, a place to begin. */
async function wholeLineage(query) {
  const title = "Lineage";
  const all = site.index.name.map((_, at) => at).filter((at) => isTable(at) || kindOf(at) === "exposure");
  const only = query.get("only") || "";
  const go = (changes, from) => { site.keep = from; location.hash = changes.only ? `#/lineage?only=${encodeURIComponent(changes.only)}` : "#/lineage"; };
  const kept = all.filter((at) => isOnly(at, only));
  const tools = onlyOf(all, only, go);
  if (kept.length > MOST || !kept.length) {
    const start = kept.filter(isTable).sort((a, b) => readersOf(b).length - readersOf(a).length).slice(0, 24);
    return { title, body: [heading(title), all.length ? h("div", { class: "tools" }, tools) : null, h("p", {}, `Of more than ${MOST} tables no drawing is made at once. Choose some of them, or where to begin: these are what most others read.`), listOf(start, "There are no tables.")] };
  }
  const nodes = kept.map((at) => ({ ...tableNode(at), address: lineageAddress(at) }));
  const edges = tableEdges(kept, all);
  const picture = await draw(nodes, edges);
  const far = edges.some((edge) => edge[3]);
  return {
    title,
    body: [heading(title), h("div", { class: "tools" }, tools, finder(picture), exports(picture, nodes, edges, site.index.title)), drawn(picture, "Lineage of all tables"),
      far ? h("p", { class: "quiet" }, "Dashed arrows go through what is left out.") : null, legend(), asTable(edges.map(([from, to, how]) => [nameOf(+from), nameOf(+to), how || ""]), far)],
  };
}

/* The parts of a drawing's page. */
const isOnly = (at, only) => !only || (isTable(at) ? layerOf(at) : kindOf(at)) === only || typeOf(at) === only || (site.index.tags[only] || []).includes(at);
function onlyOf(items, only, go) {
  const layers = [...new Set(items.map((at) => isTable(at) ? layerOf(at) : kindOf(at)))];
  const types = [...new Set(items.map(typeOf))].filter((type) => !layers.includes(type));
  const tags = Object.keys(site.index.tags).slice(0, 60);
  const choice = (value, text) => h("option", { value, selected: only === value }, text);
  const group = (label, values) => values.length ? h("optgroup", { label }, values.map((value) => choice(value, value))) : null;
  return h("label", {}, "Only ", h("select", { id: "only", onchange: (event) => go({ only: event.target.value }, "only") }, choice("", "everything"), only && ![...layers, ...types, ...tags].includes(only) ? choice(only, only) : null, group("Layers", layers), group("Types", types), group("Tags", tags)));
}
function finder(picture) {
  const find = h("input", { type: "search", id: "in-lineage", autocomplete: "off", oninput: () => {
    const text = find.value.trim().toLowerCase();
    picture.querySelectorAll(".node").forEach((node) => node.classList.toggle("dim", text !== "" && !node.textContent.toLowerCase().includes(text)));
  } });
  return h("label", {}, "Find ", find);
}
const exports = (picture, nodes, edges, name) => h("span", { class: "buttons" }, ["SVG", "PNG", "Mermaid"].map((format) => h("button", { type: "button", class: "small", onclick: () => exportAs(format, picture, nodes, edges, name) }, format)));
const drawn = (picture, label) => h("div", { class: "graph big", tabindex: "0", role: "region", "aria-label": `${label}; arrow keys walk from node to node` }, picture);
const asTable = (rows, how) => h("details", {}, h("summary", {}, "The same as a table"), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Arrows" }, h("table", {}, h("caption", { class: "unseen" }, "Arrows"), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "From"), h("th", { scope: "col" }, "To"), how ? h("th", { scope: "col" }, "How") : null)), h("tbody", {}, rows.map(([from, to, way]) => h("tr", {}, h("td", {}, breakable(from)), h("td", {}, breakable(to)), how ? h("td", {}, way) : null))))));

function exportAs(format, picture, nodes, edges, name) {
  const file = name.replace(/[^\w.-]+/g, "_");
  if (format === "Mermaid") {
    const place = new Map(nodes.map((node, at) => [node.id, `n${at}`]));
    const label = (node) => `${place.get(node.id)}["${(node.note && node.id.includes(".") ? `${node.note}.${node.label}` : node.label).replace(/"/g, "#quot;")}"]`;
    return save(`${file}.mmd`, "text/plain", ["flowchart LR", ...nodes.map((node) => `  ${label(node)}`), ...edges.map(([from, to]) => `  ${place.get(from)} --> ${place.get(to)}`)].join("\n") + "\n");
  }
  const alone = picture.cloneNode(true);
  const live = picture.querySelectorAll("rect, path, text");
  alone.querySelectorAll("rect, path, text").forEach((element, at) => {
    const style = getComputedStyle(live[at]);
    for (const key of ["fill", "stroke", "stroke-width", "font-family", "font-size", "font-weight"]) element.setAttribute(key, style.getPropertyValue(key));
  });
  alone.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const text = new XMLSerializer().serializeToString(alone);
  if (format === "SVG") return save(`${file}.svg`, "image/svg+xml", text);
  const image = new Image();
  image.onload = () => {
    const canvas = h("canvas", { width: picture.width.baseVal.value * 2, height: picture.height.baseVal.value * 2 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = getComputedStyle(document.body).backgroundColor;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => saveBlob(`${file}.png`, blob), "image/png");
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

const save = (name, type, text) => saveBlob(name, new Blob([text], { type }));
function saveBlob(name, blob) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/* ---- Tables and what they point to ---- */
site.pages.push(["diagram", async (_, query) => {
  const points = await load("points");
  const folders = [...new Set(points.map(([from]) => site.index.folders[site.index.folder[from]]))].sort();
  const folder = query.get("folder") || (points.length > 80 ? folders[0] : "");
  const kept = points.filter(([from, , to]) => !folder || [from, to].some((item) => site.index.folders[site.index.folder[item]] === folder));
  const items = [...new Set(kept.flatMap(([from, , to]) => [from, to]))].slice(0, MOST);
  const inside = new Set(items);
  const drawn = kept.filter(([from, , to]) => inside.has(from) && inside.has(to));
  const together = new Map();
  for (const [from, column, to, key] of drawn) {
    const pair = `${from}>${to}`;
    together.set(pair, [...(together.get(pair) || []), `${column} → ${key}`]);
  }
  const edges = [...together].filter(([pair]) => { const [from, to] = pair.split(">"); return from !== to; }).map(([pair, notes]) => [...pair.split(">"), notes.join(", ")]);
  // A table names the columns that others point to, then those by which it points to others.
  const keys = (item) => {
    const own = new Set(drawn.filter(([, , to]) => to === item).map(([, , , key]) => key));
    const away = new Set(drawn.filter(([from]) => from === item).map(([, column]) => column));
    return [...[...own].map((key) => `${key}  ·  key`), ...[...away].filter((column) => !own.has(column)).map((column) => `${column}  →`)];
  };
  const entity = (item) => {
    const lines = keys(item);
    return { ...tableNode(item), note: null, lines: lines.length > 12 ? [...lines.slice(0, 11), `and ${lines.length - 11} more`] : lines };
  };
  const picture = items.length ? await draw(items.map(entity), edges) : null;
  return {
    title: "Diagram",
    body: [heading("Tables and their keys"),
      folders.length > 1 ? h("div", { class: "tools" }, h("label", {}, "Folder ", h("select", { onchange: (event) => { location.hash = event.target.value ? `#/diagram?folder=${encodeURIComponent(event.target.value)}` : "#/diagram"; } }, h("option", { value: "", selected: !folder }, "all"), folders.map((name) => h("option", { value: name, selected: name === folder }, name || "/"))))) : null,
      picture ? h("div", { class: "graph big", tabindex: "0", role: "region", "aria-label": "Tables and their keys" }, picture) : h("p", { class: "quiet" }, "No relationships test and no foreign key says what points where."),
      picture ? section("keys", "The same as a table", h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Keys" }, h("table", {}, h("caption", { class: "unseen" }, "Keys"), h("thead", {}, h("tr", {}, ["From", "Column", "To", "Column"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, drawn.map(([from, column, to, key]) => h("tr", {}, h("td", {}, link(from)), h("td", {}, code(column)), h("td", {}, link(to)), h("td", {}, code(key)))))))) : null],
  };
}]);
