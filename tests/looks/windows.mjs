// Opens the log in more windows than a browser keeps connections to one server, and looks at all of them. Then something happens:
// each shows it, also when the first, which has the stream, is turned from, looked at again, and closed. Says what is wrong, a line
// each.
//
//   node windows.mjs MODULES BROWSER URL    reads the token, says "open", then "seen" each time that all show what is new, and goes on
//                                           when it is told "go"
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";

const [modules, executablePath, url] = process.argv.slice(2);
const { chromium } = createRequire(path.join(path.resolve(modules), "package.json"))("playwright-core");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const token = (await lines.next()).value;

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const context = await browser.newContext();

// A browser without a screen shows every tab: one that is turned from is told otherwise.
const turn = (page, hidden) => page.evaluate((value) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
  document.dispatchEvent(new Event("visibilitychange"));
}, hidden);
const says = (page, text) => page.locator(".live", { hasText: text }).waitFor();
const streams = [];
context.on("request", (request) => {
  if (new URL(request.url()).pathname === "/log/events") streams.push(request);
});

const pages = [];
for (let nth = 0; nth < 8; nth += 1) {
  const page = await context.newPage();
  await page.goto(`${url}/log`);
  if (nth === 0) {
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
  }
  await says(page, "live");
  pages.push(page);
}
if (streams.length !== 1) console.log(`wrong: ${streams.length} streams of one log`);
console.log("open");

const [first] = pages;
const show = async (shown, rows) => {
  await lines.next();
  for (const page of shown) await page.locator(`#rows tr:nth-child(${rows})`).waitFor();
};
await show(pages, 1);
await turn(first, true);
await says(first, "paused");
console.log("seen");
await show(pages.slice(1), 2);
if (await first.locator("#rows tr").count() > 1) console.log("wrong: a window that nobody looks at is live");
await turn(first, false);
await first.locator("#rows tr:nth-child(2)").waitFor();
await says(first, "live");
// Whichever has the stream now.
await pages.pop().close();
await pages.splice(1, 1)[0].close();
console.log("seen");
await show(pages, 3);
console.log("seen");
await browser.close();
process.exit(0);
