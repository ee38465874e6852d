// Weights in all that holds bytes, files that are something else, and none at all, in; a filled net, or what to do, out.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { inWords } from "../../runtime/errors.js";
import { load, NnError, writeSafetensors } from "../../runtime/index.js";
import type { WeightsSource } from "../../runtime/api.js";
import type { SafetensorsTensor } from "../../runtime/safetensors.js";
import { lineModule, linePlan } from "./support/line.js";

const floats = (values: readonly number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);
const tensors = new Map([
  ["w", { dtype: "F32", shape: [2], data: floats([1.5, 2]) }],
  ["b", { dtype: "F32", shape: [], data: floats([3]) }],
  ["mean", { dtype: "F32", shape: [2], data: floats([0, 0]) }],
] as const);
const bytes = writeSafetensors(tensors);
const { buffer } = bytes;

/** The same file as writers make it that do not pad: its data begin at an odd byte. */
function unaligned(): Buffer {
  const length = new DataView(buffer).getUint32(0, true);
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + length)).trimEnd();
  const padded = header.length % 2 === 0 ? `${header} ` : header;
  const file = Buffer.alloc(8 + padded.length + bytes.length - 8 - length);
  file.writeUInt32LE(padded.length, 0);
  file.write(padded, 8);
  file.set(bytes.subarray(8 + length), 8 + padded.length);
  return file;
}

const savedRun = {
  ...{
    stage: "train",
    epoch: 0,
    pass: 0,
    position: 0,
    passed: false,
    epochSteps: 0,
    step: 0,
    plateaus: [],
    sums: {},
  },
  ...{ stopping: { bad: 0, epoch: 0 }, done: false, examples: 0 },
  terms: {
    model: "",
    stages: [{ name: "train", formulas: "", terms: [{ name: "", words: "", formulas: "" }] }],
    batch: 2,
    seed: 0,
    validation: "",
    data: "",
  },
};
const savedState = { counter: 0, steps: 0, updates: {}, fitted: true };

const open = (weights?: unknown, options = {}): ReturnType<typeof load> =>
  load(linePlan(), {
    backend: "cpu",
    cpu: () => Promise.resolve(lineModule),
    ...(weights === undefined ? {} : { weights: weights as WeightsSource }),
    ...options,
  });

async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => "done",
    (reason: unknown) => reason,
  );
  return error instanceof NnError ? `${error.code}: ${error.message}` : String(error);
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("weights", () => {
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  it.each<[string, () => unknown]>([
    ["bytes", () => bytes],
    ["an ArrayBuffer", () => buffer],
    ["a DataView", () => new DataView(buffer)],
    ["a SharedArrayBuffer", () => shared],
    ["a view on one", () => new Uint8Array(shared)],
    ["a Blob", () => new Blob([bytes])],
    ["a File", () => new File([bytes], "line.safetensors")],
    ["a Response", () => new Response(bytes)],
    [
      "bytes of another realm",
      (): unknown => runInNewContext("new Uint8Array(list)", { list: [...bytes] }),
    ],
    [
      "an ArrayBuffer of one",
      (): unknown => runInNewContext("new Uint8Array(list).buffer", { list: [...bytes] }),
    ],
    ["Node's bytes, unaligned", unaligned],
    ["a view that begins in the middle", () => new Uint8Array([7, ...bytes]).subarray(1)],
  ])("are read from %s", async (_, source) => {
    const net = await open(source());
    expect([...(await net.read("w")), ...(await net.read("b"))]).toEqual([1.5, 2, 3]);
    net.destroy();
  });

  it("are the net's own: restoring brings them back whatever became of the array", async () => {
    const given = bytes.slice();
    const net = await open(given);
    given.fill(0);
    await net.restore();
    expect(await net.read("w")).toEqual(new Float32Array([1.5, 2]));
    net.destroy();
  });

  it("are copied before `load` returns its promise, whatever is done to them next", async () => {
    const given = bytes.slice();
    const opening = open(given);
    given.fill(0);
    const net = await opening;
    expect(await net.read("w")).toEqual(new Float32Array([1.5, 2]));
    net.destroy();
  });

  it("in a file of this machine are read by its address", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "nnc-weights-")), "line.safetensors");
    writeFileSync(file, bytes);
    const net = await open(pathToFileURL(file));
    expect(await net.read("w")).toEqual(new Float32Array([1.5, 2]));
    net.destroy();
    rmSync(dirname(file), { recursive: true });
    expect(await refusal(open(pathToFileURL(file)))).toMatch(/^weights: file:.*cannot be read/);
  });

  it.each<[number, string]>([
    [1e300, "value: w[1] is 1e+300, not within ±3.4e38"],
    [NaN, "value: w[1] is NaN, not a finite number"],
  ])("of double precision that single cannot hold (%d) are refused", async (wrong, message) => {
    const data = new Uint8Array(Float64Array.of(1.5, wrong).buffer);
    const file = writeSafetensors(
      new Map<string, SafetensorsTensor>([...tensors, ["w", { dtype: "F64", shape: [2], data }]]),
    );
    expect(await refusal(open(file))).toBe(message);
  });

  it.each<[string, string]>([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["counters of text", JSON.stringify({ ...savedState, counter: "7" })],
    ["counters below zero", JSON.stringify({ ...savedState, steps: -1 })],
    ["updates of text", JSON.stringify({ ...savedState, updates: { line: "x" } })],
    ["a seed that is too large", JSON.stringify({ ...savedState, seed: 2 ** 32 })],
    ["a stage that is a number", JSON.stringify({ ...savedState, stage: 3 })],
    ["a run of nothing", JSON.stringify({ ...savedState, run: null })],
    ["a run in parts", JSON.stringify({ ...savedState, run: { ...savedRun, sums: { a: 1 } } })],
    [
      "a run of wrong plateaus",
      JSON.stringify({ ...savedState, run: { ...savedRun, plateaus: [1] } }),
    ],
  ])("whose training state is %s are refused", async (_, state) => {
    const file = writeSafetensors(tensors, { "nnc.training": state });
    expect(await refusal(open(file))).toMatch(/^weights: the training state .* cannot be read/);
  });

  it("whose training state is whole are taken", async () => {
    const state = JSON.stringify({ ...savedState, run: savedRun });
    const net = await open(writeSafetensors(tensors, { "nnc.training": state }));
    net.destroy();
  });

  it.each<[string, string | Uint8Array, string]>([
    ["a page", "  <!DOCTYPE html><title>404</title>", "it is HTML or XML"],
    ["a pointer", "version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"],
    ["an archive", "PK\u0003\u0004 and more of it", "zip archive"],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3), "gzip"],
    ["nothing", "", "ends after 0 bytes"],
    ["an image", "\u0089PNG\r\n\u001a\n and so on", "header"],
    ["metadata of numbers", writeWith('{"__metadata__":{"a":1}}'), "__metadata__"],
  ])("that are %s are refused with their address", async (_, content, text) => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(content as string)));
    const message = await refusal(open("https://example.org/line.safetensors"));
    expect(message).toMatch(
      /^weights: https:\/\/example\.org\/line\.safetensors cannot be read as/,
    );
    expect(message).toContain(text);
    expect(await refusal(open(new URL("https://example.org/a")))).toContain("example.org/a");
    const file = new File([content as string], "mine.bin");
    expect(await refusal(open(file))).toContain("mine.bin");
  });

  it("that come late hold nothing up: the backend starts meanwhile", async () => {
    const saved = await (await open()).save();
    let started = (): void => undefined;
    const start = new Promise<void>((resolve) => {
      started = resolve;
    });
    const arrayBuffer = async (): Promise<ArrayBuffer> => {
      await start;
      return saved.buffer;
    };
    const net = await open({ arrayBuffer }, { onProgress: started });
    expect(net.loaded?.missing).toEqual([]);
  });

  it("that cannot be fetched name their address", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("", { status: 404 })));
    expect(await refusal(open("https://example.org/w"))).toBe(
      "weights: https://example.org/w cannot be read as a safetensors file: status 404",
    );
    for (const wrong of [7, null, {}]) {
      expect(await refusal(open(wrong))).toMatch(/^weights: /);
    }
  });
});

function writeWith(header: string): Uint8Array {
  const file = Buffer.alloc(8 + header.length);
  file.writeUInt32LE(header.length, 0);
  file.write(header, 8);
  return new Uint8Array(file);
}

describe("a net without weights", () => {
  const x = [[1, 2]];

  it("that can be trained predicts once anything filled it", async () => {
    const ways: ((net: Awaited<ReturnType<typeof open>>) => Promise<unknown>)[] = [
      (net) => net.write("w", [1, 2]),
      (net) => net.step({ x, t: [1] }),
      (net) => net.fit({ x, t: [1] }),
    ];
    for (const way of ways) {
      const net = await open();
      expect(await refusal(net.predict({ x }))).toMatch(/^weights: Line has no weights: load\(/);
      await way(net);
      expect(await refusal(net.predict({ x }))).toBe("done");
      net.destroy();
    }
    const seeded = await open(undefined, { seed: 0 });
    expect(await refusal(seeded.predict({ x }))).toBe("done");
    seeded.destroy();
  });

  it("that cannot be trained is refused where it is loaded", async () => {
    const plan = linePlan();
    const programs = plan.programs.filter(({ kind }) => kind === "predict" || kind === "draw");
    const inference = { ...plan, programs, stages: [] };
    const options = { backend: "cpu", cpu: () => Promise.resolve(lineModule) } as const;
    expect(await refusal(load(inference, options))).toContain("weights: Line has no weights");
    const net = await load(inference, { ...options, weights: bytes });
    expect(await refusal(net.predict({ x }))).toBe("done");
    net.destroy();
    // It has no first weights to draw: what stands there are zeros, until each parameter is written.
    const seeded = await load(inference, { ...options, seed: 1 });
    await seeded.write("w", [1, 2]);
    await seeded.write("mean", [0, 0]);
    expect(await refusal(seeded.predict({ x }))).toContain("weights: Line has no weights");
    await seeded.write("b", 3);
    expect((await seeded.predict({ x }))["y"]).toEqual(Float32Array.of(8));
    seeded.destroy();
  });
});

it.each([2 ** 32, -1, 1.5, NaN, Infinity, "7"])("%s is no seed", async (wrong) => {
  const seed = wrong as number;
  const message = `option: seed is a whole number from 0 to 4294967295, not ${inWords(wrong)}`;
  expect(await refusal(open(bytes, { seed }))).toBe(message);
  const net = await open(bytes, { seed: 2 ** 32 - 1 });
  expect(await refusal(net.predict({ x: [[1, 2]] }, { seed }))).toBe(message);
  expect(await refusal(net.evaluate({ x: [[1, 2]], t: [1] }, { seed }))).toBe(message);
  expect(await refusal(net.predict({ x: [[1, 2]] }, { seed: 2 ** 32 - 1 }))).toBe("done");
  net.destroy();
});
