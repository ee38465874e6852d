// Models, inputs and layers that are called as words of JavaScript are, in; modules that import and types that hold, out.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { compile } from "../../compiler/compile.js";
import { emit } from "../../compiler/emit/bundle.js";
import type { InferenceNet, Model } from "../../runtime/api.js";
import { typeProblems } from "../support/typeProblems.js";

const words = (
  "arguments as async await break case catch class const continue debugger declare default delete do else enum eval export " +
  "extends false finally for from function get if implements import in instanceof interface let module namespace new null of " +
  "package private protected public return set static super switch this throw true try type typeof undefined var void while " +
  "with yield any string number symbol globalThis NaN Infinity Error Object Promise Float32Array Array Math URL options plan " +
  "cpu given weights kernels load Model ModelTypes TrainingNet eval_ constructor toString hasOwnProperty valueOf __proto__"
).split(" ");

const folder = mkdtempSync(join(tmpdir(), "nnc-names-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const modelOf = (word: string): string =>
  `model ${word} { input x: [batch, 2]  output y = x |> dense(1)  loss y ^ 2 }
train ${word} { optimizer sgd(lr: 0.1)  batch 2 }`;
const plainModel = (word: string): string =>
  `model ${word} { input x: [batch, ${word}]  output y = x[:, 0] * 2 }`;

/** What the grammar takes as a name, of these words. */
const names = words.filter((word) => compile(plainModel(word)).models.length === 1);

async function write(text: string, stem: string, minify = true): Promise<void> {
  const { models, diagnostics } = compile(text, { file: `${stem}.nn` });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  for (const [name, content] of Object.entries(await emit(models, { minify, entry: "training" })))
    writeFileSync(join(folder, name), content);
}

type Models = Record<string, Model<InferenceNet>>;

it("words of the languages may name models", async () => {
  expect(names.length).toBeGreaterThan(40);
  await write(names.map(plainModel).join("\n"), "words");
  await write(names.slice(0, 9).map(plainModel).join("\n"), "small", false);
  for (const [stem, own] of [
    ["words", names],
    ["small", names.slice(0, 9)],
  ] as const) {
    const models = (await import(pathToFileURL(join(folder, `${stem}.train.js`)).href)) as Models;
    for (const name of own) {
      expect(models[name]?.name).toBe(name);
      // Without weights, and with a dimension that no record has but its own.
      const net = await models[name]?.load({ backend: "cpu", seed: 1 });
      expect(await net?.predict({ x: [[1, 2, 3]] }), name).toEqual({ y: new Float32Array([2]) });
      net?.destroy();
    }
  }
  const models = (await import(pathToFileURL(join(folder, "words.train.js")).href)) as Models;
  const net = await models["eval"]?.load({ backend: "cpu", seed: 1 });
  expect((await net?.predict({ x: [[1, 2]] }))?.["y"]).toHaveLength(1);
  const imports = names.map((name, index) => `${name} as net${index}`).join(", ");
  const uses = names.map((_, index) => `void net${index}.load({ seed: 1 });`).join("\n");
  expect(typeProblems(folder, `import { ${imports} } from "./words.train.js";\n${uses}`)).toEqual(
    [],
  );
}, 60_000);

/** Among the first are those that objects have by themselves. */
const members = names
  .filter((name) => name.length > 4 && !/^[A-Z]/.test(name) && name !== "eval_")
  .filter((name, index) => index % 4 === 0 || name in Object.prototype)
  .filter((name) => compile(memberModel(name)).models.length === 1);

function memberModel(word: string): string {
  return `model M { input ${word}: [batch, 2]  output out = ${word} |> dense(1, name: "${word}")  loss out ^ 2 }
train M { optimizer sgd(lr: 0.1)  batch 2  epochs 1 }`;
}

it("and inputs and layers", async () => {
  expect(members.length).toBeGreaterThan(10);
  for (const [index, word] of members.entries()) await write(memberModel(word), `member${index}`);
  for (const [index, word] of members.entries()) {
    const { M } = (await import(
      pathToFileURL(join(folder, `member${index}.train.js`)).href
    )) as Models;
    const net = await M?.load({ backend: "cpu", seed: 1 });
    const given = Object.fromEntries([[word, [1, 2]]]);
    expect((await net?.predict(given))?.["out"], word).toHaveLength(1);
    expect(await net?.read(`${word}.W`), word).toHaveLength(2);
    const lacking = await net?.predict({}).catch((error: unknown) => (error as Error).message);
    expect(lacking, word).toContain(`needs "${word}"`);
    await (net as unknown as { fit(data: object): Promise<unknown> }).fit(given);
    net?.destroy();
  }
  const lines = members.map((word, index) =>
    word === "__proto__"
      ? ""
      : `import { M as M${index} } from "./member${index}.train.js";
{ const net = await M${index}.load({ seed: 1 }); void net.predict({ ${word}: [1, 2] }); void net.read("${word}.W"); }`,
  );
  expect(typeProblems(folder, lines.join("\n"))).toEqual([]);
}, 60_000);

it("a generated net is one of the general types", async () => {
  await write(modelOf("Reg"), "reg");
  expect(
    typeProblems(
      folder,
      `import { Reg, type TrainingNet, type InferenceNet } from "./reg.train.js";
const net: TrainingNet = await Reg.load({ seed: 1 });
const other: InferenceNet = net;
const general = (net: TrainingNet): Promise<object> => net.predict({ x: [1, 2] });
void general(await Reg.load({ seed: 2 }));
void other;`,
    ),
  ).toEqual([]);
}, 60_000);
