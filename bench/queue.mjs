// Jobs that need no browser through RabbitMQ and PostgreSQL: how many per second, and what each costs the processors,
// servers included, as there come to be more of them. Called by `make bench-queue`, by way of scripts/services.
import { spawnSync } from "node:child_process";
import os from "node:os";
import { parseArgs } from "node:util";

/** Jobs per second, and how much more a job may cost among many than among few. */
const LIMITS = { perSecond: 1500, growth: 1.25 };

const { values: options } = parseArgs({
  options: {
    binary: { type: "string", default: "target/release/turnlock" },
    jobs: { type: "string", default: "1000,10000,100000" },
    rounds: { type: "string", default: "3" },
    strict: { type: "boolean", default: false },
  },
});
const sizes = options.jobs.split(",").map(Number);

const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];

function measure(jobs) {
  const args = ["bench-queue", "--jobs", String(jobs), "--accounts", "2000", "--slots", "64"];
  const run = spawnSync(options.binary, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (run.error) throw run.error;
  if (run.status !== 0) throw new Error(`${options.binary} ${args.join(" ")} ended with ${run.status}`);
  const { seconds, cpu_seconds: cpu, own_cpu_seconds: own } = JSON.parse(run.stdout);
  return { perSecond: jobs / seconds, cpu: (cpu / jobs) * 1000, own: (own / jobs) * 1000 };
}

// What only the first of all jobs meet: cold caches, tables without statistics.
measure(sizes[0]);
const rows = sizes.map((jobs) => {
  // The largest says enough at once.
  const rounds = jobs > 20_000 ? 1 : Number(options.rounds);
  const all = Array.from({ length: rounds }, () => measure(jobs));
  const of = (what) => median(all.map((one) => one[what]));
  return { jobs, perSecond: of("perSecond"), cpu: of("cpu"), own: of("own") };
});

const cells = (first, ...rest) => console.log(`  ${first.padStart(10)}${rest.map((cell) => cell.padStart(18)).join("")}`);
console.log(`${os.cpus().length} × ${os.cpus()[0]?.model.trim()}; durable commits, publisher confirms\n`);
cells("jobs", "per second", "CPU ms per job", "of it Turnlock's");
for (const { jobs, perSecond, cpu, own } of rows) {
  cells(String(jobs), perSecond.toFixed(0), cpu.toFixed(2), own.toFixed(2));
}
const ofLimit = median(rows.map((row) => row.perSecond)) / LIMITS.perSecond;
const growth = rows.at(-1).cpu / rows[0].cpu;
const verdict = (met) => (met ? "met" : "NOT MET");
console.log(`\n  ${ofLimit.toFixed(2)} of the ${LIMITS.perSecond} jobs per second wanted: ${verdict(ofLimit >= 1)}`);
console.log(`  a job among ${rows.at(-1).jobs} costs ${growth.toFixed(2)} of one among ${rows[0].jobs}: ${verdict(growth <= LIMITS.growth)}`);
if (options.strict && (ofLimit < 1 || growth > LIMITS.growth)) process.exitCode = 1;
