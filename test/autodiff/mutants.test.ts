// The drivers of differentiation with a mistake in them in (sums over what was repeated, the steps of a scan backwards); that each is found, out.

import { afterEach, describe, expect, it, vi } from "vitest";
import type * as ScanBackward from "../../compiler/autodiff/scanBackward.js";
import type * as ScanBody from "../../compiler/autodiff/scanBody.js";
import type { BodyDerivative } from "../../compiler/autodiff/scanBody.js";
import type * as Unbroadcast from "../../compiler/autodiff/unbroadcast.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import type { Node } from "../../compiler/types/graph.js";
import { mistakes, withoutSums } from "../ops/mutants.js";
import { derivativeProblem } from "../support/derivatives.js";
import { opSamples } from "../support/opSamples.js";
import { recurrenceProblem } from "../support/recurrence.js";

type Body = (b: GraphBuilder, body: BodyDerivative) => BodyDerivative;

/** What is wrong at present; nothing between tests. */
const wrong = vi.hoisted(
  (): {
    unbroadcast?: (b: GraphBuilder) => GraphBuilder;
    body?: Body;
    backward?: (b: GraphBuilder) => GraphBuilder;
  } => ({}),
);

vi.mock(import("../../compiler/autodiff/unbroadcast.js"), async (original) => {
  const { unbroadcast }: typeof Unbroadcast = await original();
  return {
    unbroadcast: (b, ...rest) => unbroadcast(wrong.unbroadcast?.(b) ?? b, ...rest),
  };
});

vi.mock(import("../../compiler/autodiff/scanBody.js"), async (original) => {
  const own: typeof ScanBody = await original();
  return {
    ...own,
    differentiateBody: (b, request) => {
      const body = own.differentiateBody(b, request);
      return wrong.body?.(b, body) ?? body;
    },
  };
});

vi.mock(import("../../compiler/autodiff/scanBackward.js"), async (original) => {
  const { runBackward }: typeof ScanBackward = await original();
  return { runBackward: (b, ...rest) => runBackward(wrong.backward?.(b) ?? b, ...rest) };
});

afterEach(() => {
  delete wrong.unbroadcast;
  delete wrong.body;
  delete wrong.backward;
});

const nothing = (): undefined => undefined;

it("sums over what was repeated are missed by no op that repeats", () => {
  wrong.unbroadcast = (b) => withoutSums(b, nothing);
  const repeating = opSamples.filter(
    ({ op, operands, type }) =>
      ["broadcast", "add", "multiply", "power", "select", "maximum"].includes(op) &&
      type === "f32" &&
      operands.some(({ shape }) => shape.length < 2 || shape.includes(1)),
  );
  const found = new Set(
    repeating.filter((sample) => derivativeProblem(sample) !== undefined).map(({ op }) => op),
  );
  expect([...found].sort()).toEqual(["add", "broadcast", "maximum", "multiply", "power", "select"]);
});

type Mistake = (b: GraphBuilder, part: Node) => Node | undefined;

/** Where a step's derivative may be wrong: each kind of part that it has. */
const places: Readonly<Record<string, (mistake: Mistake) => Body>> = {
  carries: (mistake) => (b, body) => ({
    ...body,
    carried: body.carried.map((own) => ({
      ...own,
      value: mistake(b, own.value) ?? b.zerosLike(own.value),
    })),
  }),
  slices: (mistake) => (b, body) => ({
    ...body,
    slices: body.slices.flatMap(({ position, value }) => {
      const part = mistake(b, value);
      return part === undefined ? [] : [{ position, value: part }];
    }),
  }),
  "products of constants": (mistake) => (b, body) => ({
    ...body,
    constants: body.constants.map((own) => ({
      ...own,
      products: own.products.flatMap((product) => {
        const [left, right] = product.inputs;
        const part = left === undefined ? undefined : mistake(b, left);
        if (part === undefined || right === undefined) return [];
        return [b.over(product, [part, right]) as typeof product];
      }),
    })),
  }),
  "sums of constants": (mistake) => (b, body) => ({
    ...body,
    constants: body.constants.map((own) => ({
      ...own,
      rest: own.rest === undefined ? undefined : mistake(b, own.rest),
    })),
  }),
};

describe.each([false, true])("of a scan (reverse: %s)", (reverse) => {
  const isFound = (): boolean => recurrenceProblem(reverse) !== undefined;

  it("there is nothing to find where nothing is wrong", () => {
    expect(isFound()).toBe(false);
  });

  const cases = Object.entries(places).flatMap(([place, at]) =>
    Object.entries(mistakes).map(
      ([name, mistake]) => [`${name} of ${place}`, at(mistake)] as const,
    ),
  );
  it.each(cases)("%s", (_, body) => {
    wrong.body = body;
    expect(isFound()).toBe(true);
  });

  it("products are missed that are not summed over the steps", () => {
    wrong.backward = (b) => withoutSums(b, nothing);
    expect(isFound()).toBe(true);
  });

  it("parts are missed that are not added up from step to step", () => {
    wrong.backward = (b) =>
      Object.assign(Object.create(b) as GraphBuilder, {
        add: (_: Node, right: Node) => right,
      });
    expect(isFound()).toBe(true);
  });
});
