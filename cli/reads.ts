// In: the options of a command and what it compiled; out: every file that it reads, none of which an output may take the place of.
import { dirname, resolve } from "node:path";
import type { PlanStage } from "../runtime/plan.js";
import { parseDataArgument } from "./data/source.js";
import type { CompiledFile } from "./compiling.js";
import type { GivenWeights } from "./options.js";

export interface Reading {
  readonly data?: readonly string[];
  readonly weights?: GivenWeights | undefined;
  /** The stages that run: others read nothing. */
  readonly stages?: readonly PlanStage[];
}

/** Where a file that a `start` line names lies: beside the source. */
export function startFile(source: string, file: string): string {
  return resolve(dirname(source), file);
}

export function filesRead(
  source: string,
  { imports }: Pick<CompiledFile, "imports">,
  { data = [], weights, stages = [] }: Reading,
): string[] {
  return [
    source,
    ...imports,
    ...data.map((argument) => parseDataArgument(argument).file),
    ...(weights ?? []),
    ...stages.flatMap(({ start }) => start.map(({ file }) => startFile(source, file))),
  ];
}
