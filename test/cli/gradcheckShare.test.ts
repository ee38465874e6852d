// In: objectives of many parameters, gradients right and wrong, and a time; out: that each parameter has its share of it.
import { expect, test } from "vitest";
import { pointsOf } from "../../cli/gradcheck/moves.js";
import type { Check } from "../../cli/gradcheck/moves.js";
import type { Measured } from "../../cli/gradcheck/measure.js";
import type { CheckedObjective } from "../../cli/gradcheck/objectives.js";
import { measureObjective } from "../../cli/gradcheck/share.js";

const count = 30;
const width = 50;
const names = Array.from({ length: count }, (_, at) => `w${at}`);

interface Question {
  /** What the derivative claims, by the right one. */
  readonly claim?: (name: string, right: Float64Array) => Float64Array;
  /** How steep the objective is along each parameter. */
  readonly steepness?: (name: string) => number;
  readonly milliseconds: number;
}

/** Σ steepness · Σ sin of each parameter's entries, which are all 1/10. */
async function measure(
  question: Question,
): Promise<{ found: readonly Measured[]; turns: string[] }> {
  const {
    claim = (_: string, right: Float64Array) => right,
    steepness = () => 1,
    milliseconds,
  } = question;
  const values = new Map<string, Float64Array>(
    names.map((name) => [name, new Float64Array(width).fill(0.1)]),
  );
  const turns: string[] = [];
  const answer = (output: string): Float64Array => {
    if (output === "value")
      return Float64Array.of(
        [...values].reduce(
          (sum, [name, data]) =>
            sum + steepness(name) * data.reduce((part, one) => part + Math.sin(one), 0),
          0,
        ),
      );
    const data = values.get(output) ?? new Float64Array(0);
    return claim(
      output,
      Float64Array.from(data, (one) => steepness(output) * Math.cos(one)),
    );
  };
  const net = {
    predict: (_: unknown, { outputs }: { outputs: readonly string[] }) =>
      Promise.resolve(Object.fromEntries(outputs.map((output) => [output, answer(output)]))),
    read: (name: string) => Promise.resolve(values.get(name)),
    write: (name: string, { data }: { data: Float64Array }) => {
      turns.push(name);
      values.set(name, data.slice());
      return Promise.resolve();
    },
  };
  const check = { model: "M", net, batch: {}, dimensions: {} } as unknown as Check;
  const parameters = names.map((name) => ({ name, shape: [width], gradient: name }));
  const objective: CheckedObjective = {
    ...{ stage: "", name: "loss", value: "value", parameters },
    outside: undefined,
  };
  const points = await pointsOf(check, objective);
  const found = await measureObjective(check, objective, points, milliseconds);
  for (const data of values.values()) expect(data.every((one) => one === 0.1)).toBe(true);
  return { found, turns };
}

test("in no time at all, every parameter of a right derivative is compared", async () => {
  const { found } = await measure({ milliseconds: 0 });
  expect(found.map(({ comparisons, wrong }) => [comparisons, wrong])).toEqual(
    names.map(() => [1, 0]),
  );
});

test("in no time at all, nothing is said of what one wrong derivative may have spoiled", async () => {
  for (const factor of [1.01, -1, 0, NaN]) {
    const { found } = await measure({
      milliseconds: 0,
      claim: (name, right) => (name === "w7" ? right.map((one) => factor * one) : right),
    });
    expect(found.map(({ comparisons }) => comparisons)).toEqual(names.map(() => 0));
  }
});

test("a part too small to show in the whole is not called right with it", async () => {
  const { found } = await measure({
    milliseconds: 0,
    steepness: (name) => (name === "w7" ? 1e-6 : 1),
    claim: (name, right) => (name === "w7" ? right.map((one) => 2 * one) : right),
  });
  expect(found.map(({ comparisons }) => comparisons)).toEqual(
    names.map((name) => (name === "w7" ? 0 : 1)),
  );
});

test("with time, only the wrong one is wrong, and all others are compared along every direction", async () => {
  const { found } = await measure({
    milliseconds: 60_000,
    claim: (name, right) => (name === "w7" ? right.map((one) => 1.01 * one) : right),
  });
  const rights = names.map((name) => (name === "w7" ? [10, 10] : [10, 0]));
  expect(found.map(({ comparisons, wrong }) => [comparisons, wrong])).toEqual(rights);
});

test("no parameter waits for another's second look", async () => {
  const { turns } = await measure({
    milliseconds: 60_000,
    claim: (name, right) => (name === "w0" ? right.map((one) => -one) : right),
  });
  // A comparison alone writes its parameter three times in a row: to both sides, and back.
  const alone = turns
    .map((name, at) => ({ name, at }))
    .filter(({ at }) => turns[at + 1] === turns[at]);
  expect(alone.slice(0, 2 * count).map(({ name }) => name)).toEqual(
    names.flatMap((name) => [name, name]),
  );
});
