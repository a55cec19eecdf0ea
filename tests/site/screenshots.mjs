// Takes pictures of a site from disk: the start, a table, lineage, and a table on a dark phone.
//
//     node screenshots.mjs MODULES CHROMIUM FOLDER OUT
import { mkdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";

const [modules, chromium, folder, out] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const browser = await launch(modules, chromium);
const home = pathToFileURL(`${folder}/index.html`).href;

async function picture(name, hash, { colorScheme = "light", width = 1280, height = 800, deviceScaleFactor = 1 } = {}) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height }, deviceScaleFactor });
  const page = await context.newPage();
  await page.goto(home + hash);
  await page.waitForSelector("html[data-ready]");
  await page.waitForTimeout(400);
  await page.evaluate(() => document.activeElement && document.activeElement.blur());
  await page.screenshot({ path: `${out}/${name}.png` });
  await context.close();
}

// The table that reads most, of the last layer that has columns with keys, is the most telling one.
const page = await browser.newPage();
await page.goto(home);
await page.waitForSelector("html[data-ready]");
const id = await page.evaluate(() => {
  const facts = site.index.name.map((_, item) => item).filter((item) => isTable(item) && layerOf(item) === "Fact");
  const tables = facts.length ? facts : site.index.name.map((_, item) => item).filter(isTable);
  return uniqueId(tables.sort((a, b) => site.index.reads[b].length + readersOf(b).length - site.index.reads[a].length - readersOf(a).length)[0]);
});
await page.close();
await picture("start", "#/");
await picture("table", `#/${id}`);
await picture("lineage", `#/lineage/${id}`, { height: 620 });
await picture("phone", `#/${id}`, { colorScheme: "dark", width: 390, height: 844, deviceScaleFactor: 2 });
await browser.close();
