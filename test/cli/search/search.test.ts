// Searches whose trials are made up in; their order, journals, weights and words, out.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SearchDeclaration } from "../../../compiler/types/model.js";
import type { Settings } from "../../../cli/options.js";
import { runPrepared } from "../../../cli/search/run.js";
import type { SearchOptions } from "../../../cli/search/options.js";
import { temporaryFolder } from "../data/files.js";
import { fakePool, prepared } from "./fakes.js";
import type { FakePool, Prepared, Trained } from "./fakes.js";
import { linesOf, outcomesOf } from "./journalLines.js";

const folder = temporaryFolder();
let made = 0;
const fresh = (kind = "jsonl"): string => join(folder.path, `${made++}.${kind}`);

const value = ({ rate, kind }: Settings): number =>
  Math.abs(Number(rate) - 0.3) + (kind === "a" ? 0 : 0.1);
const plain = (set: Settings): Trained => [1, value(set)];

async function search(
  more: Partial<SearchDeclaration> = {},
  options: Partial<SearchOptions> = {},
  train: (set: Settings) => Trained = plain,
): Promise<Prepared & FakePool & { readonly error: unknown }> {
  const given = prepared(more, options);
  const pool = fakePool(train);
  const error: unknown = await runPrepared(given, pool.start).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { ...given, ...pool, error };
}

describe("a search", () => {
  test.each(["random", "grid"] as const)(
    "by %s tries the same whatever the number of jobs",
    async (strategy) => {
      const parameters = prepared().search.parameters.map(({ name, space }) => ({
        name,
        space: space.kind === "range" ? { ...space, points: 6 } : space,
      }));
      const [one, three] = [fresh(), fresh()];
      await search({ strategy, parameters }, { log: one });
      const { started } = await search({ strategy, parameters }, { log: three, jobs: 3 });
      expect(started()).toBe(3);
      expect(outcomesOf(one)).toHaveLength(12);
      expect(outcomesOf(three)).toEqual(outcomesOf(one));
    },
  );

  test.each(["random", "bayesian"] as const)(
    "by %s that was cut off at any line goes on to the same end",
    async (strategy) => {
      const whole = fresh();
      await search({ strategy, trials: 16 }, { log: whole });
      const text = readFileSync(whole, "utf8");
      const lines = text.split("\n").slice(0, -1);
      for (let kept = 0; kept <= lines.length; kept += 7) {
        const log = fresh();
        const torn = (lines[kept] ?? "").slice(0, 9);
        writeFileSync(
          log,
          lines
            .slice(0, kept)
            .map((line) => `${line}\n`)
            .join("") + torn,
        );
        const { terminal, error } = await search({ strategy, trials: 16 }, { log });
        expect(error).toBeUndefined();
        expect(outcomesOf(log)).toEqual(outcomesOf(whole));
        expect(terminal.notes.some((note) => note.includes("not written to its end"))).toBe(
          torn !== "",
        );
      }
    },
  );

  test("tells the best as settings to copy, and everything as JSON", async () => {
    const { terminal, begun } = await search();
    const best = begun.toSorted((a, b) => value(a) - value(b))[0] ?? {};
    const told = `--set rate=${String(best["rate"])} --set kind=${String(best["kind"])}\n`;
    expect(terminal.written.join("")).toMatch(
      /^trial +validation\.loss +rate +kind +epochs +time\n/,
    );
    expect(terminal.written.join("").endsWith(told)).toBe(true);
    expect(terminal.notes.at(-1)).toBe("12 trials finished");
    expect(terminal.notes.filter((note) => note.startsWith("trial "))).toHaveLength(12);
    const { terminal: json } = await search({}, { json: true, quiet: true });
    const parsed = JSON.parse(json.written.join("")) as Record<string, unknown>;
    expect(parsed).toMatchObject({
      goal: { minimize: "validation.loss" },
      best: { value: value(best), set: best },
    });
    expect(parsed["trials"]).toHaveLength(12);
    expect(json.notes).toEqual(["backend: none", "12 trials finished"]);
  });

  test("takes the largest for the best where it maximizes", async () => {
    const goal = { sense: "maximize", name: "accuracy" } as const;
    const { terminal, begun } = await search({ goal }, { json: true });
    const best = begun.toSorted((a, b) => value(b) - value(a))[0];
    expect(JSON.parse(terminal.written.join(""))).toMatchObject({
      goal: { maximize: "validation.accuracy" },
      best: { set: best },
    });
  });

  test.each(["minimize", "maximize"] as const)(
    "by the Bayesian strategy learns to %s",
    async (sense) => {
      const goal = { sense, name: "loss" } as const;
      const { begun } = await search({ strategy: "bayesian", trials: 30, goal });
      const mean = (sets: readonly Settings[]): number =>
        sets.reduce((sum, set) => sum + value(set), 0) / sets.length;
      const gain = mean(begun.slice(20)) - mean(begun.slice(0, 10));
      expect(sense === "minimize" ? -gain : gain).toBeGreaterThan(0.1);
    },
  );

  test("keeps the weights of the best, also where it is asked for them later", async () => {
    for (const jobs of [1, 3]) {
      const output = fresh("safetensors");
      const log = fresh();
      const { begun } = await search({}, { output, log, jobs });
      const best = begun.toSorted((a, b) => value(a) - value(b))[0];
      expect(JSON.parse(readFileSync(output, "utf8"))).toEqual(best);
      const later = fresh("safetensors");
      const again = await search({}, { output: later, log });
      expect(JSON.parse(readFileSync(later, "utf8"))).toEqual(best);
      expect(again.begun).toHaveLength(1);
      expect((await search({}, { output: later, log })).begun).toHaveLength(0);
    }
  });

  test("goes on behind trials that fail, diverge or lose their process", async () => {
    const log = fresh();
    const train = (set: Settings): Trained => {
      if (set["kind"] === "a") return plain(set);
      const rate = Number(set["rate"]);
      return rate < 0.3
        ? { failed: "NN0301: no" }
        : rate < 0.6
          ? { gone: "ended by SIGKILL" }
          : [NaN];
    };
    const { error, started, terminal } = await search({ trials: 30 }, { log, jobs: 2 }, train);
    expect(error).toBeUndefined();
    const reasons = linesOf(log).flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
    expect(new Set(reasons)).toEqual(
      new Set(["NN0301: no", "ended by SIGKILL", "validation.loss is no number"]),
    );
    const gone = reasons.filter((reason) => reason.includes("SIGKILL")).length;
    expect(started()).toBeLessThanOrEqual(2 + gone);
    expect(outcomesOf(log)).toHaveLength(30);
    expect(terminal.notes.at(-1)).toMatch(/^\d+ trials finished, \d+ failed$/);
    // What failed stays so.
    expect((await search({ trials: 30 }, { log }, train)).begun).toHaveLength(0);
  });

  test("of which none finished is a failure with the first reason", async () => {
    const { error } = await search({ trials: 2 }, {}, () => ({ failed: "NN0301: no" }));
    expect(error).toMatchObject({
      exitCode: 1,
      message: "none of the 2 trials finished",
      hint: "the first failed: NN0301: no",
    });
    // With --json its one value is that of the trials.
    const json = await search({ trials: 2 }, { json: true }, () => ({ failed: "NN0301: no" }));
    expect(json.error).toMatchObject({ exitCode: 1, name: "Reported" });
    expect(json.terminal.notes.at(-1)).toContain("the first failed");
    expect(JSON.parse(json.terminal.written.join(""))).toMatchObject({ best: null });
  });

  test("of a file that changes meanwhile ends, and the trial that met it is none of it", async () => {
    const log = fresh();
    let count = 0;
    const { error } = await search({}, { log, jobs: 2 }, (set) =>
      ++count === 4 ? { impossible: "m.nn was changed" } : count < 4 ? plain(set) : "endless",
    );
    expect(error).toMatchObject({ exitCode: 1, code: "changed" });
    expect(linesOf(log).some(({ kind }) => kind === "failed")).toBe(false);
  });

  test("stops trials above the median of the others, from the epoch said on", async () => {
    const log = fresh();
    // The first six get worse from trial to trial; all others are worse than their median or better.
    let count = 0;
    const curve = (): Trained => {
      const own = count++ < 6 ? count / 10 : count % 2;
      return [own, own, own];
    };
    const { terminal } = await search({ trials: 20, medianStopping: 2 }, { log }, curve);
    const stopped = linesOf(log).filter(({ kind }) => kind === "stopped");
    // The sixth is above the median of five, and of those behind it every second one.
    expect(stopped.map(({ trial }) => trial)).toEqual([6, 7, 9, 11, 13, 15, 17, 19]);
    expect(stopped[1]).toMatchObject({ epoch: 2, value: 1, median: 0.35 });
    expect(terminal.notes.at(-1)).toBe("12 trials finished, 8 stopped by the median");
  });

  test("ends when all there is was tried", async () => {
    const parameters = prepared().search.parameters.slice(1);
    const { terminal, begun } = await search({ parameters, trials: 9 });
    expect(begun).toHaveLength(2);
    expect(terminal.notes).toContain("all 2 candidates that there are were tried");
  });

  test("writes a page with the curves of its trials", async () => {
    const report = fresh("html");
    const train = (set: Settings): Trained =>
      set["kind"] === "a" ? plain(set) : { failed: "<no>" };
    const { begun } = await search({}, { report }, train);
    const page = readFileSync(report, "utf8");
    const finished = begun.filter(({ kind }) => kind === "a").length;
    expect(page.match(/<polyline/g)).toHaveLength(finished);
    expect(page).toContain("failed: &lt;no&gt;");
    expect(existsSync(report)).toBe(true);
  });
});
