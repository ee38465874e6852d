// Weights in all that holds bytes, files that are something else, and none at all, in; a filled net, or what to do, out.

import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { load, NnError, writeSafetensors } from "../../runtime/index.js";
import type { WeightsSource } from "../../runtime/api.js";
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
    expect(message).toMatch(/^weights: https:\/\/example\.org\/line\.safetensors is no whole/);
    expect(message).toContain(text);
    expect(await refusal(open(new URL("https://example.org/a")))).toContain("example.org/a");
    const file = new File([content as string], "mine.bin");
    expect(await refusal(open(file))).toContain("mine.bin");
  });

  it("that cannot be fetched name their address", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("", { status: 404 })));
    expect(await refusal(open("/w.safetensors"))).toBe(
      "weights: /w.safetensors cannot be read: status 404",
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
    for (const more of [{ seed: 1 }, { weights: bytes }]) {
      const net = await load(inference, { ...options, ...more });
      expect(await refusal(net.predict({ x }))).toBe("done");
      net.destroy();
    }
  });
});
