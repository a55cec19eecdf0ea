// Opens a site from disk in a headless Chromium and prints what was seen, one line a fact.
//
//     node check.mjs MODULES CHROMIUM FOLDER
//
// MODULES is a folder with playwright-core and axe-core. What is printed has no times and no sizes in it.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { LOOKS, checker, launch, open, tooWide } from "./browser.mjs";

const [modules, chromium, folder] = process.argv.slice(2);
const violations = checker(modules);
const home = pathToFileURL(`${folder}/index.html`).href;
const say = (fact, value) => console.log(`${fact}: ${typeof value === "string" ? value : JSON.stringify(value)}`);

const PAGES = ["#/", "#/model.sparkify.fct_songplays", "#/model.sparkify.dim_users/column/level", "#/lineage/model.sparkify.fct_songplays",
  "#/lineage/model.sparkify.dim_users/level", "#/model.sparkify.dim_users/test/not_null_dim_users_level",
  "#/lineage", "#/diagram", "#/tests", "#/coverage", "#/glossary", "#/runs", "#/changes", "#/folders", "#/list/layer/Dimension", "#/list/folder/models%2Fdimensions", "#/source.sparkify.raw.events", "#/seed.sparkify.levels", "#/list/kind/macro", "#/list/package/sparkify",
  "#/macro.sparkify.is_songplay", "#/test.sparkify.songplays_do_not_fan_out", "#/analysis.sparkify.unmatched_plays", "#/doc.sparkify.level", "#/nothing.here"];

const browser = await launch(modules, chromium);
const trouble = [];
const opened = (options) => open(browser, options, (what) => trouble.push(what));

async function go(page, hash) {
  await page.goto("about:blank");
  await page.goto(home + hash);
  await page.waitForSelector("html[data-ready]");
}

// Every page type in light, dark and on a phone: no violation of WCAG 2 A to 2.2 AA, nothing to scroll sideways at 320 px.
const found = new Set();
let looked = 0;
for (const [colorScheme, width] of LOOKS) {
  const page = await opened({ colorScheme, viewport: { width, height: 844 }, bypassCSP: true });
  for (const hash of PAGES) {
    await go(page, hash);
    looked += 1;
    if (width === 320) {
      const over = await tooWide(page);
      if (over > 0) found.add(`${hash} is ${over} px too wide`);
      continue;
    }
    for (const what of await violations(page)) found.add(`${hash} ${what}`);
  }
  // The box of the search, with results.
  await page.keyboard.press("/");
  await page.keyboard.type("level");
  await page.waitForSelector("#results li[aria-selected=true]");
  if (width !== 320) for (const what of await violations(page)) found.add(`search ${what}`);
  await page.context().close();
}
say("pages looked at", looked);
say("violations", [...found]);

const page = await opened({ viewport: { width: 1280, height: 900 } });
await go(page, "#/");
say("title", await page.title());
await page.keyboard.press("Tab");
say("first of all", await page.evaluate(() => document.activeElement.textContent));
await page.keyboard.press("Enter");
say("skipped to", await page.evaluate(() => document.activeElement.tagName));
say("what changed is in the menu", await page.waitForSelector("html[data-compared]").then(() => page.isVisible("nav a[href='#/changes']")));
await page.focus("nav a[href='#/tests']");
await page.keyboard.press("/");
await page.keyboard.type("subscription level");
await page.waitForSelector("#results li[aria-selected=true]");
await page.waitForTimeout(300);
say("results", await page.$$eval("#results li strong", (names) => names.map((name) => name.textContent)));
await page.keyboard.press("ArrowDown");
say("chosen by arrow", await page.$eval("#results li[aria-selected=true] strong", (name) => name.textContent));
await page.keyboard.press("Escape");
say("closed by escape", await page.evaluate(() => !document.getElementById("search").open));
say("and back at", await page.evaluate(() => document.activeElement.textContent));
await page.keyboard.press("Control+k");
await page.keyboard.type("dim_users");
await page.waitForSelector("#results li[aria-selected=true]");
await page.waitForTimeout(300);
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.querySelector("h1").textContent === "dim_users");
say("chosen by enter", await page.title());

await go(page, "#/model.sparkify.dim_users/column/level");
say("title of a column", await page.title());
say("unfolded", await page.$eval("#column-level button", (button) => button.getAttribute("aria-expanded")));
say("focus", await page.evaluate(() => document.activeElement.id || document.activeElement.tagName));
await page.click("a[href='#/list/layer/Dimension']");
await page.waitForFunction(() => document.querySelector("h1").textContent === "Dimension");
await page.goBack();
await page.waitForFunction(() => document.querySelector("h1").textContent === "dim_users");
say("after back", await page.title());

// What a query reads is a link; the column tells the whole way from where its values begin.
await go(page, "#/model.sparkify.fct_songplays");
say("links of the SQL", await page.$$eval("#source-sql a", (links) => links.map((link) => link.getAttribute("href"))));
await page.click("#source-sql a >> nth=0");
await page.waitForFunction(() => document.querySelector("h1").textContent !== "fct_songplays");
say("leads to", await page.title());
await go(page, "#/model.sparkify.top_songs/column/title");
await page.waitForSelector(".detail h3:has-text('All the way from')");
say("all the way", await page.$$eval(".detail h3:has-text('All the way from') + ul li", (ways) => ways.map((way) => way.textContent)));

// The lineage of a column: its boxes, a walk with the arrow keys, and what is said of each arrow.
await go(page, "#/lineage/model.sparkify.top_songs/title?up=9&down=2");
say("lineage of a column", await page.$$eval(".node", (nodes) => nodes.map((node) => [...node.querySelectorAll("text")].map((text) => text.textContent).reverse().join("."))));
await page.focus(".node.focus");
await page.keyboard.press("ArrowLeft");
say("left of the column", await page.evaluate(() => document.activeElement.querySelector(".note").textContent));
await page.evaluate(() => { document.querySelector("main details").open = true; });
say("how", await page.$$eval("main details tbody tr", (rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent).join(" "))));

// The last build: a bar for each step on the lane of its thread, and the same as a table.
await go(page, "#/runs");
say("the last build", await page.evaluate(() => {
  const bars = [...document.querySelectorAll(".timeline rect")];
  const told = Object.fromEntries([...document.querySelectorAll(".figures div")].map((one) => [one.querySelector("dt").textContent, one.querySelector("dd").textContent]));
  const lanes = new Set(bars.map((bar) => bar.getAttribute("y"))).size;
  const longest = [...document.querySelectorAll("tbody tr")].filter((row) => row.textContent.includes("on the longest path"));
  const cells = [...document.querySelector("tbody tr").children].map((cell) => cell.textContent.trim());
  return {
    "a bar for each step": bars.length === Number(told.Steps), "a lane for each thread": lanes === Number(told.Threads),
    "a longest path": longest.length > 1 && longest.length <= document.querySelectorAll("rect.critical").length,
    "a step has a start, a time and a thread": /^\d+\.\d\d$/.test(cells[2]) && /^\d+\.\d\d$/.test(cells[3]) && cells[4] !== "",
  };
}));

// Keys: which point where, whole and of one folder.
await go(page, "#/diagram");
const arrows = () => page.$$eval("#keys ~ * tbody tr, section:has(#keys) tbody tr", (rows) => [...new Set(rows.map((row) => row.textContent))]);
say("keys", await arrows());

await go(page, "#/lineage/model.sparkify.fct_songplays");
await page.fill("#in-lineage", "stg_");
say("found in the drawing", await page.$$eval(".node:not(.dim) .name", (names) => names.map((name) => name.textContent)));
await page.focus(".node.focus");
await page.keyboard.press("ArrowLeft");
say("left of the fact", await page.evaluate(() => document.activeElement.querySelector(".name").textContent));
await page.keyboard.press("ArrowRight");
say("and right again", await page.evaluate(() => document.activeElement.querySelector(".name").textContent));
for (const format of ["SVG", "PNG", "Mermaid"]) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`.tools button:text-is("${format}")`)]);
  const text = readFileSync(await download.path());
  say(`saved as ${format}`, `${download.suggestedFilename()} ${text.subarray(0, 4).toString("latin1").replace(/[^\x20-\x7e]/g, ".")}`);
}

// What a drawing is about is in sight, and its tools keep the keyboard.
await page.setViewportSize({ width: 390, height: 844 });
await go(page, "#/lineage/model.sparkify.fct_songplays?up=4&down=4");
say("the focus is in sight", await page.evaluate(() => {
  const [node, frame] = [".node.focus", ".graph.big"].map((one) => document.querySelector(one).getBoundingClientRect());
  return node.left < frame.right && node.right > frame.left;
}));
await page.setViewportSize({ width: 1280, height: 900 });
await page.focus("#steps-up");
await page.keyboard.press("ArrowDown");
await page.waitForFunction(() => document.getElementById("steps-up").getAttribute("value") === "3");
say("after a step the keyboard is at", await page.evaluate(() => document.activeElement.id));

// A neighbour moves into the middle; with some alone, arrows go over what is left out; a small project is drawn whole.
await go(page, "#/lineage/model.sparkify.fct_songplays?up=1&down=1");
await page.click(".node:has-text('top_songs')");
await page.waitForFunction(() => document.querySelector("h1").textContent === "Lineage of top_songs");
say("moved to a neighbour", await page.evaluate(() => [document.activeElement.id, location.hash.split("?")[1]]));
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.querySelector("h1").textContent === "top_songs");
await go(page, "#/lineage/model.sparkify.top_songs?up=3&only=source");
say("over what is left out", await page.$$eval(".edge.far", (edges) => edges.length));
await go(page, "#/lineage");
say("the whole project", await page.$$eval(".node .name", (names) => names.map((name) => name.textContent).sort()));
await page.keyboard.press("/");
await page.keyboard.type("userid");
await page.waitForSelector("#results li[aria-selected=true]");
say("found without its underscore", await page.$$eval("#results li strong", (names) => names.map((name) => name.textContent).includes("dim_users")));
await page.keyboard.press("Escape");

// A test has a page, is in the list of all, and is found.
await go(page, "#/tests");
await page.fill("#filter", "not_null_dim_users_level");
say("tests of the list", await page.$$eval("#all ~ ul li", (lines) => lines.map((line) => line.textContent.trim())));
await page.keyboard.press("Control+k");
await page.keyboard.type("not_null_dim_users_level");
await page.waitForFunction(() => /^test /.test(document.querySelector("#results li[aria-selected=true] .why")?.textContent || ""));
await page.keyboard.press("Enter");
await page.waitForFunction(() => location.hash.includes("/test/"));
await page.waitForFunction(() => document.querySelector("h1").textContent === "not_null");
say("title of a test", await page.title());
await go(page, "#/coverage");
say("colons with nothing behind them", await page.$$eval("#main li", (lines) => lines.filter((line) => /:\s*$/.test(line.textContent)).length));
await go(page, "#/model.sparkify.fct_songplays");
say("tests that are open", await page.$$eval("#main .tests pre", (all) => all.length));

await go(page, "#/model.sparkify.fct_songplays");
await page.emulateMedia({ media: "print" });
say("printed", await page.evaluate(() => {
  const text = document.querySelector("main").innerText;
  return ["songplay_id", "user_agent", "The browser as it named itself.", "As compiled", "row_number() over"].every((words) => text.includes(words)) && !text.includes("Copy");
}));
await page.emulateMedia({ media: "screen" });

// Who wants no motion gets none.
const moves = () => page.$eval("#open-search", (button) => getComputedStyle(button).transitionDuration !== "0s");
say("moves", await moves());
await page.emulateMedia({ reducedMotion: "reduce" });
say("moves for who wants no motion", await moves());

const before = trouble.length;
const strict = await opened({});
await go(strict, "#/");
await strict.evaluate(() => { document.body.append(Object.assign(document.createElement("script"), { textContent: "window.ran = 1" })); });
say("a script of somebody else", await strict.evaluate(() => (window.ran ? "runs" : "does not run")));
trouble.splice(before);
say("trouble", trouble);
await browser.close();
