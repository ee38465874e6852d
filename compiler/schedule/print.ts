// Takes a schedule, gives it as text that people read: buffers, then one block a loop nest.
import { dimText, shapeText } from "../types/dimension.js";
import type {
  HostValue,
  LoopNest,
  NestArgument,
  Recurrence,
  Scalar,
  Schedule,
  ScheduledBuffer,
} from "../types/nest.js";
import { scalarOperation } from "../scalars/table.js";
import { operandsOf } from "./operands.js";
import { turnsOfStep } from "./spans.js";

export function printSchedule(schedule: Schedule): string {
  const lines = [`program ${schedule.name}`];
  schedule.buffers.forEach((buffer, index) => lines.push(`  b${index}: ${bufferText(buffer)}`));
  schedule.slots.forEach(({ bytes, first, last, below }, index) => {
    const above = below.length === 0 ? "" : `, above ${below.join(", ")}`;
    lines.push(`  slot ${index}: ${dimText(bytes)} bytes, nests ${first} to ${last}${above}`);
  });
  schedule.host.forEach((value, index) => lines.push(`  host ${index} = ${hostText(value)}`));
  let first = 0;
  for (const count of schedule.steps) {
    const nests = schedule.nests.slice(first, first + count);
    const names = nests
      .map(({ name, follows }, at) => (at === 0 ? name : `${follows ? " > " : ", "}${name}`))
      .join("");
    const turns = turnsOfStep(nests, schedule);
    if (turns) lines.push(`  in one dispatch, all turns t${turns.id}: ${names}`);
    else if (nests.every(({ follows }, at) => at === 0 || follows))
      lines.push(...(count > 1 ? [`  row by row: ${names}`] : []));
    else lines.push(`  side by side: ${names}`);
    for (const nest of nests) lines.push(...printNest(nest).map((line) => `  ${line}`));
    first += count;
  }
  for (const result of schedule.results) {
    const shape = shapeText(result.shape);
    lines.push(`  result ${result.name}: ${result.type}${shape} in b${result.buffer}`);
  }
  return lines.join("\n") + "\n";
}

function bufferText(buffer: ScheduledBuffer): string {
  const size = `${buffer.type} x ${dimText(buffer.elements)}`;
  switch (buffer.kind) {
    case "storage":
      return `${size}, storage ${buffer.storage}`;
    case "input":
      return `${size}, input ${buffer.input}`;
    case "temporary": {
      const from = buffer.start === undefined ? "" : ` from ${dimText(buffer.start)}`;
      return `${size}, slot ${buffer.slot}${from} (${buffer.label})`;
    }
  }
}

function hostText(value: HostValue): string {
  switch (value.kind) {
    case "number":
      return String(value.value);
    case "dim":
      return dimText(value.dim);
    case "scalar":
      return value.name;
    case "op":
      return operation(value.op, value.arguments.map(hostText));
  }
}

function operation(op: string, operands: readonly string[]): string {
  const sign = scalarOperation(op)?.sign;
  if (sign !== undefined && operands.length === 2) return `(${operands.join(` ${sign} `)})`;
  return `${op}(${operands.join(", ")})`;
}

/** Values that are used more than once, and reductions, get a line of their own. */
function printNest(nest: LoopNest): string[] {
  const axes = nest.axes.map((axis) => `i${axis.id} < ${dimText(axis.extent)}`).join(", ");
  const turns = (nest.turns ?? []).map(turnsText).join("");
  const lines = [`${nest.name}: ${turns}for ${axes === "" ? "one point" : axes}`];
  const uses = countUses(nest);
  const names = new Map<Scalar, string>();
  const text = (scalar: Scalar): string => {
    if (scalar.kind === "argument") return argumentText(nest.arguments[scalar.argument] ?? 0);
    const named = names.get(scalar);
    if (named !== undefined) return named;
    const body = scalarText(scalar, text);
    const compound = scalar.kind === "op" || scalar.kind === "guard" || scalar.kind === "load";
    const shared = compound && (uses.get(scalar) ?? 0) > 1;
    if (!shared && scalar.kind !== "reduce") return body;
    const name = `v${names.size}`;
    names.set(scalar, name);
    lines.push(`  ${name} = ${body}`);
    return name;
  };
  for (const store of nest.stores) {
    const value = text(store.value);
    const rows = store.rows?.map((axis) => ` i${axis.id}`).join();
    const once = rows === undefined ? "" : ` once for each${rows === "" ? " kernel" : rows}`;
    lines.push(`  b${store.buffer}[${text(store.index)}] = ${value}${once}`);
  }
  return lines;
}

function argumentText(argument: NestArgument): string {
  return typeof argument === "number" ? String(argument) : `t${argument.id}`;
}

function turnsText({ id, length, reverse }: Recurrence): string {
  return `${reverse ? "backwards " : ""}in each turn t${id} < ${dimText(length)}, `;
}

function scalarText(scalar: Scalar, text: (scalar: Scalar) => string): string {
  switch (scalar.kind) {
    case "literal":
      return scalar.type === "bool" ? String(scalar.value !== 0) : String(scalar.value);
    case "axis":
      return `i${scalar.axis.id}`;
    case "dim":
      return dimText(scalar.dim).includes(" ") ? `(${dimText(scalar.dim)})` : dimText(scalar.dim);
    case "host":
      return `host${scalar.index}`;
    case "argument":
      return `argument ${scalar.argument}`;
    case "load":
      return `b${scalar.buffer}[${text(scalar.index)}]`;
    case "op": {
      const operands = scalar.arguments.map(text);
      if (scalar.op === "cast") return `${scalar.type}(${operands.join(", ")})`;
      return operation(scalar.op, operands);
    }
    case "guard":
      return `(if ${text(scalar.condition)} then ${text(scalar.value)} else ${text(scalar.otherwise)})`;
    case "reduce": {
      const axes = scalar.axes.map((axis) => `i${axis.id} < ${dimText(axis.extent)}`).join(", ");
      return `${scalar.combine} over ${axes} of ${text(scalar.value)}`;
    }
    case "random":
      return `${scalar.source}(stream ${text(scalar.stream)}, ${text(scalar.index)})`;
  }
}

function countUses(nest: LoopNest): Map<Scalar, number> {
  const uses = new Map<Scalar, number>();
  const visit = (scalar: Scalar): void => {
    const count = uses.get(scalar) ?? 0;
    uses.set(scalar, count + 1);
    if (count > 0) return;
    for (const operand of operandsOf(scalar)) visit(operand);
  };
  for (const store of nest.stores) {
    visit(store.index);
    visit(store.value);
  }
  return uses;
}
