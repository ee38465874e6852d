// Programs that write a whole number as a float wherever one is wanted; the same models as with integers out.
import { describe, expect, it } from "vitest";
import { printGraph } from "../../compiler/graph/print.js";
import { check } from "./support.js";

const body = (line: string): string => `
  fn picked(x: [n, m], t: u32[k]) = take(x, t)
  model M {
    input x: [batch, 8]
    target y: [batch]
    param w: [8] = 1
    ${line}
    loss mse(x @ w, y)
  }`;

const trained = (line: string): string =>
  `${body("output z = x")}\ntrain M { validation 0.1 ${line} }`;

const places: readonly (readonly [name: string, text: (two: string) => string])[] = [
  ["patience", (n) => trained(`optimizer adam() stop_early(patience: ${n})`)],
  ["repeat", (n) => trained(`minimize mse on all with adam() repeat ${n}`)],
  ["plateau", (n) => trained(`optimizer sgd(lr: plateau(0.5, ${n}))`)],
  ["epochs", (n) => trained(`optimizer adam() epochs ${n}`)],
  ["batch", (n) => trained(`optimizer adam() batch ${n}`)],
  ["seed", (n) => trained(`optimizer adam() seed ${n}`)],
  ["accumulate", (n) => trained(`optimizer adam() accumulate ${n}`)],
  [
    "trials",
    (n) => `model M(k = 0.1) { input x: [batch, 8]
      param w: [8] = k
      loss mean(x @ w) }
      train M { optimizer adam()  validation 0.1 }
      search M { trials ${n} k ~ uniform(0, 1) minimize validation.loss }`,
  ],
  ["units", (n) => body(`output z = dense(x, ${n})`)],
  ["shape", (n) => body(`output z = zeros([${n}, 4]) + mean(x)`)],
  ["axis", (n) => body(`output z = sum(x[..., new], axis: ${n})`)],
  ["an index", (n) => body(`output z = x[:, ${n}]`)],
  ["a list of indices", (n) => body(`output z = x[:, [1, ${n}]]`)],
  ["an index from the end", (n) => body(`output z = x[:, [-1, -${n}]]`)],
  ["a slice", (n) => body(`output z = x[:, ${n}:8:${n}]`)],
  ["take", (n) => body(`output z = take(x, ${n}, axis: 1)`)],
  ["take of a list", (n) => body(`output z = take(x, [0, ${n}], axis: 1)`)],
  ["scatter_add", (n) => body(`output z = scatter_add(x, ${n}, 5, axis: 1)`)],
  ["one_hot", (n) => body(`output z = one_hot(${n}, 4) + mean(x)`)],
  ["one_hot of a list", (n) => body(`output z = one_hot([0, ${n}], 4) + mean(x)`)],
  ["a typed parameter", (n) => body(`output z = picked(x, [0, ${n}])`)],
  ["range", (n) => body(`output z = sum(range(${n}, 8, ${n})) + mean(x)`)],
  ["classes", (n) => body(`input t: category(${n})[batch]\n output z = one_hot(t, ${n})`)],
  ["a recurrence's axis", (n) => body(`output z = scan u in x[:, new] along ${n} { yield u }`)],
  ["split", (n) => body(`a, b = split(x, ${n}, axis: 1)\n output z = a + b`)],
  ["pad", (n) => body(`output z = pad(x, [[0, 0], [${n}, 0]])`)],
];

/** All that an analysis says, graphs as text, places in the source left out. */
function meaning(text: string): string {
  const { models, diagnostics } = check(text);
  const told = diagnostics.filter(({ severity }) => severity === "error");
  const parts = models.map(({ stages, searches, training, inference }) => [
    JSON.stringify([stages, searches], (key, value: unknown) =>
      key === "place" || key === "settings" ? 0 : value,
    ),
    printGraph([...training.losses, ...inference.outputs]),
  ]);
  return JSON.stringify([told.map(({ message }) => message), parts]);
}

describe("a whole float", () => {
  it.each(places)("is a whole number where %s wants one", (_, text) => {
    const asInteger = meaning(text("2"));
    expect(JSON.parse(asInteger)).toMatchObject([[], [{}]]);
    expect(meaning(text("2.0"))).toBe(asInteger);
    expect(meaning(text("0.2e1"))).toBe(asInteger);
  });

  it.each(places)("that is none is no whole number where %s wants one", (_, text) => {
    expect(check(text("2.5")).diagnostics.some(({ severity }) => severity === "error")).toBe(true);
  });
});
