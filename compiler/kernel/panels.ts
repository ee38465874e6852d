// Takes a kernel for the CPU, gives one that copies what its inner loops read again and again to a panel, in the order in which they read it.
import { createRewrite } from "../rewrite.js";
import type { Expression, Kernel, SharedArray, Statement } from "./ir.js";
import {
  expressionChildren,
  laneCount,
  operate,
  statementBody,
  statementExpressions,
} from "./ir.js";
import { overOperands, replaceExpressions } from "./replace.js";

type Loop = Extract<Statement, { kind: "for" }>;
type Load = Extract<Expression, { kind: "load" }>;

/** Wide loads that are read in the same loops and under the same conditions. */
interface Panel {
  readonly array: string;
  /** From the outside in; each starts at 0. */
  readonly loops: readonly PanelLoop[];
  /** What is read lies in its buffer where these hold, in which nothing of the repeating loops occurs. */
  readonly conditions: readonly Expression[];
  /** What a turn reads, by the text of its index. */
  readonly slots: Map<string, Load>;
}

interface PanelLoop {
  readonly name: string;
  readonly extent: number;
}

interface Place {
  /** What is named inside the repeating loops, in terms of what is named outside, of loops, and of what varies. */
  readonly meanings: ReadonlyMap<string, Expression>;
  /** Names that stand for other values from one turn of a repeating loop to the next. */
  readonly varying: ReadonlySet<string>;
  /** The other loops around a place, by name: where they end, if that is known and they start at 0. */
  readonly loops: ReadonlyMap<string, { readonly end: number | undefined; readonly step: number }>;
  readonly conditions: readonly Expression[];
  /** Whether its loads may be done without what guards them: no condition between those of turns and those outside is known. */
  readonly open: boolean;
}

interface Packing {
  readonly repeating: ReadonlySet<string>;
  readonly readOnly: (binding: number) => boolean;
  readonly panels: Map<string, Panel>;
  readonly packed: Map<Expression, { readonly panel: Panel; readonly slot: string }>;
}

/**
 * `repeating` are loops over points, by name, which stand inmost: before the outermost of them all is copied that they read in vectors
 * and in whose index none of them occurs, where it takes `bytes` at most.
 */
export function packPanels(kernel: Kernel, repeating: ReadonlySet<string>, bytes: number): Kernel {
  const { bindings } = kernel;
  const packing: Packing = {
    repeating,
    readOnly: (binding) => bindings[binding]?.written === false,
    panels: new Map(),
    packed: new Map(),
  };
  const body = withPanels(kernel.body, packing);
  const shared = [...packing.panels.values()].map(arrayOf);
  const taken = shared.reduce((sum, { length }) => sum + length * laneCount * 4, 0);
  return taken === 0 || taken > bytes ? kernel : { ...kernel, body, shared };
}

function arrayOf({ array, loops, slots }: Panel): SharedArray {
  const turns = loops.reduce((product, { extent }) => product * extent, 1);
  return { name: array, type: "f32", width: laneCount, length: turns * slots.size };
}

/** The loops over points stand one in the other, behind names. */
function withPanels(body: readonly Statement[], packing: Packing): readonly Statement[] {
  const loop = body.at(-1);
  if (loop?.kind !== "for" || body.some((one) => one !== loop && one.kind !== "let")) return body;
  const before = body.slice(0, -1);
  if (!packing.repeating.has(loop.name))
    return [...before, { ...loop, body: withPanels(loop.body, packing) }];
  const outside: Place = {
    ...{ meanings: new Map(), varying: new Set(), loops: new Map(), conditions: [], open: true },
  };
  collect([loop], outside, packing);
  const fills = [...packing.panels.values()].flatMap((panel) => whereWhole(loop, fillOf(panel)));
  const read = (old: Expression): Expression | undefined => {
    const place = packing.packed.get(old);
    return place && { ...elementOf(place.panel, place.slot), type: old.type };
  };
  return [...before, ...fills, ...withoutUnused(replaceExpressions([loop], read))];
}

/** Without names that only indices of loads needed which are read from panels now. */
function withoutUnused(body: readonly Statement[]): readonly Statement[] {
  const used = new Set<string>();
  // From the end: what a name stands for is needed where the name is.
  const visit = (statements: readonly Statement[]): readonly Statement[] =>
    statements.reduceRight<readonly Statement[]>((kept, statement) => {
      if (statement.kind === "let" && !used.has(statement.name)) return kept;
      const inside = visit(statementBody(statement));
      for (const one of statementExpressions(statement))
        namesIn(one).forEach((name) => used.add(name));
      return ["body" in statement ? { ...statement, body: inside } : statement, ...kept];
    }, []);
  return visit(body);
}

/** Notes all loads that may be read from panels. */
function collect(body: readonly Statement[], around: Place, packing: Packing): void {
  const meanings = new Map(around.meanings);
  const varying = new Set(around.varying);
  const place: Place = { ...around, meanings, varying };
  for (const statement of body) {
    statementExpressions(statement).forEach((one) => {
      collectLoads(one, place, packing);
    });
    if (statement.kind === "let") meanings.set(statement.name, meaningOf(statement.value, place));
    if (statement.kind === "var") varying.add(statement.name);
    if (statement.kind === "for")
      collect(statement.body, inLoop(place, statement, packing), packing);
    else if (statement.kind === "if")
      collect(statement.body, inBranch(place, statement.condition), packing);
    else if (statement.kind === "halving")
      collect(statementBody(statement), { ...place, open: false }, packing);
  }
}

function meaningOf(expression: Expression, { meanings }: Place): Expression {
  const meant = (old: Expression): Expression | undefined =>
    old.kind === "variable" ? meanings.get(old.name) : undefined;
  return createRewrite(overOperands, meant)(expression);
}

function inLoop(place: Place, { name, from, below, step }: Loop, { repeating }: Packing): Place {
  const first = meaningOf(from, place);
  const varying = new Set([...place.varying, name]);
  if (repeating.has(name)) return { ...place, varying };
  // The points of a block at an edge are few, and may be all there are.
  if ([...namesIn(first)].some((one) => place.varying.has(one)))
    return { ...place, varying, open: false };
  // A block's loop starts where the loop around it stands, and goes no further than that one.
  const inBlock = first.kind === "variable" && place.loops.get(first.name)?.end !== undefined;
  const fromZero = inBlock || (first.kind === "literal" && first.value === 0);
  const parts = below.kind === "op" && below.op === "minimum" ? below.arguments : [below];
  const last = parts.find((part) => part.kind === "literal");
  const end = fromZero && last?.kind === "literal" ? last.value : undefined;
  return { ...place, loops: new Map([...place.loops, [name, { end, step }]]) };
}

/** What no turn changes guards the copies too; of what turns alone decide some are inside; nothing is known of the rest. */
function inBranch(place: Place, condition: Expression): Place {
  const outside: Expression[] = [];
  let { open } = place;
  for (const part of conjuncts(meaningOf(condition, place))) {
    const names = [...namesIn(part)];
    if (names.every((name) => place.varying.has(name))) continue;
    if (names.some((name) => place.varying.has(name) || place.loops.has(name))) open = false;
    else outside.push(part);
  }
  return { ...place, open, conditions: [...place.conditions, ...outside] };
}

function conjuncts(condition: Expression): readonly Expression[] {
  return condition.kind === "op" && condition.op === "and"
    ? condition.arguments.flatMap(conjuncts)
    : [condition];
}

function namesIn(expression: Expression): Set<string> {
  const names = new Set<string>();
  const seen = new Set<Expression>();
  const visit = (one: Expression): void => {
    if (seen.has(one)) return;
    seen.add(one);
    if (one.kind === "variable") names.add(one.name);
    expressionChildren(one).forEach(visit);
  };
  visit(expression);
  return names;
}

function collectLoads(expression: Expression, place: Place, packing: Packing): void {
  if (!place.open) return;
  if (expression.kind === "load" && expression.width && expression.type === "f32")
    noteLoad(expression, place, packing);
  // What a choice does not take may lie outside its buffer.
  const children = expressionChildren(expression);
  const lazy = expression.kind === "op" && ["select", "and", "or"].includes(expression.op);
  for (const child of lazy ? children.slice(0, 1) : children) collectLoads(child, place, packing);
}

function noteLoad(load: Load, place: Place, { panels, packed, readOnly }: Packing): void {
  const index = meaningOf(load.index, place);
  const names = [...namesIn(index)];
  if (!readOnly(load.binding) || names.some((name) => place.varying.has(name))) return;
  const loops: PanelLoop[] = [];
  for (const [name, { end, step }] of place.loops) {
    if (!names.includes(name)) continue;
    if (end === undefined || step !== 1) return;
    loops.push({ name, extent: end });
  }
  if (loops.length === 0) return;
  const key = JSON.stringify([loops, place.conditions]);
  const panel = panels.get(key) ?? {
    array: `panel${panels.size + 1}`,
    loops,
    conditions: place.conditions,
    slots: new Map<string, Load>(),
  };
  panels.set(key, panel);
  const slot = JSON.stringify([load.binding, index]);
  panel.slots.set(slot, panel.slots.get(slot) ?? { ...load, index });
  packed.set(load, { panel, slot });
}

/** The loops that copy what a panel holds. */
function fillOf(panel: Panel): readonly Statement[] {
  const copies = [...panel.slots].map(([slot, value]): Statement => {
    const { array, index } = elementOf(panel, slot);
    return { kind: "share", array, index, value };
  });
  const loops = panel.loops.reduceRight<readonly Statement[]>(
    (body, { name, extent }) => [
      { kind: "for", name, from: whole(0), below: whole(extent), step: 1, body },
    ],
    copies,
  );
  return panel.conditions.reduceRight<readonly Statement[]>(
    (body, condition) => [{ kind: "if", condition, body }],
    loops,
  );
}

/** Where no block of the repeating loop is whole, its turns are those at an edge, which read nothing from panels. */
function whereWhole({ from, below, step }: Loop, body: readonly Statement[]): readonly Statement[] {
  if (from.kind === "literal" && below.kind === "literal") return body;
  const end = operate("index", "add", [from, whole(step)]);
  return [{ kind: "if", condition: operate("bool", "lessEqual", [end, below]), body }];
}

function elementOf({ array, loops, slots }: Panel, slot: string): Element {
  const turn = loops.reduce<Expression>((outer, { name, extent }, at) => {
    const here: Expression = { kind: "variable", type: "index", name };
    if (at === 0) return here;
    return operate("index", "add", [operate("index", "multiply", [outer, whole(extent)]), here]);
  }, whole(0));
  const first = operate("index", "multiply", [turn, whole(slots.size)]);
  const index = operate("index", "add", [first, whole([...slots.keys()].indexOf(slot))]);
  return { kind: "shared", type: "f32", array, index, width: laneCount };
}

type Element = Extract<Expression, { kind: "shared" }>;

function whole(value: number): Expression {
  return { kind: "literal", type: "index", value };
}
