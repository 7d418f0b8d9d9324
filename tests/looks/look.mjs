// Looks at the pages of `turnlock serve` as people do: in light and in dark, on a desk and on a phone, by eye, by keyboard and
// by what axe knows of pages that everybody can use. Says what is wrong, a line each, and keeps a picture of every page.
//
//   node look.mjs MODULES BROWSER URL PICTURES < {"token": …, "pages": {"log": "/log", …}}
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [modules, executablePath, url, pictures] = process.argv.slice(2);
const { token, pages } = JSON.parse(readFileSync(0, "utf8"));
const { chromium } = createRequire(path.join(path.resolve(modules), "package.json"))("playwright-core");
const axe = readFileSync(path.join(modules, "node_modules/axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

const wrong = [];
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

async function signedIn(options) {
  const context = await browser.newContext({ reducedMotion: "reduce", locale: "en-GB", timezoneId: "UTC", ...options });
  const page = await context.newPage();
  await page.goto(`${url}/login`);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Log" }).waitFor();
  return { context, page };
}

// What axe and the eye find on the page that is open.
async function look(page, where, size) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((tags) => globalThis.axe.run({ runOnly: tags }), RULES);
  for (const { id, help, nodes } of violations) wrong.push(`${where}: ${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`);
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  if (wide > room) wrong.push(`${where}: the page is ${wide} pixels wide where there are ${room}`);
  if (size === "phone") {
    const small = await page.evaluate(() => [...document.querySelectorAll("button,input:not([type=hidden]),select")]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 24).map((element) => element.outerHTML.slice(0, 100)));
    for (const each of small) wrong.push(`${where}: too small for a finger: ${each}`);
  }
}

// What is cut off, or has to be scrolled sideways to be read: a page, a box or a cell that is wider than its place.
async function measure(page, where) {
  const wide = await page.evaluate(() => [...document.querySelectorAll("html,body,main,main *")]
    .filter((element) => element.checkVisibility() && !["inline", "contents"].includes(getComputedStyle(element).display))
    .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0
      && !element.matches("input,select,button,thead,thead *,.skip"))
    .map((element) => `${element.tagName.toLowerCase()}.${element.className}: ${element.scrollWidth} in ${element.clientWidth}: ${element.textContent.trim().slice(0, 60)}`));
  for (const each of wide.slice(0, 5)) wrong.push(`${where}: wider than its place: ${each}`);
}

// Steps of an attempt that runs look as they ended, too.
async function colours(page, where) {
  const same = await page.evaluate(() => [...document.querySelectorAll(".running li.failed .result")]
    .some((result) => getComputedStyle(result).color === getComputedStyle(result.closest("section").querySelector("h2 .outcome")).color));
  if (same) wrong.push(`${where}: a step that failed looks like one that runs`);
}

// Everything that can be used is reached with the Tab key, and seen when it is.
async function keyboard(page, where) {
  const wanted = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,summary")].filter((element) => element.checkVisibility() && !element.disabled);
    all.forEach((element, nth) => { element.dataset.nth = nth; });
    return all.length;
  });
  const reached = new Set();
  await page.evaluate(() => { document.activeElement?.blur(); getSelection().removeAllRanges(); });
  for (let times = 0; times < wanted * 2 + 5 && reached.size < wanted; times += 1) {
    await page.keyboard.press("Tab");
    const [nth, seen] = await page.evaluate(() => {
      const { dataset: { nth } = {} } = document.activeElement ?? {};
      const style = getComputedStyle(document.activeElement);
      return [nth, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0];
    });
    if (nth === undefined) continue;
    if (!seen) wrong.push(`${where}: nothing shows that ${nth} has the focus`);
    reached.add(nth);
  }
  if (reached.size < wanted) wrong.push(`${where}: the keyboard reaches ${reached.size} of ${wanted}`);
}

for (const colorScheme of ["light", "dark"]) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    const { context, page } = await signedIn({ viewport, colorScheme });
    let where = "";
    page.on("console", (message) => { if (["error", "warning"].includes(message.type())) wrong.push(`${where}: ${message.text()}`); });
    page.on("pageerror", (error) => wrong.push(`${where}: ${error}`));
    page.on("request", (request) => { if (!request.url().startsWith(url)) wrong.push(`${where}: asks another host: ${request.url()}`); });
    for (const [name, address] of Object.entries(pages)) {
      where = `${name}, ${size}, ${colorScheme}`;
      const response = await page.goto(`${url}${address}`, { waitUntil: "load" });
      if (!response.ok()) wrong.push(`${where}: ${response.status()}`);
      await look(page, where, size);
      await colours(page, where);
      if (size === "phone") await measure(page, where);
      await page.screenshot({ path: path.join(pictures, `${name}-${size}-${colorScheme}.png`) });
      if (size === "desk" && colorScheme === "light") await keyboard(page, where);
    }
    await context.close();
  }
}

// The narrowest phones, with times as long as they get.
{
  const { context, page } = await signedIn({ viewport: { width: 375, height: 800 }, locale: "en-US" });
  for (const [name, address] of Object.entries(pages)) {
    await page.goto(`${url}${address}`);
    for (const width of [375, 320]) {
      await page.setViewportSize({ width, height: 800 });
      await measure(page, `${name}, ${width} pixels, en-US`);
      if (width === 320) await page.screenshot({ path: path.join(pictures, `${name}-narrow.png`), fullPage: true });
    }
  }
  await context.close();
}

// Nothing is lost without scripts.
const { context, page } = await signedIn({ javaScriptEnabled: false });
for (const [name, address] of Object.entries(pages)) {
  const response = await page.goto(`${url}${address}`);
  if (!response.ok() || !(await page.locator("h1").innerText())) wrong.push(`${name}: empty without scripts`);
}
await context.close();
await browser.close();
for (const line of wrong) console.log(line);
process.exit(wrong.length ? 1 : 0);
