// Values of candidates in; a search ready to run, and processes that answer as trials would, without training, out.
import { writeFileSync } from "node:fs";
import type { SearchDeclaration, SearchSpace } from "../../../compiler/types/model.js";
import type { Settings } from "../../../cli/options.js";
import type { StartProcess } from "../../../cli/search/pool.js";
import type { PreparedSearch } from "../../../cli/search/prepare.js";
import type { SearchOptions } from "../../../cli/search/options.js";
import { recorder } from "../terminals.js";
import type { Recorder } from "../terminals.js";

const fraction: SearchSpace = {
  kind: "range",
  low: 0,
  high: 1,
  log: false,
  whole: false,
  points: undefined,
};

export interface Prepared extends PreparedSearch {
  readonly terminal: Recorder;
}

export function prepared(
  more: Partial<SearchDeclaration> = {},
  options: Partial<SearchOptions> = {},
): Prepared {
  const terminal = recorder();
  const given: SearchOptions = {
    set: {},
    data: [],
    backend: "cpu",
    threads: 1,
    jobs: 1,
    ...options,
  };
  const search: SearchDeclaration = {
    place: { file: { name: "m.nn", text: "" }, span: { start: 0, end: 0 } },
    parameters: [
      { name: "rate", space: fraction },
      { name: "kind", space: { kind: "choice", values: ["a", "b"] } },
    ],
    strategy: "random",
    trials: 12,
    seed: 1,
    goal: { sense: "minimize", name: "loss" },
    medianStopping: undefined,
    ...more,
  };
  const { parameters, strategy, seed, goal } = search;
  return {
    file: "m.nn",
    options: given,
    terminal,
    model: "M",
    search,
    identity: {
      model: "M",
      program: "digest",
      parameters,
      strategy,
      seed,
      goal,
      median_stopping: search.medianStopping ?? null,
      set: {},
      data: [],
      contents: "contents",
      options: {},
    },
    job: { file: "m.nn", goal, program: "digest", options: given },
  };
}

/** What a candidate comes to: its values by epoch, or how it ends. */
export type Trained =
  | readonly number[]
  | { readonly failed: string }
  | { readonly gone: string }
  | { readonly impossible: string }
  /** It never ends by itself. */
  | "endless";

export interface FakePool {
  readonly start: StartProcess;
  /** How many processes were started. */
  readonly started: () => number;
  /** The candidates in the order in which they were begun. */
  readonly begun: readonly Settings[];
}

/** Processes that take a moment for each epoch, another for each candidate. */
export function fakePool(train: (set: Settings) => Trained): FakePool {
  let processes = 0;
  const begun: Settings[] = [];
  const start: StartProcess = (onMessage, onEnd) => {
    processes++;
    let verdict: (isStopped: boolean) => void = () => undefined;
    let weights = "";
    let isGone = false;
    const run = async (set: Settings): Promise<void> => {
      begun.push(set);
      weights = JSON.stringify(set);
      onMessage({ kind: "opened", backend: "none" });
      const trained = train(set);
      if (trained === "endless") return;
      if ("failed" in trained) onMessage({ kind: "failed", reason: trained.failed });
      else if ("impossible" in trained)
        onMessage({ kind: "impossible", code: "changed", message: trained.impossible });
      else if ("gone" in trained) onEnd(trained.gone);
      else await runEpochs(trained);
    };
    const runEpochs = async (values: readonly number[]): Promise<void> => {
      for (const [at, value] of values.entries()) {
        await new Promise((resolve) => setTimeout(resolve, (value * 100) % 3));
        if (isGone) return;
        const told = new Promise<boolean>((resolve) => (verdict = resolve));
        onMessage({ kind: "epoch", epoch: at + 1, value });
        if (await told) {
          onMessage({ kind: "stopped" });
          return;
        }
      }
      const value = values.at(-1) ?? NaN;
      onMessage({ kind: "trained", value, epochs: values.length, preparing: 0 });
    };
    return {
      send: (message) => {
        if (message.kind === "train") void run(message.job.options.set);
        else if (message.kind === "verdict") verdict(message.isStopped);
        else {
          if (message.weights !== undefined) writeFileSync(message.weights, weights);
          onMessage({ kind: "kept" });
        }
      },
      kill: () => {
        isGone = true;
        onEnd("killed");
      },
    };
  };
  return { start, started: () => processes, begun };
}
