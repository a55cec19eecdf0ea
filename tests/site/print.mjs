// Prints one page of a site into a PDF.
//
//     node print.mjs MODULES CHROMIUM FOLDER HASH FILE
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, chromium, folder, hash, file] = process.argv.slice(2);
const { chromium: driver } = createRequire(`${modules}/package.json`)("playwright-core");
const browser = await driver.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"] });
const page = await browser.newPage();
// A busy machine is no mistake of the page.
page.setDefaultTimeout(120000);
await page.goto(pathToFileURL(`${folder}/index.html`).href + hash);
await page.waitForSelector("html[data-ready]");
await page.pdf({ path: file, format: "A4" });
await browser.close();
