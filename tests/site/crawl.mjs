// Opens a site from disk, follows every link from page to page, and prints how many pages there are and what ran, or asked for a network, that must not.
//
//     node crawl.mjs MODULES CHROMIUM FILE [--csp]
//
// MODULES has playwright-core. With --csp the page's own policy holds; without, what is not kept out by the page would run.
import { pathToFileURL } from "node:url";
import { launch, open } from "./browser.mjs";

const [modules, chromium, file, csp] = process.argv.slice(2);
const browser = await launch(modules, chromium);
const trouble = new Set();
const page = await open(browser, { bypassCSP: csp !== "--csp" }, (what) => trouble.add(what));

// What a page may not have: elements of the project's words, handlers, addresses that run.
const foreign = () => {
  const found = [...document.querySelectorAll("main script, nav script, header script")].map(() => "SCRIPT");
  for (const element of document.body.querySelectorAll("*")) {
    if (["IFRAME", "OBJECT", "EMBED", "FORM", "BASE", "META"].includes(element.tagName)) found.push(element.tagName);
    if (element.tagName === "IMG" && !element.src.startsWith("data:")) found.push(`image ${element.src}`);
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on") || /^\s*(javascript|vbscript|data:text)/i.test(value)) found.push(`${element.tagName} ${name}=${value}`);
    }
  }
  return found;
};
const home = pathToFileURL(file).href;
const seen = new Set();
const waiting = ["#/"];
while (waiting.length) {
  const hash = waiting.shift();
  if (seen.has(hash)) continue;
  seen.add(hash);
  // The first is loaded; the others follow as for somebody who clicks.
  if (seen.size === 1) {
    await page.goto(home + hash);
    await page.waitForSelector("html[data-ready]");
  } else {
    await page.evaluate((hash) => { location.hash = hash; }, hash);
    await page.waitForFunction(() => document.documentElement.dataset.page === location.hash);
  }
  await page.evaluate(() => document.querySelectorAll("main details").forEach((details) => { details.open = true; }));
  const title = await page.title();
  if (/^(Not found|Not to be shown)/.test(title)) trouble.add(`${hash} ${title}`);
  for (const what of await page.evaluate(foreign)) trouble.add(`${hash} ${what}`);
  for (const link of await page.$$eval("a[href]", (links) => links.map((link) => link.getAttribute("href")))) {
    if (link.startsWith("#/")) waiting.push(link);
    else if (!/^(#|https?:|mailto:)/.test(link)) trouble.add(`${hash} link ${link}`);
  }
}
// What a search finds is drawn from the same words.
await page.keyboard.press("/");
await page.keyboard.type("img");
await page.waitForTimeout(500);
for (const what of await page.evaluate(foreign)) trouble.add(`search ${what}`);
console.log(`pages: ${seen.size}\ntrouble: ${JSON.stringify([...trouble])}`);
await browser.close();
