// The calls of misuse.test.ts on nets of minified bundles in; the same words, which come from files of their own, out.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, it, vi } from "vitest";
import type * as runtime from "../../runtime/index.js";
import { minifiedRuntime } from "./support/minified.js";
import { lineModule, linePlan } from "./support/line.js";

const folder = mkdtempSync(join(tmpdir(), "nnc-words-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

vi.mock("../../runtime/index.js", async (importOriginal) => {
  const original = await importOriginal<typeof runtime>();
  return { ...original, ...(await minifiedRuntime(folder, original)) };
});

await import("./misuse.test.js");

describe("an error of a minified bundle", () => {
  const cpu = { cpu: () => Promise.resolve(lineModule), backend: "cpu", seed: 1 } as const;

  it("tells its words in its stack too, and keeps nothing else", async () => {
    const { load } = await import("../../runtime/index.js");
    const net = await load(linePlan(), cpu);
    const error: unknown = await net.predict({ z: [1, 2] }).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: "name", details: {}, name: "NnError" });
    expect((error as Error).message).toContain('there is no input "z"');
    expect((error as Error).stack).toContain((error as Error).message);
    expect(Object.keys(error as Error).sort()).toEqual(["code", "details", "name"]);
    net.destroy();
  });

  it("has its code where the words are not to be had", async () => {
    const alone = mkdtempSync(join(tmpdir(), "nnc-words-"));
    const original = await vi.importActual<typeof runtime>("../../runtime/index.js");
    const { load } = await minifiedRuntime(alone, original);
    rmSync(join(alone, "training.words.js"));
    const net = await load(linePlan(), cpu);
    await expect(net.predict({ z: [1, 2] })).rejects.toMatchObject({
      code: "name",
      message: expect.stringMatching(
        /^refused \(name \d+\): \.\/training\.words\.js says why$/,
      ) as unknown,
    });
    net.destroy();
    rmSync(alone, { recursive: true });
    expect(readFileSync(join(folder, "training.words.js"), "utf8")).toContain("did you mean");
  });
});
