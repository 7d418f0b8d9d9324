// The least that speaks CDP: Chromium on two pipes, messages as JSON with a zero byte between them.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

export class Browser {
  #child;
  #profile;
  #exited;
  #lastId = 0;
  #calls = new Map(); // id -> { resolve, reject }
  #waits = []; // { session, method, resolve }
  #rest = "";

  static async start(binary, flags) {
    const browser = new Browser();
    browser.#profile = await mkdtemp(path.join(tmpdir(), "turnlock-bench-"));
    const all = ["--remote-debugging-pipe", "--headless", `--user-data-dir=${browser.#profile}`, "--no-first-run", ...flags];
    browser.#child = spawn(binary, all, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    browser.#exited = new Promise((resolve) => browser.#child.once("exit", resolve));
    browser.#exited.then(() => browser.#fail(new Error("the browser ended")));
    browser.#child.once("error", (error) => browser.#fail(error));
    browser.#child.stdio[4].setEncoding("utf8").on("data", (text) => browser.#read(text));
    browser.#child.stdio[3].on("error", () => {}); // the exit says it
    return browser;
  }

  /** Sends a command and gives its result. */
  call(method, params = {}, session = undefined) {
    const id = ++this.#lastId;
    this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
    return new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }));
  }

  /** Gives the next event of that name in the session. Ask before doing what causes it. */
  next(method, session) {
    return new Promise((resolve, reject) => this.#waits.push({ method, session, resolve, reject }));
  }

  async close() {
    await this.call("Browser.close").catch(() => {}); // it may be gone before it has answered
    await this.#exited;
    await rm(this.#profile, { recursive: true, force: true });
  }

  #read(text) {
    const parts = (this.#rest + text).split("\0");
    this.#rest = parts.pop();
    for (const part of parts) this.#dispatch(JSON.parse(part));
  }

  #dispatch(message) {
    if (message.id !== undefined) {
      const call = this.#calls.get(message.id);
      this.#calls.delete(message.id);
      if (message.error) call.reject(new Error(message.error.message));
      else call.resolve(message.result);
      return;
    }
    const wanted = (wait) => wait.method === message.method && wait.session === message.sessionId;
    const due = this.#waits.filter(wanted);
    if (due.length > 0) this.#waits = this.#waits.filter((wait) => !wanted(wait));
    for (const wait of due) wait.resolve(message.params);
  }

  #fail(error) {
    for (const { reject } of [...this.#calls.values(), ...this.#waits]) reject(error);
    this.#calls.clear();
    this.#waits = [];
  }
}
