// What both peers take: flags by name, the password on standard input (a command line is for all to read).

/** @returns {Record<string, string>} the flags of the command line; `--runs 20` becomes `{ runs: "20" }` */
export function flags(defaults) {
  const found = { ...defaults };
  const words = process.argv.slice(2);
  while (words.length > 0) {
    const name = words.shift().replace(/^--/, "");
    if (!(name in defaults) || words.length === 0) throw new Error(`unknown flag, or a flag without value: --${name}`);
    found[name] = words.shift();
  }
  return found;
}

export async function passwordFromStdin() {
  let text = "";
  for await (const chunk of process.stdin) text += chunk;
  return text.replace(/\r?\n$/, "");
}

/** Chromium's sandbox does not start for root; here it opens nothing but the bundled app. */
export const sandboxFlags = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

export function print(record) {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}
