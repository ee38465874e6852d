// Takes a built model and the schedules of its programs, gives the heads under which they stand in the plan.
import type { BuiltModel, BuiltProgram } from "../build/types.js";
import { topologicalOrder } from "../graph/walk.js";
import type { Schedule } from "../types/nest.js";
import type { ProgramSource } from "./plan.js";

export function planSources(
  built: BuiltModel,
  schedules: readonly Schedule[],
): readonly ProgramSource[] {
  return built.programs.map((program, index) => {
    const schedule = schedules[index];
    if (schedule === undefined) throw new Error(`program ${program.name} has no schedule`);
    const { name, kind, stage, objective, series } = program;
    return {
      head: {
        name,
        kind,
        ...(stage === undefined ? {} : { stage }),
        ...(objective === undefined ? {} : { objective }),
        ...(series === undefined ? {} : { series }),
        inputs: inputsOf(built, program),
      },
      schedule,
    };
  });
}

/** Inputs that the program reads, in order of declaration. */
function inputsOf(built: BuiltModel, program: BuiltProgram): string[] {
  const found = new Set<string>();
  for (const node of topologicalOrder(program.effects.map((effect) => effect.value))) {
    if (node.op === "input") found.add(node.attributes.name);
  }
  return built.typed.inputs.map((input) => input.name).filter((name) => found.has(name));
}
