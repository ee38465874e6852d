// A model and its trace, or a layer, come in; a warning for each name that was most likely meant as a statement goes out.
import type * as ast from "../../../grammar/ast.js";
import { walk } from "../calls/syntax.js";
import type { Frame, TraceState } from "../context.js";
import { report } from "../report.js";

interface Slip {
  /** Whether the model has none of these statements, so that one may well be missing. */
  readonly lacks: (trace: TraceState) => boolean;
  readonly hint: string;
}

const slips: Readonly<Record<string, Slip>> = {
  loss: {
    lacks: ({ losses }) => losses.size === 0,
    hint: "write `loss …` without the sign, or `loss fit = …` to name it",
  },
  metric: {
    lacks: ({ metrics }) => metrics.size === 0,
    hint: "write `metric …` without the sign, or `metric error = …` to name it",
  },
  output: {
    lacks: ({ outputs }) => outputs.length === 0,
    hint: "an output has a name: `output y = …`",
  },
  regularize: {
    lacks: ({ penalties }) => penalties.length === 0,
    hint: "write `regularize l2(1e-4) on weights`, without the sign",
  },
};

/** Statements that a body may well do without: a name like theirs is a slip where nothing reads it. */
const unread: Readonly<Record<string, string>> = {
  regularize: "write `regularize l2(1e-4) on weights`, without the sign",
  project: "write `project max_norm(3) on weights`, without the sign",
  input: "an input has a name and a shape: `input x: [batch, 8]`",
  target: "a target has a name and a shape: `target y: [batch]`",
  weight: "a weight has a name and a shape: `weight W: [8, 4] ~ glorot_uniform()`",
  bias: "a bias has a name and a shape: `bias b: [4] = 0`",
  param: "a parameter has a name and a shape: `param scale: [4] = 1`",
  state: "a state has a name and a shape: `state mean: [4] = 0`",
  fitted: "a fitted value has a name and a shape: `fitted mu: [4] = mean(x, axis: 0)`",
};

/** `loss = mse(z, y)` binds a name, and the model still has no loss. */
export function warnSlips({ block }: ast.ModelDeclaration, frame: Frame, trace: TraceState): void {
  for (const { name, span } of boundIn(block)) {
    const slip = Object.hasOwn(slips, name) ? slips[name] : undefined;
    if (slip?.lacks(trace) !== true || trace.model.unknown.size > 0) continue;
    warn(frame, name, span, slip.hint);
  }
  warnUnread(block, frame);
}

/** `weight = normal(0, 1)` binds a name that nothing reads; in a model, or in a layer, which has no other statements. */
export function warnUnread(block: ast.Block, frame: Frame): void {
  const found = boundIn(block).filter(({ name }) => Object.hasOwn(unread, name));
  if (found.length === 0) return;
  const read = namesReadIn(block);
  for (const { name, span } of found) {
    if (!read.has(name)) warn(frame, name, span, unread[name] ?? "");
  }
}

function warn(frame: Frame, name: string, span: ast.Span, hint: string): void {
  report(frame, "NN0212", span, {
    severity: "warning",
    message: `this gives a value the name \`${name}\`; it is no \`${name}\` statement`,
    hint,
  });
}

const boundIn = (block: ast.Block): readonly ast.Identifier[] =>
  bindingsIn(block).flatMap(({ names }) => names);

/** Names in expressions, and those that `output name` gives out or `name <- …` changes. */
function namesReadIn(block: ast.Block): ReadonlySet<string> {
  const found = new Set<string>();
  walk(block, (node) => {
    const read = node as ast.NameExpression | ast.OutputStatement | ast.UpdateStatement;
    if (read.kind === "Name" || read.kind === "Update") found.add(read.name);
    if (read.kind === "Output") for (const { name } of read.names) found.add(name);
  });
  return found;
}

/** Those of its branches and loops too, whether or not they run. */
function bindingsIn(block: ast.Block): readonly ast.BindingStatement[] {
  return block.statements.flatMap((statement) => {
    switch (statement.kind) {
      case "Binding":
        return [statement];
      case "For":
        return bindingsIn(statement.block);
      case "If": {
        const { branches, otherwise } = statement;
        const blocks = branches.map((branch) => branch.block);
        return [...blocks, ...(otherwise ? [otherwise] : [])].flatMap(bindingsIn);
      }
      default:
        return [];
    }
  });
}
