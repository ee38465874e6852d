// Takes the accumulators of a workgroup's invocations, writes the tree over workgroup memory that makes one of them.
import type { ScalarType } from "../types/nest.js";
import type { Accumulator } from "./accumulate.js";
import { beats, combine, literalOf, replaceWhere, variable } from "./accumulate.js";
import type { Expression, Statement, Width } from "./ir.js";
import { operate } from "./ir.js";
import type { Emission, BlockScope } from "./scope.js";

/** A fixed tree over workgroup memory: the same bits every time. */
export function combineInvocations(
  emission: Emission,
  accumulators: readonly Accumulator[],
  home: BlockScope,
): void {
  const [first] = accumulators;
  const alike = accumulators.every(
    ({ reduction, best, index: found }) =>
      !found &&
      reduction.combine === first?.reduction.combine &&
      best.type === first.best.type &&
      best.width === first.best.width,
  );
  if (alike) combineAlike(emission, accumulators, home);
  else for (const accumulator of accumulators) combineOne(emission, accumulator, home);
}

const local = variable("localIndex", "index");

interface Element {
  readonly type: ScalarType;
  readonly width?: Width | undefined;
}

function shareArray(emission: Emission, { type, width }: Element, length: number): string {
  const name = emission.fresh("shared");
  emission.shared.push({ name, type, width, length });
  return name;
}

function integer(op: "add" | "multiply", left: Expression, right: Expression): Expression {
  return { kind: "op", type: "index", op, arguments: [left, right] };
}

function readShared(array: string, { type, width }: Element, index: Expression): Expression {
  return { kind: "shared", type, array, index, width };
}

/** Each level of the tree halves the invocations that are left; a loop, as some drivers take minutes for a row of barriers. */
function writeTree(
  emission: Emission,
  home: BlockScope,
  body: (half: Expression) => readonly Statement[],
): void {
  const half = variable(emission.fresh("half"), "index");
  const condition: Expression = { kind: "op", type: "bool", op: "less", arguments: [local, half] };
  home.statements.push(
    { kind: "barrier", memory: "workgroup" },
    {
      kind: "halving",
      name: half.name,
      from: emission.workgroupSize / 2,
      body: [
        { kind: "if", condition, body: body(half) },
        { kind: "barrier", memory: "workgroup" },
      ],
    },
  );
}

/** Accumulators of one kind lie in one array, one row of invocations after the other. */
function combineAlike(
  emission: Emission,
  accumulators: readonly Accumulator[],
  home: BlockScope,
): void {
  const [first] = accumulators;
  if (!first) return;
  const { combine: how } = first.reduction;
  const array = shareArray(emission, first.best, emission.workgroupSize * accumulators.length);
  const rowOf = (at: number): Expression => literalOf("index", at * emission.workgroupSize);
  accumulators.forEach(({ best }, at) => {
    const index = at === 0 ? local : integer("add", local, rowOf(at));
    home.statements.push({ kind: "share", array, index, value: best });
  });
  const meet = (half: Expression, mine: Expression): Statement => {
    const theirs = readShared(array, first.best, integer("add", mine, half));
    const value = combine(how, readShared(array, first.best, mine), theirs);
    return { kind: "share", array, index: mine, value };
  };
  writeTree(emission, home, (half) => {
    if (accumulators.length === 1) return [meet(half, local)];
    const row = variable(emission.fresh("row"), "index");
    return [
      {
        kind: "for",
        name: row.name,
        from: local,
        below: literalOf("index", emission.workgroupSize * accumulators.length),
        step: emission.workgroupSize,
        body: [meet(half, row)],
      },
    ];
  });
  accumulators.forEach(({ best }, at) => {
    const value = readShared(array, best, rowOf(at));
    home.statements.push({ kind: "assign", name: best.name, value });
  });
}

function combineOne(emission: Emission, accumulator: Accumulator, home: BlockScope): void {
  const { best, index: found } = accumulator;
  if (!found) {
    combineAlike(emission, [accumulator], home);
    return;
  }
  const values = shareArray(emission, best, emission.workgroupSize);
  const indices = shareArray(emission, found, emission.workgroupSize);
  home.statements.push(
    { kind: "share", array: values, index: local, value: best },
    { kind: "share", array: indices, index: local, value: found },
  );
  writeTree(emission, home, (half) => meetIndices(emission, accumulator, values, indices, half));
  const zero = literalOf("index", 0);
  home.statements.push(
    { kind: "assign", name: best.name, value: readShared(values, best, zero) },
    { kind: "assign", name: found.name, value: readShared(indices, found, zero) },
  );
}

/** Invocation l takes over what invocation l + half found where that is better, or as good and earlier. */
function meetIndices(
  emission: Emission,
  { reduction, best }: Accumulator,
  values: string,
  indices: string,
  half: Expression,
): readonly Statement[] {
  const other = integer("add", local, half);
  const index: Element = { type: reduction.type, width: best.width };
  const [mine, theirs] = [
    variable(emission.fresh("v"), best.type, best.width),
    variable(emission.fresh("v"), best.type, best.width),
  ];
  const [here, there] = [
    variable(emission.fresh("j"), index.type, best.width),
    variable(emission.fresh("j"), index.type, best.width),
  ];
  const op = (kind: "and" | "or" | "equal" | "less", left: Expression, right: Expression) =>
    operate("bool", kind, [left, right]);
  const share =
    (array: string) =>
    (value: Expression): Statement => ({ kind: "share", array, index: local, value });
  const earlier = op("and", op("equal", theirs, mine), op("less", there, here));
  return [
    { kind: "let", name: mine.name, value: readShared(values, best, local) },
    { kind: "let", name: theirs.name, value: readShared(values, best, other) },
    { kind: "let", name: here.name, value: readShared(indices, index, local) },
    { kind: "let", name: there.name, value: readShared(indices, index, other) },
    ...replaceWhere(op("or", beats(reduction.combine, theirs, mine), earlier), [
      { write: share(values), by: theirs, now: mine },
      { write: share(indices), by: there, now: here },
    ]),
  ];
}
