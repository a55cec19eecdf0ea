// Opens pages from disk in light, dark and on a phone, and prints what is wrong with them and the words of each.
//
//     node pages.mjs MODULES CHROMIUM FOLDER PAGE...
//
// PAGE is a file below FOLDER with its address behind `#`. MODULES has playwright-core and axe-core. Times are left out.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, chromium, folder, ...pages] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browser = await require("playwright-core").chromium.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const trouble = new Set();
for (const [colorScheme, width] of [["light", 1280], ["dark", 1280], ["light", 390], ["light", 320]]) {
  const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  page.setDefaultTimeout(120000);
  page.on("pageerror", (error) => trouble.add(`error: ${error.message}`));
  page.on("console", (message) => trouble.add(`console: ${message.text()}`));
  page.on("dialog", (dialog) => { trouble.add(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => { if (!/^(file|data|blob):/.test(request.url())) trouble.add(`network: ${request.url()}`); });
  for (const name of pages) {
    const [file, hash] = name.split("#");
    await page.goto("about:blank");
    await page.goto(pathToFileURL(`${folder}/${file}`).href + (hash === undefined ? "" : `#${hash}`));
    if (hash !== undefined) await page.waitForSelector("html[data-ready]");
    if (width === 320) {
      await page.evaluate(() => document.querySelectorAll("main details").forEach((details) => { details.open = true; }));
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (over > 0) trouble.add(`${name} is ${over} px too wide`);
      continue;
    }
    await page.evaluate(axe);
    const result = await page.evaluate(() => window.axe.run(document, { preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
    for (const { id, nodes } of result.violations) trouble.add(`${name} ${id}: ${nodes[0].html.slice(0, 100)}`);
    if (colorScheme === "dark" || width !== 1280) continue;
    const words = await page.$eval("main", (main) => main.innerText.replace(/\s+/g, " "));
    console.log(`${name}\n  ${words.replace(/20\d\d-\d\d-\d\d \d\d:\d\d/g, "[time]")}`);
    const dashed = await page.$$eval(".edge.far", (edges) => edges.length);
    if (dashed) console.log(`  dashed arrows: ${dashed}`);
  }
  await context.close();
}
console.log(`trouble: ${JSON.stringify([...trouble])}`);
await browser.close();
