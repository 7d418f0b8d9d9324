// The login of Turnlock's verify_login, by Playwright: one warm browser, a new context for each job.
//   one after the other:  --runs N                 prints {"ms": …} a run
//   at once:              --parallel K --jobs N    prints {"jobs": …, "parallel": …, "seconds": …}
// The password is read from standard input.
import { createRequire } from "node:module";
import path from "node:path";
import { flags, passwordFromStdin, print, sandboxFlags } from "../options.mjs";

const options = flags({ url: "", browser: "", username: "", runs: "20", warm: "3", parallel: "", jobs: "", modules: "" });
// Installed outside the checkout, so it is loaded from the folder that the driver names.
const { chromium } = createRequire(path.join(options.modules || import.meta.dirname, "package.json"))("playwright-core");
const password = await passwordFromStdin();
const browser = await chromium.launch({ executablePath: options.browser, args: sandboxFlags });

async function login() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${options.url}/login`);
  await page.getByLabel("Username").fill(options.username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  await context.close();
}

try {
  for (let run = 0; run < Number(options.warm); run++) await login();
  if (options.parallel) {
    const jobs = Number(options.jobs);
    let left = jobs;
    const slot = async () => {
      while (left-- > 0) await login();
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: Number(options.parallel) }, slot));
    print({ jobs, parallel: Number(options.parallel), seconds: (performance.now() - start) / 1000 });
  } else {
    for (let run = 0; run < Number(options.runs); run++) {
      const start = performance.now();
      await login();
      print({ ms: performance.now() - start });
    }
  }
} finally {
  await browser.close();
}
