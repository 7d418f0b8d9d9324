// What every benchmark prints by: medians, rows, and whether a limit is met.
import os from "node:os";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "..");

/** Where the release build lies. */
export const release = path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, "target"), "release");

export const machine = `${os.cpus().length} × ${os.cpus()[0]?.model.trim()}`;

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many limits were not met. */
export let short = 0;
const verdicts = { true: "ok", false: "SHORT" };
export function verdict(holds) {
  if (!holds) short++;
  return verdicts[holds];
}

export function row(...cells) {
  const [first, ...rest] = cells;
  console.log(`  ${first.padEnd(34)}${rest.map((cell) => String(cell).padStart(16)).join("")}`);
}

export function summary() {
  return short === 0 ? "\nEvery limit is met." : `\n${short} of the limits not met.`;
}
