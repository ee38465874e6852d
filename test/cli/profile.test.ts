// In: small programs; out: that `nnc profile` times each of their dispatches, and says what each computes and how much.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compile } from "../../compiler/index.js";
import type { CompiledModel } from "../../compiler/index.js";
import { measureCpuCeilings } from "../../cli/profile/cpuCeilings.js";
import { dispatchFacts } from "../../cli/profile/dispatches.js";
import { clockMeter } from "../../cli/profile/meter.js";
import { withSingles } from "../../cli/profile/single.js";
import { importKernels } from "../../cli/session.js";
import { runProgram } from "../../cli/program.js";
import type { TrainingBackend } from "../../runtime/backend.js";
import { createCpuBackend } from "../../runtime/cpu.js";
import type { Plan } from "../../runtime/plan.js";
import { makeRun } from "../../runtime/session.js";
import { initialize } from "../../runtime/train/initialize.js";
import { openSession } from "../../runtime/train/open.js";
import { softwareEnvironment, softwareExpected } from "../../scripts/software.mjs";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const source = `model Net {
  input x: [batch, 20]
  target y: category(4)[batch]
  h = x |> dense(12, activation: relu, name: "first")
  logits = h |> dense(4, name: "second")
  output logits
  loss cross_entropy(logits, y)
}
train Net { optimizer adam(lr: 0.01)  batch 8  epochs 1  seed 1 }
`;

interface Profiled {
  readonly model: string;
  readonly program: string;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly method: string;
  readonly place: string;
  readonly rounds: number;
  readonly milliseconds: number;
  readonly whole: number;
  readonly ceilings: { readonly gigaflops: number; readonly gigabytes: number };
  readonly dispatches: readonly {
    readonly purposes: readonly string[];
    readonly places: readonly string[];
    readonly layers: readonly string[];
    readonly milliseconds: number;
    readonly below?: number;
    readonly share: number;
    readonly flops: number;
    readonly bytes: number;
    readonly gigaflops?: number;
    readonly ofMultiplyAdds?: number;
  }[];
}

function compiled(text: string): CompiledModel {
  const [model] = compile(text, { file: "net.nn" }).models;
  if (model === undefined) throw new Error("the program does not compile");
  return model;
}

const stepOf = ({ stages }: Plan): number => stages[0]?.objectives[0]?.program ?? -1;

async function profile(...options: readonly string[]) {
  const terminal = recorder();
  const args = ["profile", folder.put("net.nn", source), "--seconds", "1", ...options];
  const code = await runProgram(args, { terminal, version: "0" });
  return { code, text: terminal.written.join(""), notes: terminal.notes.join("\n") };
}

function expectWhole(profiled: Profiled, dispatches: number): void {
  expect(profiled.dispatches).toHaveLength(dispatches);
  expect(profiled.milliseconds).toBeGreaterThan(0);
  const shares = profiled.dispatches.reduce((sum, { share }) => sum + share, 0);
  expect(shares).toBeCloseTo(1, 6);
  expect(profiled.rounds).toBeGreaterThanOrEqual(1);
  expect(profiled.whole).toBeGreaterThan(0);
  for (const dispatch of profiled.dispatches) {
    const { milliseconds, below, flops, gigaflops = -1, ofMultiplyAdds } = dispatch;
    if (below !== undefined) {
      expect(dispatch).not.toHaveProperty("gigaflops");
      continue;
    }
    expect(gigaflops).toBeCloseTo(flops / milliseconds / 1e6, 6);
    expect(ofMultiplyAdds).toBeCloseTo(gigaflops / profiled.ceilings.gigaflops, 6);
  }
}

describe("nnc profile", () => {
  test("times each dispatch of a step on the CPU, with its lines and layers", async () => {
    const { code, text } = await profile("--backend", "cpu", "--json");
    expect(code).toBe(0);
    const profiled = JSON.parse(text) as Profiled;
    const { plan } = compiled(source);
    expect(profiled).toMatchObject({ model: "Net", dimensions: { batch: 8 } });
    expect(profiled.program).toBe(plan.programs[stepOf(plan)]?.name);
    const dispatches = plan.programs[stepOf(plan)]?.dispatches ?? [];
    expectWhole(profiled, dispatches.flatMap((one) => one.joint ?? one).length);
    expect(profiled.method).toContain("by the clock");
    // Every kernel of a step comes from lines of the source, gradients and the update included.
    expect(profiled.dispatches.filter(({ places }) => places.length === 0)).toEqual([]);
    const lines = new Set(profiled.dispatches.flatMap(({ places }) => places));
    for (const line of ["net.nn:4", "net.nn:5", "net.nn:7", "net.nn:9"])
      expect(lines).toContain(line);
    expect(profiled.dispatches.flatMap(({ layers }) => layers)).toContain("first");
    // Dispatches of microseconds have their times too, as many of them are timed at once.
    expect(profiled.dispatches.filter(({ milliseconds }) => milliseconds === 0)).toEqual([]);
  });

  test("takes another program and batch, and prints a table, the dearest first", async () => {
    const given = ["--program", "predict", "--batch", "64", "--backend", "cpu"];
    const { code, text } = await profile(...given);
    expect(code).toBe(0);
    expect(text).toMatch(/^Net, program predict, batch 64, on the CPU \(the CPU was asked for\)\n/);
    expect(text).toMatch(
      /\nlines +layers +for +dispatch +ms +share +GFLOP\/s +of most +GB\/s +of most\n/,
    );
    expect(text).toMatch(/\nnet\.nn:4 +first +forward +\d/);
    expect(text).toContain("ceilings of this device, the most seen now: ");
    // On a busy machine some have a bound alone, and no share.
    const times = [...text.matchAll(/^net\.nn:\d+.*? +\d+ +([^<\s]+) +\S+ %/gm)].map(([, ms]) =>
      Number(ms),
    );
    expect(times.length).toBeGreaterThan(0);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  test("takes parts of a second, and refuses what is no time", async () => {
    const given = ["--backend", "cpu", "--json", "--seconds"];
    const { code, text } = await profile(...given, "0.05");
    expect(code).toBe(0);
    expectWhole(JSON.parse(text) as Profiled, (JSON.parse(text) as Profiled).dispatches.length);
    for (const wrong of ["0", "-1", "soon", "1e3", "."]) {
      const refused = await profile(...given, wrong);
      expect(refused.code).toBe(2);
      expect(refused.notes).toContain("a number above 0 is wanted, such as 0.5.");
    }
  });

  test("ends soon after its time where one run takes longer, and says so", async () => {
    const start = performance.now();
    const given = ["--backend", "cpu", "--json", "--seconds", "0.01", "--batch", "100000"];
    const { code, text, notes } = await profile(...given);
    expect(code).toBe(0);
    const profiled = JSON.parse(text) as Profiled;
    expect(profiled.rounds).toBe(1);
    expect(notes).toMatch(
      /a run takes .* s, so that each dispatch was timed hardly more than once/,
    );
    // The undivided run and one of each dispatch, beside what is compiled and the ceilings.
    expect(performance.now() - start).toBeLessThan(10 * profiled.whole + 15_000);
  });

  test.each(["10000000000", "1000000000000"])("tells of memory at a batch of %s", async (batch) => {
    const { code, notes } = await profile("--backend", "cpu", "--batch", batch);
    expect(code).toBe(3);
    expect(notes).toMatch(/not enough memory for .* of a run; a smaller batch needs less/);
  });

  test("names the programs where there is none of that name", async () => {
    const { code, notes } = await profile("--program", "guess");
    expect(code).toBe(2);
    expect(notes).toContain('Net has no program "guess"');
    expect(notes).toMatch(/its programs: .*predict.*; --program NAME takes one/);
  });

  test.each([
    ["model None { }\n", "None computes nothing: there is nothing to profile", "an `output` in it"],
    [
      "model Bare { input x: [batch]  loss mse(x, 0 * x) }\n",
      "Bare has neither a training step nor an output",
      "its programs: ",
    ],
  ])("says what a model lacks that has neither steps nor outputs: %s", async (text, what, hint) => {
    const terminal = recorder();
    const file = folder.put("bare.nn", text);
    expect(await runProgram(["profile", file], { terminal, version: "0" })).toBeGreaterThan(0);
    const notes = terminal.notes.join("\n");
    expect(notes).toContain(what);
    expect(notes).toContain(hint);
    expect(notes).not.toContain('predict"');
  });

  test.skipIf(!softwareExpected)(
    "times each dispatch by timestamps on the software adapter",
    () => {
      const file = folder.put("net.nn", source);
      const command = join(root, "build/command/main.js");
      const args = [command, "profile", file, "--backend", "webgpu", "--seconds", "1", "--json"];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        encoding: "utf8",
        env: { ...process.env, ...softwareEnvironment() },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const profiled = JSON.parse(stdout) as Profiled;
      expect(profiled.method).toContain("timestamps");
      expect(profiled.place).toMatch(/^WebGPU on /);
      expectWhole(profiled, profiled.dispatches.length);
      expect(profiled.dispatches.length).toBeGreaterThan(0);
      // What takes milliseconds together takes about that undivided: no timestamp is of another pass.
      expect(profiled.milliseconds).toBeLessThan(20 * profiled.whole);
    },
  );
});

test("dispatches one by one do what the program does, bit for bit", async () => {
  const model = compiled(source);
  const program = stepOf(model.plan);
  const planned = model.plan.programs[program];
  if (planned === undefined) throw new Error("there is no step");
  const single = withSingles(model.plan, planned);
  const kernels = await importKernels(model.cpu);
  const dimensions = { batch: 8 };
  const inputs = new Map<string, Float32Array | Uint32Array>([
    ["x", Float32Array.from({ length: 160 }, (_, at) => Math.sin(at))],
    ["y", Uint32Array.from({ length: 8 }, (_, at) => at % 4)],
  ]);
  const parametersAfter = async (programs: readonly number[]): Promise<unknown[]> => {
    const session = await openSession(single.plan, {
      backend: "cpu",
      openCpu: (precision) => Promise.resolve(createCpuBackend(single.plan, kernels, precision)),
    });
    await initialize(session, 1);
    for (const index of programs) {
      session.backend.submit(makeRun(session, index, { dimensions, inputs, seed: 1 }));
      await session.backend.settled();
    }
    const { storages } = single.plan;
    return Promise.all(
      storages.map(({ elements }, at) => session.backend.readRange(at, 0, elements)),
    );
  };
  const before = await parametersAfter([]);
  const whole = await parametersAfter([program]);
  for (const singles of Object.values(single.singles)) {
    const parts = await parametersAfter([single.upload, single.nothing, ...singles]);
    expect(parts).toEqual(whole);
  }
  expect(whole).not.toEqual(before);
});

describe("the operations of a dispatch", () => {
  const image = 28;
  const kernel = 5;
  /** Pairs of a place and a tap of the kernel that lie in the image, along one axis. */
  const inside = Array.from({ length: image }, (_, place) =>
    Array.from({ length: kernel }, (_, tap) => place + tap - 2),
  )
    .flat()
    .filter((at) => at >= 0 && at < image).length;
  const facts = (padding: string) => {
    const model = compiled(`model M {
      input x: [batch, ${image}, ${image}, 2]
      output y = conv2d(x, 8, kernel: ${kernel}, padding: "${padding}")
    }`);
    const program = model.plan.programs.findIndex(({ kind }) => kind === "predict");
    return dispatchFacts(model, program, { batch: 3 }, "cpu");
  };

  test("leave out what padding does", () => {
    const [forward = 0] = facts("same").map(({ flops }) => flops);
    expect(inside).toBe(134);
    const sums = 3 * image ** 2 * 8;
    const products = 2 * 3 * 8 * 2 * inside ** 2;
    expect(forward).toBeGreaterThanOrEqual(products);
    expect(forward).toBeLessThanOrEqual(products + 2 * sums);
    const most = 2 * 3 * 8 * 2 * (image * kernel) ** 2;
    expect(products / most).toBeLessThan(0.92);
  });

  test("are all that there are where nothing is padded", () => {
    const [forward = 0] = facts("valid").map(({ flops }) => flops);
    const places = (image - kernel + 1) ** 2;
    const products = 2 * 3 * 8 * 2 * places * kernel ** 2;
    expect(forward).toBeGreaterThanOrEqual(products);
    expect(forward).toBeLessThanOrEqual(products + 2 * 3 * 8 * places);
  });
});

describe("the purpose of a dispatch", () => {
  const purposesIn = (text: string): readonly string[] => {
    const model = compiled(text);
    const facts = dispatchFacts(model, stepOf(model.plan), { batch: 8 }, "cpu");
    return facts.map(({ purposes }) => purposes.join());
  };

  test("is forward, then gradient, then update", () => {
    const purposes = purposesIn(source);
    expect(new Set(purposes.flatMap((one) => one.split(",")))).toEqual(
      new Set(["forward", "gradient", "update"]),
    );
    expect(purposes[0]).toBe("forward");
    const last = purposes.findLastIndex((one) => one.includes("update"));
    expect(last).toBeGreaterThan(purposes.indexOf("gradient"));
    // What comes first of the program's gradients follows what is computed of its data.
    expect(purposes.findIndex((one) => one.includes("gradient"))).toBeGreaterThan(0);
  });

  test("is monitor where only what is monitored is computed", () => {
    const watched = source.replace("seed 1 }", "seed 1  monitor gradient_norm }");
    expect(purposesIn(source)).not.toContain("monitor");
    expect(purposesIn(watched)).toContain("monitor");
  });

  test("is forward throughout where there is no training", () => {
    const model = compiled(source);
    const program = model.plan.programs.findIndex(({ kind }) => kind === "predict");
    const facts = dispatchFacts(model, program, { batch: 8 }, "cpu");
    expect(facts.map(({ purposes }) => purposes)).toEqual(facts.map(() => ["forward"]));
  });
});

test("what the GPU runs side by side is one dispatch there, which names all, and each its own on the CPU", () => {
  const model = compiled(source);
  const program = stepOf(model.plan);
  const [planned] = model.plan.programs.slice(program, program + 1);
  if (planned === undefined) throw new Error("there is no step");
  const single = withSingles(model.plan, planned);
  const facts = (["webgpu", "cpu"] as const).map((kind) => {
    const own = dispatchFacts(model, program, { batch: 8 }, kind);
    expect(own.length).toBe(single.singles[kind].length);
    return own;
  });
  const [onGpu = [], onCpu = []] = facts;
  expect(onGpu.length).toBeLessThan(onCpu.length);
  expect(onGpu.flatMap(({ name }) => name.split(" | "))).toEqual(onCpu.map(({ name }) => name));
  const [gpuWork, cpuWork] = facts.map((own) => own.reduce((sum, { flops }) => sum + flops, 0));
  expect(gpuWork).toBe(cpuWork);
});

describe("the bytes of a dispatch", () => {
  const bytesOf = (text: string, sizes: Readonly<Record<string, number>>): readonly number[] => {
    const model = compiled(text);
    const program = model.plan.programs.findIndex(({ kind }) => kind === "predict");
    return dispatchFacts(model, program, sizes, "cpu").map(({ bytes }) => bytes);
  };

  test("of a product: both matrices and the result, each element once", () => {
    const text = `model M {
      input x: [batch, 20]
      weight W: [20, 12] ~ normal(0, 1)
      output y = x @ W
    }`;
    const words = (batch: number): number => batch * 20 + 20 * 12 + batch * 12;
    expect(bytesOf(text, { batch: 8 })).toEqual([4 * words(8)]);
    expect(bytesOf(text, { batch: 100 })).toEqual([4 * words(100)]);
  });

  test("of one parameter's part of a storage: that part, not the others", () => {
    const text = `model M {
      input x: [batch, 3]
      param a: [3] = 1
      param b: [1000] = 1
      output y = x * a
      output z = sum(b)
    }`;
    expect(bytesOf(text, { batch: 5 })).toContain(4 * (15 + 3 + 15));
  });

  test("of an image under a window: no element more than the image has", () => {
    const text = `model M {
      input x: [batch, 10, 10, 1]
      output y = max_pool2d(x, 3, stride: 1, padding: "same")
    }`;
    expect(bytesOf(text, { batch: 2 })).toEqual([4 * (200 + 200)]);
  });
});

test("the ceilings of the CPU are measured in vectors, and lie where machines' do", async () => {
  const { gigaflops, gigabytes } = await measureCpuCeilings();
  expect(gigaflops).toBeGreaterThan(1);
  expect(gigaflops).toBeLessThan(1000);
  expect(gigabytes).toBeGreaterThan(0.2);
  expect(gigabytes).toBeLessThan(2000);
});

test("without timestamps a dispatch is submitted and waited for, which is said", async () => {
  const calls: string[] = [];
  const call = (name: string) => () => {
    calls.push(name);
    return Promise.resolve(undefined);
  };
  const backend = {
    submit: call("submit"),
    settled: call("settled"),
  } as unknown as TrainingBackend;
  const device = { queue: { onSubmittedWorkDone: call("done") } } as unknown as GPUDevice;
  const meter = clockMeter(backend, device);
  expect(meter.method).toContain("no timestamps");
  expect(await meter.time({} as Parameters<typeof meter.time>[0])).toBeGreaterThanOrEqual(0);
  expect(calls).toEqual(["submit", "settled", "done"]);
});
