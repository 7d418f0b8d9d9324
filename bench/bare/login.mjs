// The same login by bare CDP, with a context prepared ahead: about the least that the browser itself takes.
// No waiting for anything to be visible, stable or enabled, no strictness, no evidence, no vault.
//   --runs N    prints {"ms": …} a run, from the navigation to the sight of "Sign out"
// The password is read from standard input.
import { flags, passwordFromStdin, print, sandboxFlags } from "../options.mjs";
import { Browser } from "./pipe.mjs";

const options = flags({ url: "", browser: "", username: "", runs: "20", warm: "3" });
const password = await passwordFromStdin();
const browser = await Browser.start(options.browser, sandboxFlags);

async function prepare() {
  const { browserContextId: context } = await browser.call("Target.createBrowserContext");
  const { targetId } = await browser.call("Target.createTarget", { url: "about:blank", browserContextId: context });
  const { sessionId: session } = await browser.call("Target.attachToTarget", { targetId, flatten: true });
  await browser.call("Page.enable", {}, session);
  return { context, session };
}

async function login(session) {
  const value = async (expression) => {
    const answer = await browser.call("Runtime.evaluate", { expression, returnByValue: true }, session);
    if (answer.exceptionDetails) throw new Error(`the page is not as expected: ${expression}`);
    return answer.result.value;
  };
  const type = async (selector, text) => {
    await value(`document.querySelector(${JSON.stringify(selector)}).focus()`);
    await browser.call("Input.insertText", { text }, session);
  };

  const opened = browser.next("Page.loadEventFired", session);
  await browser.call("Page.navigate", { url: `${options.url}/login` }, session);
  await opened;
  await type("[autocomplete=username]", options.username);
  await type("[type=password]", password);
  const at = await value(`(() => {
    const button = [...document.querySelectorAll("button")].find((b) => b.textContent.trim() === "Sign in");
    const box = button.getBoundingClientRect();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  })()`);
  const signedIn = browser.next("Page.loadEventFired", session);
  const mouse = (type) => browser.call("Input.dispatchMouseEvent", { type, ...at, button: "left", clickCount: 1 }, session);
  await Promise.all([mouse("mousePressed"), mouse("mouseReleased")]);
  await signedIn;
  if (!(await value(`document.body.innerText.includes("Sign out")`))) throw new Error("not signed in");
}

try {
  const warm = Number(options.warm);
  for (let run = 0; run < warm + Number(options.runs); run++) {
    const { context, session } = await prepare();
    const start = performance.now();
    await login(session);
    const ms = performance.now() - start;
    if (run >= warm) print({ ms });
    await browser.call("Target.disposeBrowserContext", { browserContextId: context });
  }
} finally {
  await browser.close();
}
