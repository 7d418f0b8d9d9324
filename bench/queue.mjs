// Jobs that need no browser through RabbitMQ and PostgreSQL: how many per second, and what each costs the processors,
// servers included, as there come to be more of them.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { machine, median, release, row, short, summary, verdict } from "./report.mjs";

const HELP = `Usage: bench/queue [--turnlock FILE] [--jobs 1000,10000,100000] [--rounds N] [--strict]

  --turnlock FILE  the binary; without it that of the release build
  --jobs LIST      how many jobs, from few to many (1000,10000,100000)
  --rounds N       turns that each number takes (3)
  --strict         exit 1 if a limit is not met
`;

// What issue 4 asks for: jobs per second; and CPU per job flat, of which this much is noise.
const LIMITS = { perSecond: 1500, growth: 1.25 };

// A pipeline as deep as that of four workers: no browser limits it.
const AT_ONCE = 256;

function measure(turnlock, jobs) {
  const words = ["bench-queue", "--jobs", String(jobs), "--accounts", "2000", "--at-once", String(AT_ONCE)];
  const run = spawnSync(turnlock, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (run.error) throw new Error(`${run.error.message}; build it (cargo build --release), or name it with --turnlock`);
  if (run.status !== 0) throw new Error(`${turnlock} ${words.join(" ")} ended with ${run.status}`);
  const { seconds, cpu_seconds: cpu, own_cpu_seconds: own } = JSON.parse(run.stdout);
  return { perSecond: jobs / seconds, cpu: (cpu / jobs) * 1000, own: (own / jobs) * 1000 };
}

function main() {
  const { values: options } = parseArgs({
    options: {
      turnlock: { type: "string", default: path.join(release, "turnlock") },
      jobs: { type: "string", default: "1000,10000,100000" },
      rounds: { type: "string", default: "3" },
      strict: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const sizes = options.jobs.split(",").map(Number);
  console.log(`${machine}; durable commits, publisher confirms, ${AT_ONCE} jobs under way at a time`);
  // What only the first of all jobs meet: cold caches, tables without statistics.
  measure(options.turnlock, sizes[0]);
  // In turns, and compared within a round: machines are slower at some times than at others.
  const rounds = Array.from({ length: Number(options.rounds) }, () => sizes.map((jobs) => measure(options.turnlock, jobs)));
  const medians = (what) => sizes.map((_, place) => median(rounds.map((turns) => what(turns[place], turns[0]))));
  const rates = medians((turn) => turn.perSecond);
  const cpu = medians((turn) => turn.cpu);
  const own = medians((turn) => turn.own);
  const growth = medians((turn, fewest) => turn.cpu / fewest.cpu);
  console.log("\njobs per second");
  row("", "median", "at least", "");
  rates.forEach((rate, place) =>
    row(`${sizes[place]} jobs`, rate.toFixed(0), LIMITS.perSecond, verdict(rate >= LIMITS.perSecond)),
  );
  console.log("\nCPU of a job, servers included");
  row("", "ms", "Turnlock's own", "of the fewest", "at most", "");
  growth.forEach((times, place) =>
    row(
      `${sizes[place]} jobs`,
      ...[cpu[place], own[place], times].map((number) => number.toFixed(2)),
      LIMITS.growth,
      verdict(times <= LIMITS.growth),
    ),
  );
  console.log(summary());
  return options.strict && short > 0 ? 1 : 0;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 3;
}
