// What the scripts of this folder share: a headless Chromium, pages that tell what they did and must not do, the checker of accessibility.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/* MODULES is a folder with playwright-core and axe-core, CHROMIUM a program. */
export const launch = (modules, chromium) => createRequire(`${modules}/package.json`)("playwright-core").chromium.launch({ executablePath: chromium, args: QUIET });

/* A page of its own in which nothing is remembered; `tell` is told of errors, of what is on the console, of dialogs and of requests to a network. */
export async function open(browser, options, tell) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 844 }, ...options });
  const page = await context.newPage();
  // A busy machine is no mistake of the page.
  page.setDefaultTimeout(120000);
  page.on("pageerror", (error) => tell(`error: ${error.message}`));
  page.on("console", (message) => tell(`console: ${message.text()}`));
  page.on("dialog", (dialog) => { tell(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => { if (!/^(file|data|blob):/.test(request.url())) tell(`network: ${request.url()}`); });
  return page;
}

/* What of a page breaks WCAG 2 A to 2.2 AA; the page must be open with `bypassCSP`. */
export function checker(modules) {
  const axe = readFileSync(createRequire(`${modules}/package.json`).resolve("axe-core/axe.min.js"), "utf8");
  return async (page) => {
    await page.evaluate(axe);
    const result = await page.evaluate(() => window.axe.run(document, { preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
    return result.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 100)}`);
  };
}

/* How many pixels must be scrolled sideways, with all unfolded. */
export async function tooWide(page) {
  await page.evaluate(() => document.querySelectorAll("main details").forEach((details) => { details.open = true; }));
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/* The four ways in which every page is looked at: light, dark, on a phone, and on a narrow one. */
export const LOOKS = [["light", 1280], ["dark", 1280], ["light", 390], ["light", 320]];
