// Opens the log in more tabs than a browser keeps connections to one server, and turns from each before the next. Then something
// happens, and the first tab is looked at again: it has missed nothing. Says what is wrong, a line each.
//
//   node tabs.mjs MODULES BROWSER URL    reads the token, says "turned", and goes on when it is told "go"
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";

const [modules, executablePath, url] = process.argv.slice(2);
const { chromium } = createRequire(path.join(path.resolve(modules), "package.json"))("playwright-core");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const token = (await lines.next()).value;

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const context = await browser.newContext();

// A browser without a screen shows every tab: they are told otherwise.
const turn = (page, hidden) => page.evaluate((value) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
  document.dispatchEvent(new Event("visibilitychange"));
}, hidden);
const says = (page, text) => page.locator(".live", { hasText: text }).waitFor();

const pages = [];
for (let nth = 0; nth < 9; nth += 1) {
  const page = await context.newPage();
  await page.goto(`${url}/log`);
  if (nth === 0) {
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
  }
  await says(page, "live");
  await turn(page, true);
  await says(page, "paused");
  pages.push(page);
}
console.log("turned");
await lines.next();
const [first] = pages;
if (await first.locator("#rows tr").count() > 0) console.log("wrong: a tab that nobody looks at is live");
await turn(first, false);
await first.locator("tr.running").waitFor();
await says(first, "live");
await browser.close();
process.exit(0);
