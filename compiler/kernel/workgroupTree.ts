// Takes the accumulators of a workgroup's invocations, writes what makes one of them: over subgroups where there are any, else a tree over workgroup memory.
import type { Accumulator } from "./accumulate.js";
import { combine, literalOf, replaceWhere, variable } from "./accumulate.js";
import type { Expression, Statement } from "./ir.js";
import type { Emission, BlockScope } from "./scope.js";
import { acrossSubgroups } from "./subgroups.js";
import type { PlacedAccumulator, SharedRow } from "./workgroupRows.js";
import {
  copyOf,
  integer,
  isBetter,
  local,
  placeInRows,
  readRow,
  readShared,
  shareRow,
} from "./workgroupRows.js";

/** In a fixed order: the same bits every time on the same device. */
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
  const groups = alike ? [accumulators] : accumulators.map((accumulator) => [accumulator]);
  const placed = groups.map((group) => placeInRows(emission, group));
  const otherwise = placed.flatMap((group) => treeOf(emission, group));
  if (accumulators.length > emission.subgroups) home.statements.push(...otherwise);
  else
    home.statements.push({
      ...{ kind: "either", way: "subgroups" },
      ...{ body: acrossSubgroups(emission, placed.flat()), otherwise },
    });
}

/** Each level halves the invocations that are left; a loop, as some drivers take minutes for a row of barriers. */
function treeOf(emission: Emission, placed: readonly PlacedAccumulator[]): readonly Statement[] {
  const rows = placed.flatMap(({ best, index }) => (index ? [best, index] : [best]));
  const half = variable(emission.fresh("half"), "index");
  const condition: Expression = { kind: "op", type: "bool", op: "less", arguments: [local, half] };
  return [
    ...rows.map((row) => shareRow(row, row.variable)),
    { kind: "barrier", memory: "workgroup" },
    {
      kind: "halving",
      name: half.name,
      from: emission.workgroupSize / 2,
      body: [
        { kind: "if", condition, body: meetHalf(emission, placed, half) },
        { kind: "barrier", memory: "workgroup" },
      ],
    },
    ...rows.map((row): Statement => {
      const value = readShared(row, literalOf("index", row.first));
      return { kind: "assign", name: row.variable.name, value };
    }),
  ];
}

/** Invocation l takes in what invocation l + half has. */
function meetHalf(
  emission: Emission,
  placed: readonly PlacedAccumulator[],
  half: Expression,
): readonly Statement[] {
  const [first] = placed;
  if (!first) return [];
  const { best, index, accumulator } = first;
  if (index) return meetIndices(emission, accumulator, { best, index }, half);
  const meet = (mine: Expression): Statement => {
    const [own, theirs] = [mine, integer("add", mine, half)].map((at) => readShared(best, at));
    if (!own || !theirs) throw new Error("two meet");
    const value = combine(accumulator.reduction.combine, own, theirs);
    return { kind: "share", array: best.array, index: mine, value };
  };
  if (placed.length === 1) return [meet(local)];
  const row = variable(emission.fresh("row"), "index");
  return [
    {
      kind: "for",
      name: row.name,
      from: local,
      below: literalOf("index", emission.workgroupSize * placed.length),
      step: emission.workgroupSize,
      body: [meet(row)],
    },
  ];
}

interface BestAndIndex {
  readonly best: SharedRow;
  readonly index: SharedRow;
}

/** It takes over what the other found where that is better, or as good and earlier. */
function meetIndices(
  emission: Emission,
  accumulator: Accumulator,
  rows: BestAndIndex,
  half: Expression,
): readonly Statement[] {
  const { best, index } = rows;
  const [mine, theirs] = [copyOf(emission, best, "v"), copyOf(emission, best, "v")];
  const [here, there] = [copyOf(emission, index, "j"), copyOf(emission, index, "j")];
  const other = integer("add", local, half);
  return [
    { kind: "let", name: mine.name, value: readRow(best, local) },
    { kind: "let", name: theirs.name, value: readRow(best, other) },
    { kind: "let", name: here.name, value: readRow(index, local) },
    { kind: "let", name: there.name, value: readRow(index, other) },
    ...replaceWhere(isBetter(accumulator, { mine, theirs, here, there }), [
      { write: (value) => shareRow(best, value), by: theirs, now: mine },
      { write: (value) => shareRow(index, value), by: there, now: here },
    ]),
  ];
}
