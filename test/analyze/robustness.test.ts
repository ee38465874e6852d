// Hostile programs in; that each ends soon with a diagnostic or a model, never with an exception, out.
import { describe, expect, it } from "vitest";
import { check } from "./support.js";
import { processorTime } from "../support/processorTime.js";

const model = (body: string, before = ""): string =>
  `${before}\nmodel M {\n  input x: [batch, 4]\n  ${body}\n}`;
const chain = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

const programs: Readonly<Record<string, string>> = {
  "functions that call two others each": model(
    "output y = g0(x)",
    `${chain(40, (i) => `fn g${i}(x) = g${i + 1}(x) + g${i + 1}(x)`)}\nfn g40(x) = x`,
  ),
  "lists that double": model(
    "output y = x",
    `${chain(60, (i) => `const l${i} = [l${i + 1}, l${i + 1}]`)}\nconst l60 = 1`,
  ),
  "a thousand functions deep": model(
    "output y = f0(x)",
    `${chain(1000, (i) => `fn f${i}(x) = f${i + 1}(x)`)}\nfn f1000(x) = x`,
  ),
  "deep blocks in deep calls": model(
    "output y = f0(x)",
    `${chain(98, (i) => `fn f${i}(x) {\n${"if true {\n".repeat(40)}return f${i + 1}(x)\n${"}\n".repeat(40)}return x\n}`)}\nfn f98(x) = x`,
  ),
  "a billion turns": model("for i in range(1e9) { z = x }\n output y = x"),
  "loops in loops": model(
    "z = 0\n for i in range(9999) { for j in range(9999) { z = z + 1 } }\n output y = x * z",
  ),
  "twenty thousand layers": model(
    "z = x\n for i in range(20000) { z = z |> dense(4) }\n output y = z",
  ),
  "powers of powers": model("output y = x * 2 ^ 2 ^ 2 ^ 2 ^ 2 ^ 2"),
  "polynomials of dimensions":
    "model M { input x: [a, b, c, d]\n e = (a + b + c + d) ^ 8\n f = e * e * e\n output y = x }",
  "dimensions of 2^53":
    "model M { input x: [batch, 9007199254740991, 9007199254740991]\n output y = x }",
  "a function handed to itself": model("output y = apply(apply, x)", "fn apply(f, x) = f(f, x)"),
  "a layer that shares itself": model("shared a = l()\n output y = a(x)", "layer l(x) = x |> l()"),
  "names of the host language": model(
    "output y = x |> constructor()\n output z = toString(x)\n __proto__ = 3\n output w = __proto__ * x",
  ),
  "three thousand unknown names": model(chain(3000, (i) => `z${i} = q${i}(x)`)),
  "empty tensors": model(
    "output a = x + range(0)\n output b = x + []\n output c = x[:, 3:1]\n weight W: [4, 0] ~ normal(0, 1)\n output d = x @ W",
  ),
  "wrong kernels":
    "model M { input x: [batch, 8, 8, 3]\n output a = x |> conv2d(4, kernel: 0)\n output b = x |> conv2d(0, kernel: 3)\n output c = x |> conv2d(4, kernel: 3, stride: 0)\n output d = x |> conv2d(4, kernel: 3, groups: 2)\n output e = x |> max_pool2d(0) }",
  "nothing in a model": "model M { }",
  "training of what is not there": "train M { }\nsearch M { }",
  "constants in a circle": `const a = b\nconst b = a\n${model("output y = x * a")}`,
  "derivatives of nothing": model(
    "output a = grad(1, x)\n output b = grad(sum(x), 3)\n output c = grad(x > 0, x)\n output d = jacobian(sum(x), x)",
  ),
};

describe("hostile programs", () => {
  it.each(Object.entries(programs))("%s", (_, text) => {
    const before = processorTime();
    const { models, diagnostics } = check(text);
    // Five seconds at most for the longest, where nothing else runs.
    expect(processorTime() - before).toBeLessThan(10_000);
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    expect(errors.length === 0).toBe(models.length > 0);
    expect(diagnostics.length).toBeLessThanOrEqual(100);
  });
});

describe("a program with more mistakes than anybody reads", () => {
  const unknown = (count: number): string =>
    `model M {\n${Array.from({ length: count }, (_, at) => `y${at} = nothing${at}`).join("\n")}\n}`;
  it.each([
    [100, undefined],
    [101, "and 1 more mistake, not listed: mend these first"],
    [150, "and 50 more mistakes, not listed: mend these first"],
  ])("%i: says how many are not listed", (count, note) => {
    const { diagnostics } = check(unknown(count));
    expect(diagnostics).toHaveLength(100);
    expect(diagnostics.at(-1)?.notes.at(-1)).toBe(note);
  });
  it("those of an import are counted with the program's own", () => {
    const part = "const = 3\n".repeat(60);
    const text = `import { a } from "./a.nn"\nimport { b } from "./b.nn"\nmodel M { input x: [batch]  output y = x }`;
    const { diagnostics } = check(text, { readImport: () => part });
    expect(diagnostics).toHaveLength(100);
    expect(diagnostics.flatMap(({ notes }) => notes).join()).toMatch(/and 2\d more mistakes, not/);
  });
});
