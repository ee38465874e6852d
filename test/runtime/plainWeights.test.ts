// Weights files of all kinds in; the same parameters or the same words from a minified bundle that predicts and from the plain runtime, out.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import * as plain from "../../runtime/index.js";
import type { SafetensorsTensor } from "../../runtime/safetensors.js";
import { lineModule, linePlan } from "./support/line.js";
import { minifiedRuntime } from "./support/minified.js";

const folder = mkdtempSync(join(tmpdir(), "nnc-plain-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.unstubAllGlobals();
});
const small = await minifiedRuntime(folder, plain);

const whole = linePlan();
const plan = {
  ...whole,
  stages: [],
  programs: whole.programs.filter(({ kind }) => ["predict", "draw"].includes(kind)),
};

type Changes = Readonly<Record<string, SafetensorsTensor | undefined>>;

/** Numbers of each parameter, as f32, and what is another. */
function fileOf(changes: Changes = {}, notes?: Record<string, string>): Uint8Array<ArrayBuffer> {
  const own = plan.parameters.map(({ name, shape }, at): [string, SafetensorsTensor] => {
    const count = shape.reduce((all, size) => all * size, 1);
    const numbers = Float32Array.from({ length: count }, (_, index) => at + index / 4);
    return [name, { dtype: "F32", shape, data: new Uint8Array(numbers.buffer) }];
  });
  const changed = Object.entries({ ...Object.fromEntries(own), ...changes });
  const tensors = changed.filter((entry): entry is [string, SafetensorsTensor] => !!entry[1]);
  return plain.writeSafetensors(new Map(tensors), notes);
}

/** A file with another header; its numbers are those of `fileOf`. */
function withHeader(change: (header: string) => string): Uint8Array {
  const file = fileOf();
  const length = new DataView(file.buffer).getUint32(0, true);
  const text = change(new TextDecoder().decode(file.subarray(8, 8 + length)).trimEnd());
  const header = new TextEncoder().encode(text);
  const changed = new Uint8Array(8 + header.length + file.length - 8 - length);
  new DataView(changed.buffer).setUint32(0, header.length, true);
  changed.set(header, 8);
  changed.set(file.subarray(8 + length), 8 + header.length);
  return changed;
}

async function outcome(load: typeof plain.loadInference, options: object): Promise<unknown> {
  try {
    const net = await load(plan, {
      cpu: () => Promise.resolve(lineModule),
      backend: "cpu",
      ...options,
    });
    const names = plan.parameters.map(({ name }) => name);
    const values = await Promise.all(names.map((name) => net.read(name)));
    const { loaded } = net;
    net.destroy();
    return { loaded, values };
  } catch (error) {
    const { code, message, details } = error as plain.NnError;
    return { code, message, details };
  }
}

async function expectAlike(weights: () => unknown, options: object = {}): Promise<unknown> {
  const expected = await outcome(plain.loadInference, { weights: weights(), ...options });
  expect(await outcome(small.loadInference, { weights: weights(), ...options })).toEqual(expected);
  return expected;
}

const bytes = (...numbers: number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(numbers).buffer);

describe("a weights file", () => {
  it.each<[string, Uint8Array]>([
    ["with notes", fileOf({}, { format: "pt", other: "notes" })],
    ["of halves", fileOf({ w: { dtype: "F16", shape: [2], data: Uint8Array.of(0, 60, 0, 64) } })],
    [
      "with numbers that are not finite",
      fileOf({ w: { dtype: "F32", shape: [2], data: bytes(1, NaN) } }),
    ],
    ["of another shape", fileOf({ w: { dtype: "F32", shape: [3], data: bytes(1, 2, 3) } })],
    ["that lacks a parameter", fileOf({ b: undefined })],
    [
      "with more than the parameters",
      fileOf({ more: { dtype: "F32", shape: [], data: bytes(1) } }),
    ],
    ["with state", fileOf({ "optimizer/m": { dtype: "F32", shape: [1], data: bytes(1) } })],
    ["that is cut", fileOf().subarray(0, -1)],
    ["that is too long", Uint8Array.of(...fileOf(), 0)],
    [
      "with a name twice",
      withHeader((text) => text.replace("{", `{${/"w":\{[^}]*\}/.exec(text)?.[0] ?? ""},`)),
    ],
    ["with a list for notes", withHeader((text) => text.replace("{", `{"__metadata__":["a"],`))],
    ["with numbers for notes", withHeader((text) => text.replace("{", `{"__metadata__":{"a":1},`))],
    [
      "whose numbers overlap",
      withHeader((text) => text.replace(/"data_offsets":\[\d+/g, `"data_offsets":[0`)),
    ],
    ["whose header is a list", withHeader((text) => `[${text}]`)],
    ["whose header is nothing", withHeader(() => "null")],
    ["that is a page", new TextEncoder().encode("<!doctype html><p>no")],
    ["that is empty", new Uint8Array()],
  ])("%s", async (_name, file) => {
    await expectAlike(() => file);
    await expectAlike(() => file, { partial: true });
    await expectAlike(() => new Response(file.slice()));
    await expectAlike(() => [fileOf(), file]);
  });

  it("that a bundler wrote into its address is read where a policy lets nothing be fetched", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    const addressOf = (file: Uint8Array): string =>
      `data:application/octet-stream;base64,${Buffer.from(file).toString("base64")}`;
    const direct = await expectAlike(() => fileOf());
    expect(await expectAlike(() => addressOf(fileOf()))).toEqual(direct);
    expect(await expectAlike(() => new URL(addressOf(fileOf())))).toEqual(direct);
    // Neither a file nor a key is told.
    for (const address of [
      addressOf(fileOf().subarray(0, -1)),
      `https://a.b/?${"k".repeat(500)}`,
    ]) {
      const refused = await expectAlike(() => address);
      expect(refused).toHaveProperty("code", "weights");
      expect((refused as Error).message).toMatch(/^(data|https):.{114,116}… cannot be read as/);
      expect((refused as Error).message.length).toBeLessThan(260);
    }
  });

  it("of exactly the parameters is read without more", async () => {
    expect(await expectAlike(() => fileOf())).toHaveProperty("values");
    const alone = mkdtempSync(join(tmpdir(), "nnc-plain-"));
    const lonely = await minifiedRuntime(alone, plain);
    rmSync(join(alone, "inference.more.js"));
    const load = (weights: Uint8Array): Promise<unknown> =>
      outcome(lonely.loadInference, { weights });
    expect(await load(fileOf())).toHaveProperty("loaded.missing", []);
    const halves: SafetensorsTensor = {
      dtype: "F16",
      shape: [2],
      data: Uint8Array.of(0, 60, 0, 64),
    };
    const refused = await load(fileOf({ w: halves }));
    expect(refused).toHaveProperty(
      "message",
      expect.stringContaining("this call fetches ./inference.more.js, which is to be served"),
    );
    rmSync(alone, { recursive: true });
  });

  it("is fetched once by its address, or told of by it", async () => {
    const path = join(folder, "w.safetensors");
    writeFileSync(path, fileOf());
    await expectAlike(() => pathToFileURL(path));
    await expectAlike(() => pathToFileURL(join(folder, "none")));
    await expectAlike(() => "./none");
    const answers = {
      "https://a/good": fileOf(),
      "https://a/page": new TextEncoder().encode("<p>"),
    };
    const fetching = vi.fn((address: keyof typeof answers) =>
      Promise.resolve(new Response(answers[address], { status: address in answers ? 200 : 404 })),
    );
    vi.stubGlobal("fetch", fetching);
    await outcome(small.loadInference, { weights: "https://a/good" });
    expect(fetching).toHaveBeenCalledTimes(1);
    for (const address of ["https://a/good", "https://a/page", "https://a/none"])
      await expectAlike(() => address);
  });

  it("that breaks off while it is read is told of once", async () => {
    const broken = (): Response =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            controller.error(new Error("broken off"));
          },
        }),
      );
    expect(await expectAlike(broken)).toHaveProperty("code", "weights");
  });
});
