// Options in (`npm run bench -- --help`); measurements out: a table of figures, and results/latest.json.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { softwareEnvironment, softwareExpected } from "../scripts/software.mjs";
import { contestants } from "./contestants/index.mjs";
import { missedQuality } from "./figures.mjs";
import { describeMachine } from "./machine.mjs";
import { measureSizes } from "./parts/bundleSizes.mjs";
import { measureCompiling } from "./parts/compileTimes.mjs";
import { measureMemory, memoryPrograms } from "./parts/memory.mjs";
import { measureQuality } from "./parts/quality.mjs";
import { measureSteps } from "./parts/steps.mjs";
import { availableContestants } from "./peers.mjs";
import { qualityRuns } from "./quality/runs.mjs";
import { figureTable, firstPredictionTable, qualityTable, stepTables } from "./tables.mjs";
import { workloads } from "./workloads.mjs";

const bench = dirname(fileURLToPath(import.meta.url));
const parts = ["steps", "first-prediction", "compile", "sizes", "memory", "quality"];
const largePrograms = ["dense100", "dense200", "dense400", "transformer24", "convolutions101"];

const usage = `node bench/run.mjs [options]

  --parts LIST        of ${parts.join(", ")} (default: all; steps alone where workloads are named,
                      quality where trainings are)
  --workloads LIST    of ${Object.keys(workloads).join(", ")}
  --contestants LIST  of ${Object.keys(contestants).join(", ")}
  --quality LIST      full trainings, of ${Object.keys(qualityRuns).join(", ")}
  --data DIR          where mnist-10k and text are, for those (default ../shared/data)
  --rounds N          how often each is measured, in turn (default 3)
  --seconds N         how long each is measured in a round (default 4)
  --timeout N         seconds after which one is given up (default 180)
  --out FILE          the results as JSON (default bench/results/latest.json)
  --adapter NAME      software (default): the adapter that comes with npm ci; system: what Vulkan finds
  --smoke             everything of ours, a moment each, without peers: does the bench work?

It ends with 1 where a training reached less than it must, or failed.`;

const given = readArguments({
  options: {
    parts: { type: "string" },
    workloads: { type: "string" },
    contestants: { type: "string" },
    quality: { type: "string" },
    data: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    timeout: { type: "string" },
    out: { type: "string" },
    adapter: { type: "string", default: "software" },
    smoke: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (given.help) console.log(usage);
else await run();

/** What stands on the command line; a mistake in it is the reader's to mend. */
function readArguments(wanted) {
  try {
    return parseArgs(wanted).values;
  } catch (error) {
    return fail(`${error.message}\n\n${usage}`);
  }
}

async function run() {
  if (!existsSync(join(bench, "../build/compiler/index.js")))
    return fail("nothing is built yet: run npm ci (or npm run build) first");
  const options = readOptions();
  const folder = mkdtempSync(join(tmpdir(), "nnc-bench-"));
  try {
    const results = await measure({ ...options, folder, say: (text) => console.error(text) });
    const out = resolve(given.out ?? join(bench, "results/latest.json"));
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, `${JSON.stringify(results, undefined, 1)}\n`);
    print(results);
    if (!given.smoke && missedQuality(results)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readOptions() {
  const ours = Object.keys(contestants).filter((name) => name.startsWith("nnc"));
  const smoke = given.smoke;
  return {
    parts: list("parts", parts, namedParts() ?? parts),
    workloads: list("workloads", Object.keys(workloads), smoke ? ["w1", "w4b1"] : undefined),
    contestants: list("contestants", Object.keys(contestants), smoke ? ours : undefined),
    quality: list("quality", Object.keys(qualityRuns), smoke ? ["parity"] : undefined),
    data: resolve(given.data ?? join(bench, "../../shared/data")),
    least: smoke,
    programs: smoke ? ["dense10"] : largePrograms,
    memory: smoke ? ["w1"] : Object.keys(memoryPrograms),
    rounds: count("rounds", smoke ? 1 : 3),
    seconds: count("seconds", smoke ? 0.1 : 4),
    timeout: count("timeout", 180),
    environment:
      oneOf("adapter", ["software", "system"]) === "software" && softwareExpected
        ? softwareEnvironment()
        : {},
  };
}

/** The parts of which something is named, where anything is. */
function namedParts() {
  const named = [...(given.workloads ? ["steps"] : []), ...(given.quality ? ["quality"] : [])];
  return named.length > 0 ? named : undefined;
}

async function measure(options) {
  const { folder, rounds, timeout, say } = options;
  const wanted = (part) => options.parts.includes(part);
  const results = describeMachine();
  if (wanted("sizes")) results.sizes = measureSizes({ folder, say });
  if (wanted("memory")) results.memory = measureMemory({ programs: options.memory, say });
  if (wanted("compile")) {
    const { programs } = options;
    results.compile = await measureCompiling({ programs, rounds, timeout, say });
  }
  if (wanted("quality")) results.quality = await measureQuality(options);
  const needsContestants = wanted("steps") || wanted("first-prediction");
  const available = needsContestants ? availableContestants(options.contestants, say) : [];
  const entrants = { ...options, contestants: available };
  if (wanted("steps")) results.steps = await measureSteps(entrants);
  if (wanted("first-prediction")) results.firstPrediction = await firstPrediction(entrants);
  return results;
}

/** The browser that comes with npm ci is for Linux on x64. */
async function firstPrediction(options) {
  if (!softwareExpected) {
    options.say("first prediction: left out, there is no browser for this machine");
    return undefined;
  }
  const { measureFirstPrediction } = await import("./parts/firstPrediction.mjs");
  return measureFirstPrediction(options);
}

function print(results) {
  const { date, machine, load, versions } = results;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const texts = [
    `${date}, ${machine}, load ${load.join(" ")}\n${named.join(", ")}`,
    ...stepTables(results),
    firstPredictionTable(results),
    qualityTable(results),
    figureTable(results),
  ];
  console.log(texts.filter((text) => text !== undefined).join("\n\n"));
}

function list(name, known, fallback = known) {
  const names = given[name]?.split(",") ?? fallback;
  const strange = names.find((one) => !known.includes(one));
  if (strange !== undefined) fail(`--${name}: ${strange} is none of ${known.join(", ")}`);
  return names;
}

function oneOf(name, known) {
  if (!known.includes(given[name])) fail(`--${name} is ${known.join(" or ")}, not ${given[name]}`);
  return given[name];
}

function count(name, fallback) {
  const value = Number(given[name] ?? fallback);
  if (!(value > 0 && value < Infinity)) fail(`--${name} is a number above 0, not ${given[name]}`);
  return value;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
