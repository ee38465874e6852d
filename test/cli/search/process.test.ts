// Searches of the built command, killed and gone on with, in; journals, weights and exit codes, out.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../data/files.js";
import { linesOf, outcomesOf } from "./journalLines.js";

const root = join(import.meta.dirname, "../../..");
const command = join(root, "build/command/main.js");
const folder = temporaryFolder();
const numbers = Array.from({ length: 40 }, (_, at) => at / 20 - 1);
const table = folder.put(
  "line.csv",
  `x,y\n${numbers.map((x) => `${x},${2 * x + 1}`).join("\n")}\n`,
);

function program(name: string, { rate, epochs }: { rate: string; epochs: number }): string {
  return folder.put(
    name,
    `model Line(rate = 0.1, width = 2) {
  input x: [batch]
  target y: [batch]
  weight W: [width] ~ normal(0, 1)
  bias b: [] = 0
  output line = x * sum(W) + b
  loss mse(line, y)
}
train Line { optimizer sgd(lr: rate)  batch 8  epochs ${epochs}  seed 5  validation 0.2 }
search Line {
  rate ~ ${rate}
  width ~ randint(0, 4)
  trials 8
  seed 2
}
`,
  );
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly notes: string;
}

/** Runs the search; `watch` sees all that stderr holds so far, and may send one signal, now or later. */
function search(
  file: string,
  more: readonly string[],
  watch: (notes: string) => NodeJS.Signals | Promise<NodeJS.Signals> | undefined = () => undefined,
): Promise<Ended> {
  const args = ["search", file, "--data", table, "--backend", "cpu", ...more];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [command, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let notes = "";
    let isSent = false;
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
      notes += chunk.toString();
      const signal = isSent ? undefined : watch(notes);
      if (signal === undefined) return;
      isSent = true;
      void Promise.resolve(signal).then((one) => child.kill(one));
    });
    child.on("close", (code) => {
      resolve({ code, out, notes });
    });
  });
}

describe("a search of processes", () => {
  test("that is killed, its last line torn, goes on to what it would have come to", async () => {
    const file = program("line.nn", { rate: "log_uniform(1e-3, 1e3)", epochs: 3 });
    const paths = (name: string): { log: string; weights: string } => ({
      log: join(folder.path, `${name}.jsonl`),
      weights: join(folder.path, `${name}.safetensors`),
    });
    const [whole, cut] = [paths("whole"), paths("cut")];
    const first = await search(file, ["--log", whole.log, "-o", whole.weights]);
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/the best, trial \d:\n--set rate=\S+ --set width=\d\n$/);

    const watch = (notes: string): "SIGKILL" | undefined =>
      notes.includes("trial 3/8") ? "SIGKILL" : undefined;
    const killed = await search(file, ["--log", cut.log, "-o", cut.weights], watch);
    expect(killed.code).toBeNull();
    const { length } = readFileSync(cut.log);
    truncateSync(cut.log, length - 7);
    const resumed = await search(file, ["--log", cut.log, "-o", cut.weights, "--jobs", "2"]);
    expect(resumed.code).toBe(0);
    expect(resumed.notes).toContain("its last line was not written to its end, and is dropped");
    expect(resumed.notes).toMatch(/going on with .*cut\.jsonl, where [1-7] trials? ended/);

    const outcomes = outcomesOf(whole.log);
    expect(outcomes).toHaveLength(8);
    expect(outcomesOf(cut.log)).toEqual(outcomes);
    expect(readFileSync(cut.weights).equals(readFileSync(whole.weights))).toBe(true);
    // Rates beyond what trains, and a width without entries, are among them.
    const reasons = linesOf(whole.log).flatMap(({ reason }) => reason ?? []);
    expect(reasons.some((reason) => /NN\d{4}: /.test(reason))).toBe(true);
    expect(reasons.some((reason) => /infinite|NaN|finite/.test(reason))).toBe(true);
  }, 120_000);

  test("that is stopped ends its processes, keeps the journal and says how to go on", async () => {
    const file = program("long.nn", { rate: "uniform(0.001, 0.002)", epochs: 9_000_000 });
    const log = join(folder.path, "long.jsonl");
    const watch = (notes: string): "SIGINT" | undefined =>
      notes.includes("backend:") ? "SIGINT" : undefined;
    const more = ["--set", "width=1", "--log", log];
    expect((await search(file, more)).code).toBe(2);
    const { code, out, notes } = await search(file, ["--log", log], watch);
    expect({ code, out }).toEqual({ code: 130, out: "" });
    expect(notes).toContain(`stopped; go on with: nnc search ${file} --data ${table}`);
    expect(linesOf(log).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["search", "started"]),
    );
    expect(outcomesOf(log)).toEqual([]);
  }, 120_000);

  test("holds its journal: another is refused until it has ended, be it by a kill", async () => {
    const file = program("held.nn", { rate: "uniform(0.001, 0.002)", epochs: 9_000_000 });
    const log = join(folder.path, "held.jsonl");
    let refused: Ended | undefined;
    const first = await search(file, ["--log", log], (notes) => {
      if (!notes.includes("backend:")) return undefined;
      return search(file, ["--log", log]).then((ended) => {
        refused = ended;
        return "SIGKILL";
      });
    });
    expect(first.code).toBeNull();
    expect(refused?.code).toBe(1);
    expect(refused?.notes).toMatch(/another search writes this journal: process \d+\n/);
    const started = linesOf(log).filter(({ kind }) => kind === "started");
    expect(started).toHaveLength(1);
    const watch = (notes: string): "SIGINT" | undefined =>
      notes.includes("backend:") ? "SIGINT" : undefined;
    const resumed = await search(file, ["--log", log], watch);
    expect(resumed.code).toBe(130);
    expect(existsSync(`${log}.lock`)).toBe(false);
  }, 120_000);
});
