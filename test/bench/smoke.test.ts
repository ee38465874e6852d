// The bench in, for a moment and without any peer; that each of its parts measures, out.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { softwareExpected } from "../../scripts/software.mjs";
import { temporaryFolder } from "../cli/data/files.js";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = temporaryFolder();

interface Round {
  readonly error?: string;
  readonly wall?: number;
  readonly processor?: number;
  readonly firstValue?: number;
  readonly perStep?: { readonly dispatches: number };
}
interface Results {
  readonly date: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly sizes: Readonly<Record<string, { readonly bytes: number; readonly gzipped: number }>>;
  readonly memory: Readonly<Record<string, { readonly peak: number }>>;
  readonly compile: Readonly<Record<string, readonly Round[]>>;
  readonly steps: Readonly<Record<string, Readonly<Record<string, readonly Round[]>>>>;
  readonly quality: Readonly<Record<string, { readonly measured: readonly number[] }>>;
}

function bench(...options: readonly string[]) {
  const out = join(folder.path, "results.json");
  const given = [join(root, "bench/run.mjs"), ...options, "--out", out];
  const { status, stdout, stderr } = spawnSync(process.execPath, given, { encoding: "utf8" });
  const read = (): Results => JSON.parse(readFileSync(out, "utf8")) as Results;
  return { status, stdout, stderr, read };
}

test.each([
  [["--foo"], /^Unknown option '--foo'[^]*\n\nnode bench\/run\.mjs \[options\]\n/],
  [["steps"], /^Unexpected argument 'steps'[^]*\[options\]/],
  [["--rounds"], /^Option '--rounds' argument[^]*\[options\]/],
  [["--rounds", "many"], /^--rounds is a number above 0, not many\n$/],
  [["--seconds", "Infinity"], /^--seconds is a number above 0, not Infinity\n$/],
  [["--parts", "all"], /^--parts: all is none of steps, /],
  [["--quality", "alexnet"], /^--quality: alexnet is none of sort_bits, /],
  [["--adapter", "fast"], /^--adapter is software or system, not fast\n$/],
])("what is no option is refused in words: %j", (options, words) => {
  const { status, stdout, stderr } = bench(...options);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(words);
  expect(stderr).not.toMatch(/^ +at /m);
});

test("each part measures our own contestants, with no peer installed", () => {
  const parts = "steps,compile,sizes,memory,quality";
  const { status, stdout, stderr, read } = bench("--smoke", "--parts", parts);
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  expect(stderr).not.toContain("installing");
  const { sizes, memory, compile, steps, quality, date, versions } = read();
  expect(Date.parse(date)).toBeGreaterThan(0);
  expect(versions["node"]).toBe(process.version);
  expect(sizes["w1.js"]?.gzipped).toBeLessThan(sizes["w1.js"]?.bytes ?? 0);
  expect(memory["w1"]?.peak).toBeGreaterThan(1e6);
  expect(compile["dense10"]?.[0]?.wall).toBeGreaterThan(0);
  // The first loss of the seeded weights and data, by NumPy in double precision: 3.2474408.
  const backends = softwareExpected ? ["nnc-cpu", "nnc-webgpu"] : ["nnc-cpu"];
  for (const backend of backends) {
    const [round] = steps["w1"]?.[backend] ?? [];
    expect(round?.firstValue, backend).toBeCloseTo(3.2474408, 5);
    expect(round?.processor, backend).toBeGreaterThan(0);
  }
  if (softwareExpected)
    expect(steps["w4b1"]?.["nnc-webgpu"]?.[0]?.perStep?.dispatches).toBeGreaterThan(0);
  // After twenty steps parity is a toss-up: what is missed is told, and no fault of a bench that is only tried.
  expect(quality["parity"]?.measured[0]).toBeGreaterThan(30);
  expect(stdout).toMatch(/parity: right, 8 bits .* missed/);
  expect(stdout).toContain("figure");
}, 120_000);

test("a name that is none, and a number that is none, end it with what there is", () => {
  const strange = bench("--workloads", "w9");
  expect(strange.status).toBe(2);
  expect(strange.stderr).toBe(
    "--workloads: w9 is none of w1, w2, w3, w4b1, w4b256, w5, p256, p1024\n",
  );
  expect(bench("--rounds", "none").stderr).toBe("--rounds is a number above 0, not none\n");
});
