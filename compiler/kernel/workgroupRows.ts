// Takes the accumulators of a workgroup's invocations, gives where in workgroup memory these have them, and what reads and stores them there.
import type { ScalarType } from "../types/nest.js";
import type { Accumulator } from "./accumulate.js";
import { beats, literalOf, variable } from "./accumulate.js";
import type { Expression, Statement, Width } from "./ir.js";
import { operate } from "./ir.js";
import type { Emission } from "./scope.js";

export const local = variable("localIndex", "index");

interface Element {
  readonly type: ScalarType;
  readonly width?: Width | undefined;
}

/** Where in workgroup memory the invocations have their values of a variable, one after the other. */
export interface SharedRow {
  readonly variable: Accumulator["best"];
  readonly array: string;
  readonly first: number;
}

export interface PlacedAccumulator {
  readonly accumulator: Accumulator;
  readonly best: SharedRow;
  readonly index: SharedRow | undefined;
}

/** Accumulators of one kind lie in one array, one row of invocations after the other. */
export function placeInRows(
  emission: Emission,
  accumulators: readonly Accumulator[],
): readonly PlacedAccumulator[] {
  const [first] = accumulators;
  if (!first) return [];
  const array = shareArray(emission, first.best, emission.workgroupSize * accumulators.length);
  return accumulators.map((accumulator, at) => {
    const { best, index: found } = accumulator;
    return {
      accumulator,
      best: { variable: best, array, first: at * emission.workgroupSize },
      index: found && {
        ...{ variable: found, first: 0 },
        array: shareArray(emission, found, emission.workgroupSize),
      },
    };
  });
}

function shareArray(emission: Emission, { type, width }: Element, length: number): string {
  const name = emission.fresh("shared");
  emission.shared.push({ name, type, width, length });
  return name;
}

/** An element of a row: `index` counts invocations. */
export function inRow({ first }: SharedRow, index: Expression): Expression {
  return first === 0 ? index : integer("add", index, literalOf("index", first));
}

export function integer(op: "add", left: Expression, right: Expression): Expression {
  return { kind: "op", type: "index", op, arguments: [left, right] };
}

export function readRow(row: SharedRow, index: Expression): Expression {
  return readShared(row, inRow(row, index));
}

export function readShared(
  { array, variable: { type, width } }: SharedRow,
  index: Expression,
): Expression {
  return { kind: "shared", type, array, index, width };
}

export function shareRow(row: SharedRow, value: Expression): Statement {
  return { kind: "share", array: row.array, index: inRow(row, local), value };
}

export function copyOf(
  emission: Emission,
  { variable: { type, width } }: SharedRow,
  prefix: string,
): Accumulator["best"] {
  return variable(emission.fresh(prefix), type, width);
}

/** Two values, and where they were found. */
interface Found {
  readonly mine: Expression;
  readonly theirs: Expression;
  readonly here: Expression;
  readonly there: Expression;
}

export function isBetter(
  { reduction }: Accumulator,
  { mine, theirs, here, there }: Found,
): Expression {
  const op = (kind: "and" | "or" | "equal" | "less", left: Expression, right: Expression) =>
    operate("bool", kind, [left, right]);
  const earlier = op("and", op("equal", theirs, mine), op("less", there, here));
  return op("or", beats(reduction.combine, theirs, mine), earlier);
}
