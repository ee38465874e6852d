// Plans that tests make in; their shaders, kept for the end of the run, and what naga says against them, out.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { PlanKernel } from "../../runtime/plan.js";
import { alone } from "../../runtime/ways.js";

/** A shader, and whose it is. */
export interface KeptShader {
  readonly of: string;
  readonly code: string;
}

export interface RefusedShader extends KeptShader {
  readonly message: string;
}

/** Where all processes of a run keep shaders: a folder that the main process makes. */
const place = "NNC_KEPT_SHADERS";
const seen = new Set<string>();

/** What devices without subgroups are given, which naga does not know of; without comments, so that what is alike is one. */
function shadersOf({ wgsl, variants }: PlanKernel): readonly string[] {
  const texts = [wgsl, alone(wgsl), variants?.software?.wgsl ?? wgsl];
  return texts.map((text) => text.replace(/\/\/[^\n]*/g, ""));
}

/** Called for every plan that a test makes; does nothing where the run keeps none. */
export function keepShaders(kernels: readonly PlanKernel[]): void {
  const folder = process.env[place];
  if (folder === undefined) return;
  const { testPath = "a file", currentTestName = "no test" } = expect.getState();
  const of = `${testPath} > ${currentTestName}`;
  const fresh = kernels.flatMap(shadersOf).filter((code) => {
    const digest = createHash("sha1").update(code).digest("base64");
    return !seen.has(digest) && seen.add(digest);
  });
  if (fresh.length === 0) return;
  const lines = fresh.map((code) => `${JSON.stringify({ of, code } satisfies KeptShader)}\n`);
  appendFileSync(join(folder, `${process.pid}.jsonl`), lines.join(""));
}

/**
 * In the main process, before others are started: gives what takes all that was kept, each text once. A run has several projects, of
 * which the first keeps.
 */
export function beginToKeep(): () => readonly KeptShader[] {
  if (process.env[place] !== undefined) return () => [];
  const folder = mkdtempSync(join(tmpdir(), "nnc-shaders-"));
  process.env[place] = folder;
  return () => {
    const lines = readdirSync(folder).flatMap((name) =>
      readFileSync(join(folder, name), "utf8").trim().split("\n"),
    );
    rmSync(folder, { recursive: true });
    const all = lines.map((line) => JSON.parse(line) as KeptShader);
    return [...new Map(all.map((shader) => [shader.code, shader])).values()];
  };
}

/** The executable of the npm package `deno`, whose WebGPU is Firefox's; undefined where there is none for this machine. */
function executable(): string | undefined {
  const { platform, arch } = process;
  const name = `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`;
  try {
    const folder = join(createRequire(import.meta.url).resolve("deno/package.json"), "../..", name);
    const found = join(folder, platform === "win32" ? "deno.exe" : "deno");
    return existsSync(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Those that naga refuses; undefined where this machine has no deno, or no adapter at all for it. */
export function refusedByNaga(shaders: readonly KeptShader[]): RefusedShader[] | undefined {
  const deno = executable();
  if (deno === undefined) return undefined;
  const script = join(import.meta.dirname, "nagaInDeno.js");
  const { status, stdout, stderr } = spawnSync(
    deno,
    ["run", "--unstable-webgpu", "--no-config", "--no-lock", script],
    {
      input: JSON.stringify(shaders.map(({ code }) => code)),
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    },
  );
  if (status !== 0) throw new Error(`deno ended with ${status ?? "a signal"}: ${stderr}`);
  const messages = JSON.parse(stdout) as readonly (string | null)[] | null;
  return messages?.flatMap((message, at) => {
    const shader = shaders[at];
    return message === null || shader === undefined ? [] : [{ ...shader, message }];
  });
}
