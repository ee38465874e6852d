// In: a compiled model and a batch size; out: what the model is made of, as data and as text.
import type { CompiledModel } from "../compiler/index.js";
import { livenessBound } from "../compiler/schedule/memory.js";
import { countOf, evaluateShape, formatShape } from "../runtime/dimensions.js";
import { bytesOf, layOut } from "../runtime/layout.js";
import { stepKinds } from "../runtime/plan.js";
import type { PlanInput, PlanParameter, PlanProgramKind } from "../runtime/plan.js";
import { keptValues } from "./kept.js";
import type { KeptValues } from "./kept.js";
import { bytesText, countText, tableText } from "./numbers.js";
import { operationCount } from "./profile/operations.js";

export interface ProgramDescription {
  readonly name: string;
  readonly kind: PlanProgramKind;
  readonly kernels: number;
  /** Without those of terms that padding leaves out. */
  readonly flops: number;
  /** Bytes of temporaries. */
  readonly temporary: number;
  /** Bytes of temporaries that live at the same time, where these are most: no layout takes less. */
  readonly bound: number;
  /** Of a step: what it keeps of its forward pass until gradients need it, the largest first. */
  readonly kept?: readonly KeptValues[];
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
  /** Bytes of all inputs and targets. */
  readonly given: number;
  /** Of what evaluations and fitted values hold of whole sets. */
  readonly held: number;
  /** All that a net holds on its device: persistent bytes, those given and held, and the largest program's temporary ones. */
  readonly peak: number;
  /** Persistent bytes, those given and held, and the temporary ones of the largest training step; without steps 0. */
  readonly step: number;
  /** The same as `peak`, were temporaries to take no more than they must. */
  readonly bound: number;
}

function parameterDescription({ name, role, shape }: PlanParameter): ParameterDescription {
  return { name, role, shape, count: countOf(shape) };
}

type Sizes = Readonly<Record<string, number>>;

function programDescription(model: CompiledModel, at: number, sizes: Sizes): ProgramDescription {
  const program = model.plan.programs[at];
  const schedule = model.training.schedules[at];
  if (!program || !schedule) throw new Error(`the plan has no program ${at}`);
  const { name, kind, slots, dispatches } = program;
  const layout = layOut(slots, sizes, Infinity);
  return {
    ...{ name, kind, kernels: dispatches.length },
    flops: schedule.nests.reduce((sum, nest) => sum + operationCount(nest, sizes), 0),
    temporary: bytesOf(layout),
    bound: livenessBound(schedule.slots, layout.sizes),
    ...(stepKinds.includes(kind) && { kept: keptValues(model, at, sizes) }),
  };
}

function bytesAt(tensors: readonly Pick<PlanInput, "shape">[], sizes: Sizes): number {
  return tensors.reduce(
    (sum, { shape }) => sum + elementBytes * countOf(evaluateShape(shape, sizes)),
    0,
  );
}

const elementBytes = 4;

export function describeModel(model: CompiledModel, batch: number | undefined): PlanDescription {
  const { plan } = model;
  const trainedSizes = Object.fromEntries(plan.dimensions.map((dim) => [dim.name, dim.trained]));
  const dimensions = batch === undefined ? trainedSizes : { ...trainedSizes, batch };
  const parameters = plan.parameters.map(parameterDescription);
  const programs = plan.programs.map((_, at) => programDescription(model, at, dimensions));
  const persistent = plan.storages.reduce((sum, { elements }) => sum + elementBytes * elements, 0);
  const given = bytesAt(plan.inputs, dimensions);
  const held = bytesAt(plan.held ?? [], dimensions);
  const lasting = persistent + given + held;
  const steps = programs
    .filter(({ kind }) => stepKinds.includes(kind))
    .map(({ temporary }) => temporary);
  const most = (of: (program: ProgramDescription) => number): number =>
    programs.reduce((largest, program) => Math.max(largest, of(program)), 0) + lasting;
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
    given,
    held,
    step: steps.length === 0 ? 0 : Math.max(...steps) + lasting,
    peak: most(({ temporary }) => temporary),
    bound: most(({ bound }) => bound),
  };
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

function memoryText({ persistent, given, held, peak, bound }: PlanDescription): string {
  const ofSets = held > 0 ? `, ${bytesText(held)} held of whole sets` : "";
  const parts = `${bytesText(persistent)} of parameters and optimizer state, ${bytesText(given)} of inputs and targets${ofSets}`;
  const ratio = bound > 0 ? `, ${(peak / bound).toFixed(2)} times what lives at once` : "";
  return `${parts}, and the most that a program's temporaries take: ${bytesText(peak)} at peak${ratio}`;
}

/** More rows are the tail of a list that nobody reads. */
const mostRows = 12;

/** Programs of a step that differ in who gives drawn data keep the same. */
function keptText({ name, kept = [] }: ProgramDescription): string[] {
  if (kept.length === 0) return [];
  const total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows = kept
    .slice(0, mostRows)
    .map(({ places, layers, bytes, share }) => [
      places.join(", "),
      layers.join(", "),
      bytesText(bytes),
      `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`,
    ]);
  const rest = kept.slice(mostRows).reduce((sum, { bytes }) => sum + bytes, 0);
  const more = kept.length - rows.length;
  if (more > 0)
    rows.push([`${more} more`, "", bytesText(rest), `${((100 * rest) / total).toFixed(0)} %`]);
  const head = `${name} keeps ${bytesText(total)} from its forward pass for its gradients, by source line`;
  return [`${head}\n${indented(tableText(rows, 2))}`];
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
    programs.length === 0
      ? sizes.join(", ")
      : tableText([
          [sizes.join(", "), "kernels", "operations", "temporary", "at least"],
          ...programs.map(({ name, kernels, flops, temporary, bound }) => [
            name,
            countText(kernels),
            countText(flops),
            bytesText(temporary),
            bytesText(bound),
          ]),
        ]),
    ...programs.flatMap(keptText),
    memoryText(description),
  ];
  return [model, ...parts.filter((part) => part !== "").map(indented)].join("\n\n");
}
