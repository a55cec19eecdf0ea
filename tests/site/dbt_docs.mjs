// Serves dbt's own docs page beside a project's artifacts and prints what it shows of a model.
//
//     node dbt_docs.mjs MODULES CHROMIUM FOLDER UNIQUE_ID
//
// FOLDER has index.html, manifest.json and catalog.json. Nothing is asked of any other host.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { basename } from "node:path";
import { launch } from "./browser.mjs";

const [modules, chromium, folder, uniqueId] = process.argv.slice(2);
const server = createServer((request, response) => {
  const file = `${folder}/${basename(new URL(request.url, "http://localhost").pathname) || "index.html"}`;
  if (existsSync(file)) createReadStream(file).pipe(response);
  else response.writeHead(404).end();
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const home = `http://127.0.0.1:${server.address().port}/`;
const browser = await launch(modules, chromium);
const page = await browser.newPage();
// A busy machine is no mistake of the page.
page.setDefaultTimeout(120000);
const trouble = [];
page.on("pageerror", (error) => trouble.push(error.message));
await page.route("**", (route) => (route.request().url().startsWith(home) || /^(data|blob):/.test(route.request().url()) ? route.continue() : route.abort()));
await page.goto(home + `#!/model/${uniqueId}`);
await page.waitForSelector(".app-body h1, .app-content h1");
await page.waitForTimeout(500);
const lines = (selector) => page.$$eval(selector, (found) => found.map((one) => one.innerText.replace(/\s+/g, " ").trim()).filter(Boolean));
console.log(`title: ${(await lines("h1")).join(" | ")}`);
for (const row of await lines("table tbody tr")) console.log(`row: ${row}`);
console.log(`trouble: ${JSON.stringify(trouble)}`);
await browser.close();
server.close();
