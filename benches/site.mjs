// What a browser needs to show a site from disk, as one JSON object.
//
//     node benches/site.mjs MODULES CHROMIUM FOLDER QUERIES
//
// MODULES is a folder with playwright-core, QUERIES the list that benches/site_project.py wrote, or nothing.
// CPU seconds are those of all the browser's processes from the address typed to the page ready.
import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, chromium, folder, queries] = process.argv.slice(2);
const { chromium: driver } = createRequire(`${modules}/package.json`)("playwright-core");
const home = pathToFileURL(`${folder}/index.html`).href;
const server = await driver.launchServer({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const browser = await driver.connect(server.wsEndpoint());

function statistics(process) {
  const words = readFileSync(`/proc/${process}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  return { parent: Number(words[1]), ticks: Number(words[11]) + Number(words[12]) };
}

/* CPU seconds of the browser's process and of all below it. */
function spent() {
  const all = new Map();
  for (const process of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try { all.set(Number(process), statistics(process)); } catch { /* It ended meanwhile. */ }
  }
  const root = server.process().pid;
  const below = (process) => process === root || (all.has(process) && below(all.get(process).parent));
  return [...all].filter(([process]) => below(process)).reduce((sum, [, { ticks }]) => sum + ticks / 100, 0);
}

const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const ready = [];
let page;
for (let round = 0; round < 3; round++) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  await page.waitForTimeout(1000);
  const before = spent();
  await page.goto(home);
  await page.waitForSelector("html[data-ready]");
  ready.push(spent() - before);
  if (round < 2) await context.close();
}
const devtools = await page.context().newCDPSession(page);
const seen = { ready_cpu_s: middle(ready), heap_mb: (await devtools.send("Runtime.getHeapUsage")).usedSize / 1e6, nodes: await page.evaluate(() => document.querySelectorAll("*").length) };

/* Milliseconds from a changed address to the page painted, each page for the first time. */
const turn = (hash) => page.evaluate(async (hash) => {
  const before = document.getElementById("main").firstElementChild;
  const start = performance.now();
  location.hash = hash;
  while (document.getElementById("main").firstElementChild === before) await new Promise((done) => setTimeout(done, 1));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - start;
}, hash);
const names = await page.evaluate(() => site.index.name.map((_, item) => item).filter(isTable).map((item) => uniqueId(item)));
const some = Array.from({ length: 15 }, (_, at) => names[Math.floor(((at + 0.5) * names.length) / 15)]);
const pages = [], lineages = [];
await turn("#/lineage");
for (const name of some) pages.push(await turn(`#/${name}`));
for (const name of some) lineages.push(await turn(`#/lineage/${name}?up=2&down=2`));
const most = await page.evaluate(() => document.querySelectorAll("*").length);
Object.assign(seen, { page_ms: middle(pages), page_worst_ms: Math.max(...pages), lineage_ms: middle(lineages), lineage_worst_ms: Math.max(...lineages), most_nodes: most });

if (queries) {
  const list = JSON.parse(readFileSync(queries, "utf8"));
  await page.keyboard.press("/");
  // As long as somebody takes to think what to type.
  await page.waitForTimeout(1500);
  const times = [], missed = [];
  for (const { kind, text, hit } of list) {
    const { took, found } = await page.evaluate(async (text) => {
      const field = document.getElementById("query"), list = document.getElementById("results");
      list.replaceChildren();
      field.value = text;
      const start = performance.now();
      const shown = new Promise((done) => new MutationObserver((_, watcher) => { watcher.disconnect(); done(); }).observe(list, { childList: true }));
      field.dispatchEvent(new Event("input"));
      await shown;
      return { took: performance.now() - start, found: [...list.querySelectorAll("strong")].slice(0, 5).map((name) => name.textContent) };
    }, text);
    times.push(took);
    if (!found.includes(hit)) missed.push(`${kind}: ${text}`);
  }
  times.sort((a, b) => a - b);
  Object.assign(seen, { queries: list.length, hits: list.length - missed.length, missed, query_median_ms: middle(times), query_p95_ms: times[Math.ceil(times.length * 0.95) - 1], query_worst_ms: times.at(-1) });
}
seen.heap_after_mb = (await devtools.send("Runtime.getHeapUsage")).usedSize / 1e6;
console.log(JSON.stringify(seen));
await browser.close();
await server.close();
