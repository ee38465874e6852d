// Takes the accumulators of a workgroup's invocations, gives what they do where there are subgroups: these meet first, then what they come to.
import {
  extremumIndexScalars,
  givesExtremumIndex,
  searches,
  type reductionScalars,
} from "../scalars/reductions.js";
import type { Combine } from "../types/nest.js";
import { combine, literalOf, replaceWhere, startOf, variable } from "./accumulate.js";
import type { Expression, Statement } from "./ir.js";
import { operate, widthOf } from "./ir.js";
import type { Emission } from "./scope.js";
import type { PlacedAccumulator, SharedRow } from "./workgroupRows.js";
import { copyOf, isBetter, readRow, shareRow } from "./workgroupRows.js";

type ValueCombine = keyof typeof reductionScalars;

/**
 * The first of each subgroup leaves what this comes to, the others what changes nothing, and each subgroup takes in all that is there.
 * Nothing is taken for known of subgroups: how many invocations each has, and which, is counted.
 */
export function acrossSubgroups(
  emission: Emission,
  placed: readonly PlacedAccumulator[],
): readonly Statement[] {
  const peers = variable(emission.fresh("peers"), "index");
  const other = variable(emission.fresh("other"), "index");
  const parts = placed.map((each) => partOf(emission, each));
  return [
    { kind: "let", name: peers.name, value: across("sum", literalOf("index", 1)) },
    ...parts.flatMap(({ before, rows }) => [
      ...before,
      ...rows.map(({ row, value, nothing }) =>
        shareRow(row, operate(value.type, "select", [isFirst, value, nothing])),
      ),
    ]),
    { kind: "barrier", memory: "workgroup" },
    ...parts.flatMap(({ rows }) =>
      rows.map(({ row: { variable: own }, nothing }): Statement => ({
        ...{ kind: "assign", name: own.name, value: nothing },
      })),
    ),
    {
      kind: "stride",
      name: other.name,
      from: { kind: "rank", type: "index" },
      below: literalOf("index", emission.workgroupSize),
      by: peers,
      body: placed.flatMap((each) => takeIn(emission, each, other)),
    },
    ...placed.flatMap((each) => {
      const { before, rows } = partOf(emission, each);
      return [
        ...before,
        ...rows.map(({ row: { variable: own }, value }): Statement => ({
          ...{ kind: "assign", name: own.name, value },
        })),
      ];
    }),
  ];
}

const isFirst: Expression = { kind: "isFirst", type: "bool" };

/** What the invocations of a subgroup come to. */
interface Part {
  readonly before: readonly Statement[];
  readonly rows: readonly {
    readonly row: SharedRow;
    readonly value: Expression;
    /** What changes no other value. */
    readonly nothing: Expression;
  }[];
}

function partOf(
  emission: Emission,
  { best, index, accumulator: { reduction } }: PlacedAccumulator,
): Part {
  const { variable: own } = best;
  const all = across(valueOf(reduction.combine), own);
  const nothing = startOf(reduction.combine, own);
  if (!index) return { before: [], rows: [{ row: best, value: all, nothing }] };
  const value = copyOf(emission, best, "v");
  const { variable: found } = index;
  // Later than any that is found.
  const late = startOf("min", found);
  const has = operate("bool", "equal", [own, value]);
  const there = across("min", operate(found.type, "select", [has, found, late]));
  return {
    before: [{ kind: "let", name: value.name, value: all }],
    rows: [
      { row: index, value: there, nothing: late },
      { row: best, value, nothing },
    ],
  };
}

function across(how: ValueCombine, of: Expression): Expression {
  return { kind: "across", type: of.type, combine: how, of, width: widthOf(of) };
}

/** What gives the value of a reduction, also of one that gives its index. */
function valueOf(how: Combine): ValueCombine {
  if (searches(how)) throw new Error("a search is no workgroup's");
  return givesExtremumIndex(how) ? extremumIndexScalars[how].of : how;
}

/** What invocation `other` left. */
function takeIn(
  emission: Emission,
  { best, index, accumulator }: PlacedAccumulator,
  other: Expression,
): readonly Statement[] {
  const { variable: own } = best;
  const { reduction } = accumulator;
  if (!index) {
    const value = combine(reduction.combine, own, readRow(best, other));
    return [{ kind: "assign", name: own.name, value }];
  }
  const [value, place] = [copyOf(emission, best, "v"), copyOf(emission, index, "j")];
  const { variable: found } = index;
  const better = variable(emission.fresh("c"), "bool", own.width);
  const condition = isBetter(accumulator, {
    ...{ mine: own, theirs: value, here: found, there: place },
  });
  return [
    { kind: "let", name: value.name, value: readRow(best, other) },
    { kind: "let", name: place.name, value: readRow(index, other) },
    { kind: "let", name: better.name, value: condition },
    ...replaceWhere(better, [
      { write: (by) => ({ kind: "assign", name: own.name, value: by }), by: value, now: own },
      { write: (by) => ({ kind: "assign", name: found.name, value: by }), by: place, now: found },
    ]),
  ];
}
