// In: a plan and a batch size; out: what the model is made of, as data and as text.
import { countOf, evaluateDim, formatShape } from "../runtime/dimensions.js";
import { bytesOf, layOut } from "../runtime/layout.js";
import type { Plan, PlanParameter, PlanProgram } from "../runtime/plan.js";
import { bytesText, countText, tableText } from "./numbers.js";

export interface ProgramDescription {
  readonly name: string;
  readonly kind: string;
  readonly kernels: number;
  readonly flops: number;
  /** Bytes of temporaries. */
  readonly temporary: number;
}

export interface ParameterDescription {
  readonly name: string;
  readonly role: string;
  readonly shape: readonly number[];
  readonly count: number;
}

export interface PlanDescription {
  readonly model: string;
  /** Numbers in weights, biases and params. */
  readonly trained: number;
  readonly parameters: readonly ParameterDescription[];
  readonly inputs: readonly { name: string; role: string; type: string; shape: string }[];
  readonly outputs: readonly { name: string; type: string; shape: string }[];
  readonly dimensions: Readonly<Record<string, number>>;
  readonly programs: readonly ProgramDescription[];
  /** Bytes of parameters, optimizer state and constants. */
  readonly persistent: number;
  /** Persistent bytes and the largest program's temporary ones. */
  readonly peak: number;
}

function parameterDescription({ name, role, shape }: PlanParameter): ParameterDescription {
  return { name, role, shape, count: countOf(shape) };
}

function programDescription(
  program: PlanProgram,
  dimensions: Readonly<Record<string, number>>,
): ProgramDescription {
  return {
    name: program.name,
    kind: program.kind,
    kernels: program.dispatches.length,
    flops: program.dispatches.reduce((sum, { flops }) => sum + evaluateDim(flops, dimensions), 0),
    temporary: bytesOf(layOut(program.slots, dimensions, Infinity)),
  };
}

export function describePlan(plan: Plan, batch: number | undefined): PlanDescription {
  const trainedSizes = Object.fromEntries(plan.dimensions.map((dim) => [dim.name, dim.trained]));
  const dimensions = batch === undefined ? trainedSizes : { ...trainedSizes, batch };
  const parameters = plan.parameters.map(parameterDescription);
  const programs = plan.programs.map((program) => programDescription(program, dimensions));
  const persistent = plan.storages.reduce((sum, { elements }) => sum + 4 * elements, 0);
  return {
    model: plan.model,
    trained: parameters
      .filter(({ role }) => role !== "state" && role !== "fitted")
      .reduce((sum, { count }) => sum + count, 0),
    parameters,
    inputs: plan.inputs.map(({ name, role, type, categories, shape }) => ({
      name,
      role,
      type: categories === undefined ? type : `category(${categories})`,
      shape: formatShape(shape),
    })),
    outputs: plan.outputs.map(({ name, type, shape }) => ({
      name,
      type,
      shape: formatShape(shape),
    })),
    dimensions,
    programs,
    persistent,
    peak: programs.reduce((most, { temporary }) => Math.max(most, temporary), 0) + persistent,
  };
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

export function descriptionText(description: PlanDescription): string {
  const { model, trained, parameters, inputs, outputs, dimensions, programs } = description;
  const tensors = [
    ...inputs.map(({ name, role, type, shape }) => [role, name, type, shape]),
    ...outputs.map(({ name, type, shape }) => ["output", name, type, shape]),
  ];
  const sizes = Object.entries(dimensions).map(([name, size]) => `${name} ${countText(size)}`);
  const parts = [
    tableText(tensors, 4),
    tableText(
      parameters.map(({ name, role, shape, count }) => [
        name,
        role,
        `[${shape.join(", ")}]`,
        countText(count),
      ]),
      3,
    ),
    `${countText(trained)} trained numbers`,
    tableText([
      [sizes.join(", "), "kernels", "operations", "temporary"],
      ...programs.map(({ name, kernels, flops, temporary }) => [
        name,
        countText(kernels),
        countText(flops),
        bytesText(temporary),
      ]),
    ]),
    `${bytesText(description.persistent)} of parameters and optimizer state, ${bytesText(description.peak)} at peak`,
  ];
  return [model, ...parts.filter((part) => part !== "").map(indented)].join("\n\n");
}
