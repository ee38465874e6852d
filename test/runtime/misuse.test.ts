// Calls as beginners and careless apps make them, and drivers that never answer, in; typed errors that say what to do out.

import { afterEach, describe, expect, it, vi } from "vitest";
import { load, loadInference, writeSafetensors } from "../../runtime/index.js";
import { removeNavigatorGpu } from "../support/adapter.js";
import { lineModule, linePlan } from "./support/line.js";

const cpu = { cpu: () => Promise.resolve(lineModule) };
const open = (options: object = {}): ReturnType<typeof load> =>
  load(linePlan(), { ...cpu, backend: "cpu", seed: 1, ...options });

async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    // Bundles have a class of their own.
    if (error instanceof Error && error.name === "NnError")
      return `${String(Reflect.get(error, "code"))}: ${error.message}`;
    throw error;
  }
  return "nothing was refused";
}

/** An array whose buffer was transferred away, and one whose buffer shrank. */
function lostArrays(): Float32Array[] {
  const detached = new Float32Array([1, 2]);
  structuredClone(detached, { transfer: [detached.buffer] });
  const Resizable = ArrayBuffer as unknown as new (
    bytes: number,
    options: object,
  ) => ArrayBuffer & { resize(bytes: number): void };
  const buffer = new Resizable(16, { maxByteLength: 16 });
  const cut = new Float32Array(buffer, 8, 2);
  buffer.resize(8);
  return [detached, cut];
}

describe("careless calls are refused with what is wanted:", () => {
  it.each<[string, unknown, string]>([
    ["null", null, "give an address, bytes or a File"],
    ["a number", 5, "give an address, bytes or a File"],
    ["an object", {}, "give an address, bytes or a File"],
    ["a promise", Promise.resolve(), "await the promise"],
    ["an empty list", [], "is empty"],
    ["a list of numbers", [5], "give an address, bytes or a File"],
    ["files", { length: 1, item: () => undefined, 0: new Blob() }, "files[0]"],
    ["a lost array", lostArrays()[0], "transferred away"],
    ["a path", "./w.safetensors", "new URL(path, import.meta.url)"],
    ["a path of another folder", "/none/w.safetensors", "new URL(path, import.meta.url)"],
    ["a web page", new TextEncoder().encode("\ufeff <!doctype html><p>no"), "HTML"],
    ["an error", new TextEncoder().encode('{"error": "not found"}'), "JSON"],
    ["a pickle", Uint8Array.of(0x80, 2, 99, 116, 111, 114, 99, 104, 46), "pickle"],
    ["a zip", new TextEncoder().encode("PK\x03\x04-------"), "torch.save"],
  ])("load({ weights: %s })", async (_name, weights, text) => {
    const refused = await refusal(() => open({ weights }));
    expect(refused).toMatch(/^(weights|option): /);
    expect(refused).toContain(text);
  });

  it("load", async () => {
    for (const options of [null, 5, "cpu", [], new Uint8Array(3), Promise.resolve({}), () => ({})])
      expect(await refusal(() => load(linePlan(), options as never))).toContain("option");
    expect(await refusal(() => load(null as never))).toContain("option");
    for (const name of ["onProgress", "readFile"])
      expect(await refusal(() => open({ [name]: 5 }))).toBe(`option: ${name} is a function`);
    for (const name of ["device", "adapter"])
      expect(await refusal(() => open({ [name]: {} }))).toBe(
        `option: ${name} is to be a GPU ${name}`,
      );
  });

  it("calls of a net", async () => {
    const net = await open();
    const x = [1, 2];
    const [detached, cut] = lostArrays();
    const calls: [string, () => unknown][] = [
      ["option", () => net.restore({ device: {} as never })],
      ["option", () => net.predict(null as never)],
      ["option", () => net.predict("abc" as never)],
      ["option", () => net.predict(new Float32Array(2))],
      ["option", () => net.predict([1, 2] as never)],
      ["option", () => net.predict(() => ({ x }))],
      ["option", () => net.predict(Promise.resolve({ x }))],
      ["option", () => net.predict({ x }, { outputs: "y" as never })],
      ["name", () => net.predict({ x }, { outputs: [null] as never })],
      ["option", () => net.predict({ x }, null as never)],
      ["name", () => net.read(undefined as never)],
      ["name", () => net.read(Symbol("w") as never)],
      ["option", () => net.predict({ x: detached })],
      ["option", () => net.predict({ x: cut })],
      ["option", () => net.predict({ x: { data: detached ?? [], shape: [0, 2] } })],
      ["option", () => net.write("w", detached ?? [])],
      ["option", () => net.step({ x: detached, t: [1] })],
      ["option", () => net.fit({ x: detached, t: [1] })],
      ["option", () => net.evaluate({ x: cut, t: [1] })],
    ];
    for (const [code, call] of calls) expect(await refusal(call)).toMatch(new RegExp(`^${code}: `));
    expect(await refusal(() => net.predict({ x: [1e300, 1] }))).toContain("3.4e38");
    expect(await refusal(() => net.predict({ x: [1n, 1n] as never }))).toContain("is 1n, not");
    const { y } = (await net.predict({ x: new Float32Array(0) })) as { y: Float32Array };
    expect(y).toHaveLength(0);
    net.destroy();
  });
});

describe("lists in lists, and objects in objects, are followed no deeper than there are axes", () => {
  /** As parsers give them, of a request that means harm; lists that hold themselves end nowhere. */
  const deep: unknown = JSON.parse("[".repeat(200_000) + "]".repeat(200_000));
  const endless: unknown[] = [];
  endless.push(endless, endless);
  let boxes: unknown = [1];
  for (let depth = 0; depth < 20_000; depth++) boxes = { data: boxes, shape: [1] };
  const within = (data: unknown): object => ({ data, shape: [1] });

  it.each([
    ["deep", deep],
    ["endless", endless],
    ["endless below a row", [endless]],
    ["deep as data", within(deep)],
    ["endless as data", within(endless)],
    ["deep objects", boxes],
    ["objects as data", within(boxes)],
  ])("%s", async (_name, x) => {
    const net = await open();
    const t = [1];
    const given = { x, t } as never;
    const calls = [
      () => net.predict({ x }),
      () => net.step(given),
      () => net.fit(given, { epochs: 1 }),
      () => net.evaluate(given),
      () => net.write("w", x as never),
    ];
    for (const call of calls) {
      const refused = await refusal(call);
      expect(refused).toMatch(/^shape: /);
      expect(refused.length).toBeLessThan(120);
    }
    net.destroy();
  });
});

it("an error in onProgress is the app's own", async () => {
  const own = new Error("own");
  const onProgress = (): never => {
    throw own;
  };
  await expect(open({ onProgress })).rejects.toBe(own);
});

it("weights taken in part are not enough to predict from until the rest is written", async () => {
  const plan = linePlan();
  const inference = {
    ...plan,
    stages: [],
    programs: plan.programs.filter(({ kind }) => ["predict", "draw"].includes(kind)),
  };
  const data = new Uint8Array(Float32Array.of(1, 2).buffer);
  const weights = writeSafetensors(new Map([["w", { dtype: "F32", shape: [2], data }]]));
  const net = await loadInference(inference, { ...cpu, backend: "cpu", weights, partial: true });
  const ask = (): Promise<string> => refusal(() => net.predict({ x: [1, 2] }));
  expect(await ask()).toContain("no weights for b, mean: load(");
  await net.write("mean", [0, 0]);
  expect(await ask()).toContain("no weights for b: load(");
  await net.write("b", 1);
  expect((await net.predict({ x: [1, 2] }))["y"]).toEqual(Float32Array.of(6));
  net.destroy();
});

describe("a driver that never answers", () => {
  afterEach(() => {
    vi.useRealTimers();
    removeNavigatorGpu();
  });
  const never = new Promise<never>(() => undefined);
  const limits = new Proxy({}, { get: () => 2 ** 40 });
  it.each([
    ["adapter", 5, { requestAdapter: () => never }],
    [
      "device",
      10,
      { requestAdapter: () => Promise.resolve({ limits, requestDevice: () => never }) },
    ],
  ])("leaves auto to the CPU: no %s", async (what, seconds, gpu) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
    const opening = load(linePlan(), { ...cpu, seed: 1 });
    await vi.advanceTimersByTimeAsync(seconds * 1000);
    const net = await opening;
    expect(net.backend).toBe("cpu");
    expect(net.backendReason).toContain(`gave no ${what} within ${seconds} seconds`);
    expect(vi.getTimerCount()).toBe(0);
    net.destroy();
  });

  it("or that fails says so in words", async () => {
    const gpu = { requestAdapter: () => Promise.reject(new TypeError("boom")) };
    Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
    const net = await load(linePlan(), { ...cpu, seed: 1 });
    expect(net.backendReason).toBe("WebGPU failed at its start: boom");
    net.destroy();
  });
});
