// Opens pages from disk in light, dark and on a phone, and prints what is wrong with them and the words of each.
//
//     node pages.mjs MODULES CHROMIUM FOLDER PAGE...
//
// PAGE is a file below FOLDER with its address behind `#`. MODULES has playwright-core and axe-core. Times are left out.
import { pathToFileURL } from "node:url";
import { LOOKS, checker, launch, open, tooWide } from "./browser.mjs";

const [modules, chromium, folder, ...pages] = process.argv.slice(2);
const violations = checker(modules);
const browser = await launch(modules, chromium);
const trouble = new Set();
let logos = 0, compared = 0;
for (const [colorScheme, width] of LOOKS) {
  const page = await open(browser, { viewport: { width, height: 844 }, colorScheme, bypassCSP: true }, (what) => trouble.add(what));
  for (const name of pages) {
    const [file, hash] = name.split("#");
    await page.goto("about:blank");
    await page.goto(pathToFileURL(`${folder}/${file}`).href + (hash === undefined ? "" : `#${hash}`));
    if (hash !== undefined) await page.waitForSelector("html[data-ready]");
    if (width === 320) {
      const over = await tooWide(page);
      if (over > 0) trouble.add(`${name} is ${over} px too wide`);
      continue;
    }
    for (const what of await violations(page)) trouble.add(`${name} ${what}`);
    if (colorScheme === "dark" || width !== 1280) continue;
    const words = await page.$eval("main", (main) => main.innerText.replace(/\s+/g, " "));
    console.log(`${name}\n  ${words.replace(/20\d\d-\d\d-\d\d \d\d:\d\d/g, "[time]")}`);
    const dashed = await page.$$eval(".edge.far", (edges) => edges.length);
    if (dashed) console.log(`  dashed arrows: ${dashed}`);
    if (hash === undefined) continue;
    await page.waitForSelector("html[data-compared]");
    if (await page.isVisible("nav a[href='#/changes']")) compared += 1;
    if (await page.$$eval(".brand img", (logos) => logos.some((logo) => logo.naturalWidth > 0))) logos += 1;
  }
  await page.context().close();
}
console.log(`pages with a logo: ${logos}, with what changed in the menu: ${compared}`);
console.log(`trouble: ${JSON.stringify([...trouble])}`);
await browser.close();
