// A plan without loops in; no words of turns out: what small bundles have in place of webgpuTurns.ts where their plans have no loops.

import type { LoopWords } from "../webgpuTurns.js";

export function createTurns(): LoopWords | undefined {
  return undefined;
}
