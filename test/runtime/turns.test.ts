// Stages and sources that are only counted in; how long a run is, and what each update of a step takes and when it is, out.
import { describe, expect, it } from "vitest";
import type { FitOptions } from "../../runtime/api.js";
import type { PlanStage } from "../../runtime/plan.js";
import type { TrainingSession } from "../../runtime/session.js";
import type { Batch, Source } from "../../runtime/train/data.js";
import { collectStep, givenStep, lengthOfRun, openPasses } from "../../runtime/train/turns.js";

/** Of batches without buffers nothing is asked of it. */
const session = {} as TrainingSession;

interface Given {
  /** `repeat` of each line. */
  readonly lines?: readonly (number | undefined)[];
  readonly accumulate?: number;
  readonly epochs?: number;
  readonly steps?: number;
}

function stageOf({ lines = [undefined], accumulate = 1, ...length }: Given): PlanStage {
  const objectives = lines.map((repeat, program) => ({
    name: `line ${program}`,
    program,
    losses: [],
    ...(repeat === undefined ? {} : { repeat }),
  }));
  return {
    name: "stage",
    dimensions: {},
    seed: 0,
    validation: 0,
    dropLast: false,
    accumulate,
    plateaus: [],
    formulas: "",
    terms: [],
    objectives,
    start: [],
    frozen: [],
    monitor: [],
    ensemble: 1,
    inputs: [],
    ...length,
  };
}

/** Batches whose `examples` tell which they are: 10 · pass + position. */
function sourceOf(kind: Source["kind"], batches: number | undefined): Source {
  const batch = (examples: number): Batch => ({ inputs: new Map(), dimensions: {}, examples });
  return {
    kind,
    once: false,
    names: new Set(),
    examples: batches,
    batches,
    open: (pass, from) => {
      let position = from;
      return {
        next: () => (position < (batches ?? 3) ? batch(10 * pass + position++) : undefined),
        close: () => Promise.resolve(),
      };
    },
  };
}

describe("the length of a run", () => {
  const endless = Infinity;
  it.each<[string, Given, number | undefined, FitOptions, readonly (number | undefined)[]]>([
    ["one epoch, unless told", {}, 5, {}, [1, 5, 5, 5]],
    ["epochs", { epochs: 2 }, 5, {}, [2, 10, 5, 5]],
    ["steps", { steps: 7 }, 5, {}, [endless, 7, 5, 5]],
    ["what ends first: steps", { epochs: 2, steps: 7 }, 5, {}, [2, 7, 5, 5]],
    ["what ends first: epochs", { epochs: 2, steps: 70 }, 5, {}, [2, 10, 5, 5]],
    ["the caller's go before the stage's", { epochs: 2 }, 5, { steps: 4 }, [endless, 4, 5, 5]],
    ["both ways", { steps: 4 }, 5, { epochs: 3 }, [3, 15, 5, 5]],
    ["the last update takes fewer batches", { accumulate: 2 }, 5, {}, [1, 3, 3, 3]],
    ["steps of three updates", { lines: [3], epochs: 2 }, 5, {}, [2, 4, 2, 1]],
    ["a line that takes the batch before it", { lines: [3, undefined] }, 6, {}, [1, 2, 2, 2]],
    ["lines of batches of their own", { lines: [undefined, 2], epochs: 2 }, 5, {}, [2, 4, 2, 1]],
    ["a step over more than a pass", { lines: [3], epochs: 2 }, 2, {}, [2, 2, 1, 1]],
    ["steps an epoch", { epochs: 3 }, 5, { stepsPerEpoch: 2 }, [3, 6, 2, 2]],
    ["more than the data has", { epochs: 3 }, undefined, { stepsPerEpoch: 2 }, [3, 6, 2, 2]],
    ["data of unknown length", { epochs: 3 }, undefined, {}, [3, endless, endless, endless]],
  ])("%s", (_, given, batches, options, [epochs, steps, perEpoch, least]) => {
    const kind = batches === undefined ? "stream" : "arrays";
    const length = lengthOfRun(stageOf(given), sourceOf(kind, batches), options);
    expect(length).toEqual({ epochs, steps, perEpoch, least });
  });

  it.each<[string, Given, readonly number[]]>([
    ["an epoch of 100 steps", { epochs: 3 }, [3, 300, 100, 100]],
    ["without a number of epochs too", { steps: 250 }, [endless, 250, 100, 100]],
    ["epochs that share the steps", { epochs: 4, steps: 10 }, [4, 10, 3, 3]],
    ["equally where they can", { epochs: 5, steps: 10 }, [5, 10, 2, 2]],
  ])("of draws: %s", (_, given, [epochs, steps, perEpoch, least]) => {
    const length = lengthOfRun(stageOf(given), sourceOf("drawn", undefined), {});
    expect(length).toEqual({ epochs, steps, perEpoch, least });
  });

  it.each<[string, FitOptions]>([
    ["epochs", { epochs: 1.5 }],
    ["steps", { steps: -1 }],
    ["stepsPerEpoch", { stepsPerEpoch: NaN }],
  ])("is refused where %s is no number of them", (name, options) => {
    const length = (): unknown => lengthOfRun(stageOf({}), sourceOf("arrays", 5), options);
    expect(length).toThrow(expect.objectContaining({ code: "option" }) as Error);
    expect(length).toThrow(name);
  });
});

describe("the updates of a step", () => {
  const told = (updates: Awaited<ReturnType<typeof collectStep>>): unknown =>
    updates?.map(({ objective: { program }, batches, progress, turn }) => ({
      program,
      batches: batches.map(({ examples }) => examples),
      progress,
      turn,
    }));

  it("share the progress that the step makes, each line by its own repetitions", async () => {
    const stage = stageOf({ lines: [4, undefined, 2] });
    const passes = openPasses(session, sourceOf("arrays", 5), { pass: 0, position: 0 });
    expect(told(await collectStep(stage, { passes, isFresh: false }, 0.5, 0.25))).toEqual([
      { program: 0, batches: [0], progress: 0.5, turn: 0 },
      { program: 0, batches: [1], progress: 0.5625, turn: 1 },
      { program: 0, batches: [2], progress: 0.625, turn: 2 },
      { program: 0, batches: [3], progress: 0.6875, turn: 3 },
      { program: 1, batches: [3], progress: 0.5, turn: 0 },
      { program: 2, batches: [4], progress: 0.5, turn: 0 },
      // What the pass lacks comes from the next one.
      { program: 2, batches: [10], progress: 0.625, turn: 1 },
    ]);
    expect(passes.reached()).toEqual({ pass: 1, position: 1 });
  });

  it("are none at the end of a pass, unless an epoch begins there", async () => {
    const stage = stageOf({ accumulate: 2 });
    const at = { pass: 2, position: 5 };
    const atEnd = openPasses(session, sourceOf("arrays", 5), at);
    expect(await collectStep(stage, { passes: atEnd, isFresh: false }, 0, 0)).toBeUndefined();
    expect(atEnd.reached()).toEqual(at);
    const fresh = openPasses(session, sourceOf("arrays", 5), at);
    const updates = await collectStep(stage, { passes: fresh, isFresh: true }, 0, 0);
    expect(updates?.map(({ batches }) => batches.map(({ examples }) => examples))).toEqual([
      [30, 31],
    ]);
    const last = openPasses(session, sourceOf("arrays", 5), { pass: 2, position: 4 });
    const fewer = await collectStep(stage, { passes: last, isFresh: false }, 0, 0);
    expect(fewer?.map(({ batches }) => batches.length)).toEqual([1]);
  });

  it("take the batches given in turn, and the last ones again", () => {
    const stage = stageOf({ lines: [2, undefined, 2], accumulate: 2 });
    const objectives = stage.objectives.map((objective) => objective as never);
    const batches = Array.from({ length: 5 }, (_, examples): Batch => {
      return { inputs: new Map(), dimensions: {}, examples };
    });
    const updates = givenStep(stage, objectives, batches, 0.5);
    expect(updates.map((update) => update.batches.map(({ examples }) => examples))).toEqual([
      [0, 1],
      [2, 3],
      [2, 3],
      [4],
      [4],
    ]);
    expect(updates.map(({ turn }) => turn)).toEqual([0, 1, 0, 0, 1]);
    expect(updates.every(({ progress }) => progress === 0.5)).toBe(true);
  });
});
