// Prints one page of a site into a PDF.
//
//     node print.mjs MODULES CHROMIUM FOLDER HASH FILE
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";

const [modules, chromium, folder, hash, file] = process.argv.slice(2);
const browser = await launch(modules, chromium);
const page = await browser.newPage();
// A busy machine is no mistake of the page.
page.setDefaultTimeout(120000);
await page.goto(pathToFileURL(`${folder}/index.html`).href + hash);
await page.waitForSelector("html[data-ready]");
await page.pdf({ path: file, format: "A4" });
await browser.close();
