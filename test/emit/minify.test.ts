// Shaders as they are printed in; short ones that compute the same bits, out.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile.js";
import { emit } from "../../compiler/emit/bundle.js";
import { minifyShaders, minifyWgsl } from "../../compiler/emit/minifyWgsl.js";
import { planLiteral, seldomKernels, shaderList } from "../../compiler/emit/planLiteral.js";
import { withoutVariants } from "../../compiler/emit/variants.js";
import { load } from "../../runtime/index.js";
import { alone, inSubgroups } from "../../runtime/ways.js";
import type { Plan } from "../../runtime/plan.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";

function body(lines: string): string {
  const text = minifyWgsl(`@compute @workgroup_size(1)\nfn main() {\n${lines}\n}`);
  // Storages are called by their bindings.
  return text.slice(text.indexOf("{") + 1, -1).replace(/\b_(\d)\b/g, "b$1");
}

it("directives keep what the language names", () => {
  const directives = "enable subgroups;requires subgroup_id;";
  const main =
    "@compute @workgroup_size(1) fn main(@builtin(subgroup_id) subgroup_id: u32) { b[subgroup_id] = 1.0; }";
  expect(minifyWgsl(`${directives}\n${main}`)).toMatch(
    /^enable subgroups;requires subgroup_id;.*@builtin\(subgroup_id\)(\w):u32\)\{b\[\1\]=1\.;\}$/,
  );
});

describe("a value that is used once", () => {
  it("stands where it is used, in parentheses where it must", () => {
    expect(body("let j1 = 2; let j2 = j1 + 1; let j3 = j2 * 3; b1[j3] = 0.5;")).toBe(
      "b1[(2+1)*3]=.5;",
    );
    expect(body("let n = i32(words[0].x); let j = n - 1; let k = 4 - j; b1[k] = 1.0;")).toBe(
      "b1[4-(i32(words[0].x)-1)]=1.;",
    );
    expect(body("let n = 8; let j = n / 2; let k = 3 + j + 1; b1[k] = 1.0;")).toBe(
      "b1[3+8/2+1]=1.;",
    );
  });

  it("stays where a quad loads it together", () => {
    const load = "fn quad_b1(at: i32, by: i32) -> vec4<f32> { return vec4<f32>(b1[at + by]); }";
    const text = "let q1 = quad_b1(4, 1); if (n > 2) { b2[0] = q1.x; }";
    expect(body(`${text} ${load}`)).toMatch(/^let (\w)=(\w+)\(4,1\);if\(n>2\)\{b2\[0\]=\1\.x;/);
  });

  it("stays where a subgroup meets, and does what it did with subgroups and without", () => {
    const both = `
      //+ let peers1 = subgroupAdd(1);
      //+ acc = subgroupAdd(acc);
      //+ for (var o = 0; o < 64; o += peers1) { acc = acc + b1[o]; }
      //-
      acc = acc + b1[0];
      //=
      acc = acc + 1.0;`;
    const text = body(`var acc: f32 = 0.5; ${both}`);
    expect(text).toBe(
      "var a=.5;//+let b=subgroupAdd(1);a=subgroupAdd(a);for(var c=0;c<64;c+=b){a+=b1[c];}//-\n" +
        "a+=b1[0];//=\na+=1.;",
    );
    expect(inSubgroups(text)).toBe(
      "enable subgroups;var a=.5;let b=subgroupAdd(1);a=subgroupAdd(a);" +
        "for(var c=0;c<64;c+=b){a+=b1[c];}\na+=1.;",
    );
    const once = "let v = subgroupAdd(acc); if (acc > 2.0) { b1[0] = v; }";
    expect(body(`var acc: f32 = 0.5; ${once}`)).toContain("let b=subgroupAdd(a);if(");
  });

  it("stays in the way of those that compute it, together in a workgroup or each by itself", () => {
    const both = `
      //* for (var k = 0; k < n; k++) {
      //*   acc = acc + b1[k];
      //* }
      //<
      workgroupBarrier();
      acc = acc + staged1[n];
      //>
      acc = acc + 1.0;`;
    const text = body(`var acc: f32 = 0.5; let n = 3; ${both}`);
    expect(text).toBe(
      "var a=.5;let b=3;//*for(var c=0;c<b;c++){a+=b1[c];}//<\n" +
        "workgroupBarrier();a+=staged1[b];//>\na+=1.;",
    );
    expect(alone(text)).toBe("var a=.5;let b=3;for(var c=0;c<b;c++){a+=b1[c];}\na+=1.;");
  });

  it("stays before a loop, and before what may change it", () => {
    const loop = "let j = n / 3; for (var k = 0; k < 9; k++) { b1[k] = b2[j]; }";
    expect(body(loop)).toContain("=n/3;for(");
    const overwritten = "let x = b1[0]; b1[0] = 2.0; b1[1] = x;";
    expect(body(overwritten)).toMatch(/let (\w)=b1\[0\];b1\[0\]=2\.;b1\[1\]=\1;/);
    const changing = "var acc: f32 = 0.0; let x = acc; acc = 2.0; b1[0] = x;";
    expect(body(changing)).toMatch(/let (\w)=(\w);\2=2\.;b1\[0\]=\1;/);
  });

  it("stays where it is a sum of floats, so that nothing is rounded otherwise", () => {
    expect(body("let x1 = b1[0] * b1[1]; b1[2] = x1 + b1[3];")).toMatch(/let (\w)=.*;b1\[2\]=\1\+/);
  });
});

describe("a value that is stored as it is", () => {
  it("is computed where it is stored, sums of floats too", () => {
    expect(body("let x1 = b1[0] + b2[0]; let j = 3; b1[j] = x1;")).toBe("b1[3]=b1[0]+b2[0];");
    const sums = "var acc: f32 = 0.0; acc = acc + b2[1]; let x1 = acc + b2[0]; b1[0] = x1;";
    expect(body(sums)).toBe("var a=0.;a+=b2[1];b1[0]=a+b2[0];");
  });

  it("is not where it would be another one", () => {
    const changed =
      "var acc: f32 = 0.0; let x1 = acc + b2[0]; acc += 2.0; b1[0] = x1; b1[1] = acc;";
    expect(body(changed)).toMatch(/let (\w)=a\+b2\[0\];a\+=2\.;b1\[0\]=\1;/);
    const component = "var v: vec2<f32> = b2[0]; let x1 = v.x; v.x = 2.0; b1[0] = x1; b1[1] = v.x;";
    expect(body(component)).toContain("let b=a.x;a.x=2.;b1[0]=b;");
    const loop =
      "var n: f32 = 1.0; let x1 = n + 1.0; for (var k = 0; k < 9; k++) { b1[k] = x1; n += 1.0; } b1[9] = n;";
    expect(body(loop)).toMatch(/let (\w)=a\+1\.;for\(.*=\1;/);
    const twice = "let x1 = b2[0] + 1.0; b1[0] = x1; b1[1] = x1;";
    expect(body(twice)).toMatch(/^let (\w)=/);
  });
});

it("vectors have short types, and blocks that hold nothing but a block are one", () => {
  const text =
    "var v: vec4<f32> = vec4<f32>(0.0); if (n > 2) { { let j = v.x; b1[0] = j; b1[1] = j; } }";
  expect(body(text)).toBe("var a=vec4f(0.);if(n>2){let b=a.x;b1[0]=b;b1[1]=b;}");
  expect(body("{ { b1[0] = 1.0; } b1[1] = 2.0; }")).toBe("{b1[0]=1.;}b1[1]=2.;");
});

it("names differ from each other and from the language's, however many there are", () => {
  const count = 5000;
  const lines = Array.from({ length: count }, (_, at) => `var v${at}: f32 = b1[${at}];`);
  const names = [...body(lines.join("\n")).matchAll(/var (\w+)/g)].map(([, name]) => name);
  expect(new Set(names).size).toBe(count);
  expect(names.filter((name) => /^([a-z]{2,}|[iuf](8|16|32|64))$/.test(name ?? ""))).toEqual([]);
});

it("conditions on one bound value are merged, others are not", () => {
  const text = body(
    "let c1 = b1[0] < 1.0; if (c1) { b1[1] = 1.0; } if (c1) { b1[2] = 1.0; } if (b1[3] < 1.0) { b1[3] = 2.0; } if (b1[3] < 1.0) { b1[4] = 2.0; }",
  );
  expect(text.match(/if\(/g)).toHaveLength(3);
});

describe("shaders of one file", () => {
  const loop =
    "var total: f32 = 0.0; for (var k = 0; k < 9; k++) { let x = b1[k]; total = total + x * x; } b2[0] = total;";
  const shader = (lines: string): string =>
    `@group(0) @binding(1) var<storage, read> b1: array<f32>;\n@compute @workgroup_size(1)\nfn main() {\n${lines}\n}`;

  it("have the same names where they are alike", () => {
    const before = "let y = b1[7]; b2[1] = y; b2[2] = y;";
    const [first = "", second = ""] = minifyShaders([shader(before + loop), shader(loop)]);
    const like = /for.*?;(?=\w\+=)/.exec(first)?.[0] ?? "none";
    expect(like).toMatch(/^for\(var c=.*let d=/);
    expect(second).toContain(like);
  });

  it("never take a name that stands for something else there", () => {
    const around = `var t: f32 = b1[8]; var u: f32 = b1[9]; { ${loop} } b2[1] = t + u;`;
    const [, second = ""] = minifyShaders([shader(loop), shader(around)]);
    const names = [...second.matchAll(/(?:var|let) (\w+)/g)].map(([, name]) => name);
    expect(names).toHaveLength(5);
    expect(new Set(names).size).toBe(5);
  });

  it("leave out the storages that their bindings tell, unless one has a length or directives come first", () => {
    const text = shader(loop);
    expect(minifyWgsl(text)).toMatch(/^@compute.*_1\[/);
    for (const other of [text.replace("array<f32>", "array<f32, 9>"), `enable subgroups;\n${text}`])
      expect(minifyWgsl(other)).toContain("@binding(1)var<storage,read>_1:array<f32");
  });
});

/** All kernels minified, those that only some calls need apart, and everything that a bundle leaves out. */
function minified(plan: Plan): Plan {
  const seldom = seldomKernels(plan);
  // The texts are our own printer's; modules of them are what a bundle holds.
  const shaders = (0, eval)(shaderList(plan, seldom)) as string[];
  const open = (0, eval)(`(later) => (${planLiteral(plan, "small", seldom)})`) as (
    later: (place: number) => () => Promise<string | undefined>,
  ) => Plan;
  return open((place) => () => Promise.resolve(shaders[place]));
}

const everything = `
model Everything {
  input x: [batch, 12]
  input kind: category(5)[batch]
  input noise: [batch, 12] ~ normal(0, 1)
  target y: [batch, 3]
  z = concat([x, one_hot(kind, 5)], axis: -1) |> dense(24, activation: gelu) |> layer_norm()
  h = z |> dense(16, activation: tanh) |> dropout(0.25)
  output out = h |> dense(3) |> softmax()
  output far = round(sin(x + noise) * 3) + sum(x, axis: -1, keep: true)
  loss sum((out - y) ^ 2, axis: -1)
  metric close = abs(out - y) < 0.5
}
train Everything { optimizer adam(lr: 0.01)  batch 6  epochs 1  seed 3  clip_norm 1 }
`;

const digits = `
model Digits {
  input image: [batch, 8, 8, 1]
  target label: category(4)[batch]
  output logits = image |> conv2d(8, kernel: 3, activation: relu) |> flatten() |> dense(4)
  loss cross_entropy(logits, label)
}
train Digits { optimizer sgd(lr: 0.01)  batch 64  epochs 1  seed 3 }
`;

/** With variants, and without: kernels that have none are fetched where only some calls need them. */
const programs: readonly [string, string, (plan: Plan) => Plan][] = [
  ["everything", everything, withoutVariants],
  ["digits", digits, (plan) => plan],
];

describeGpu("minified shaders", () => {
  it.each(programs)("of %s compute the same bits", async (name, source, change) => {
    const { models, diagnostics } = compile(source, { file: `${name}.nn` });
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
    const whole = models[0]?.training.plan;
    if (!whole) throw new Error("no model");
    const plan = change(whole);
    expect(seldomKernels(plan).length > 0).toBe(name === "everything");
    const inQuads = plan.kernels.filter(({ variants }) => variants?.software?.quads);
    expect(inQuads.length > 0).toBe(name === "digits");
    const results: Record<string, unknown>[] = [];
    for (const version of [plan, minified(plan)]) {
      const net = await load(version, {
        backend: "webgpu",
        device: await softwareDevice(),
        seed: 5,
      });
      const data = dataFor(plan, 6);
      await net.step(data);
      const predicted = await net.predict(inputsOf(plan, data), { seed: 4 });
      results.push({ ...predicted, ...(await net.report()), file: await net.save() });
      net.destroy();
    }
    expect(results[1]).toEqual(results[0]);
  });
});

function dataFor(plan: Plan, batch: number): Record<string, Float32Array | Uint32Array> {
  const given = plan.inputs.filter(({ source }) => source === "given");
  return Object.fromEntries(
    given.map(({ name, shape, categories }) => {
      const count = shape.reduce<number>(
        (size, axis) => size * (axis === "batch" ? batch : Number(axis)),
        1,
      );
      const data =
        categories === undefined
          ? Float32Array.from({ length: count }, (_, at) => Math.sin(at * 1.7) * 2)
          : Uint32Array.from({ length: count }, (_, at) => at % categories);
      return [name, data];
    }),
  );
}

function inputsOf(plan: Plan, data: Record<string, Float32Array | Uint32Array>): typeof data {
  const names = plan.inputs.filter(({ role }) => role === "input").map(({ name }) => name);
  return Object.fromEntries(Object.entries(data).filter(([name]) => names.includes(name)));
}

// 12 kB until every call had error scopes and copies of its own, 13 until weights compiled in were read wherever they lie,
// numbers of files and seeds were checked, and options that are unknown refused, 13.5 until live dimensions were held to what the
// program reads, 13.6 until what is carelessly given (no object, a promise, a path, an array whose buffer is gone), drivers that
// never answer and memory that ends were told in words: what must not go wrong in an app comes first. 14.3 until temporaries were
// laid out in one memory when sizes are known, which takes a third less of it, 14.7 until dispatches were
// given where their parameters lie: a net of equal layers is far shorter for it. 16 until predictions remembered what follows from
// the names and sizes that they are given: one example took twice as long. Adapters in software are asked whether their subgroups
// load together. 16.6 until several threads could be asked for, 16.5 until words of refusals had a file of their own, and so had what reads unusual weights files.
it("lenet's inference module takes less than 13.1 kB compressed", async () => {
  const source = readFileSync("examples/programs/lenet.nn", "utf8");
  const { models } = compile(source, { file: "lenet.nn" });
  const files = await emit(models, { entry: "inference", minify: true });
  expect(gzipSync(files["lenet.js"] ?? "", { level: 9 }).length).toBeLessThan(13_100);
});

// What `fit` on the GPU without options downloads. 46 kB until what only refusals and seldom calls need had files of their own. Each
// has 0.1 kB more since devices are asked for subgroups and given shaders that use them. 0.4 kB more since steps wait
// for copies of a caller's buffers, snapshots hold what was written, and errors are of one class. 0.2 kB more since shaders hold what
// adapters in software compute in place of barriers, whose pipelines take a third of a second each there.
it.each([
  ["w1's", "bench/programs/w1.nn", 29_950],
  ["lenet's", "examples/programs/lenet.nn", 33_900],
])("%s training module is as small as it became", async (_name, file, most) => {
  const { models } = compile(readFileSync(file, "utf8"), { file });
  const files = await emit(models, { entry: "training", minify: true, file: "small.nn" });
  expect(gzipSync(files["small.train.js"] ?? "", { level: 9 }).length).toBeLessThan(most);
});

it("w1's inference module takes less than 12.5 kB compressed", async () => {
  const { models } = compile(readFileSync("bench/programs/w1.nn", "utf8"), { file: "w1.nn" });
  const files = await emit(models, { entry: "inference", minify: true });
  expect(gzipSync(files["w1.js"] ?? "", { level: 9 }).length).toBeLessThan(12_500);
});
