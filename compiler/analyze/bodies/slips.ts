// A model and its trace, or a layer, come in; a warning for each name that was most likely meant as a statement goes out.
import type * as ast from "../../../grammar/ast.js";
import { walk } from "../calls/syntax.js";
import type { Frame } from "../context.js";
import { report } from "../report.js";

interface Slip {
  /** Whether it stands in models alone, so that in a layer the name may well be meant. */
  readonly ofModels?: true;
  readonly hint: string;
}

const trains = (line: string): Slip => ({
  ofModels: true,
  hint: `write \`${line}\` in a \`train\` block, without the sign`,
});

/** Statements by their words: a name like one that nothing reads is a slip. */
const slips: Readonly<Record<string, Slip>> = {
  loss: {
    ofModels: true,
    hint: "write `loss …` without the sign, or `loss fit = …` to name it",
  },
  metric: {
    ofModels: true,
    hint: "write `metric …` without the sign, or `metric error = …` to name it",
  },
  output: { ofModels: true, hint: "an output has a name: `output y = …`" },
  regularize: { hint: "write `regularize l2(1e-4) on weights`, without the sign" },
  project: { hint: "write `project max_norm(3) on weights`, without the sign" },
  input: { hint: "an input has a name and a shape: `input x: [batch, 8]`" },
  target: { hint: "a target has a name and a shape: `target y: [batch]`" },
  weight: {
    hint: "a weight has a name and a shape: `weight W: [8, 4] ~ glorot_uniform()`",
  },
  bias: { hint: "a bias has a name and a shape: `bias b: [4] = 0`" },
  param: { hint: "a parameter has a name and a shape: `param scale: [4] = 1`" },
  state: { hint: "a state has a name and a shape: `state mean: [4] = 0`" },
  fitted: {
    hint: "a fitted value has a name and a shape: `fitted mu: [4] = mean(x, axis: 0)`",
  },
  shared: { hint: "a shared layer has a name: `shared encoder = dense(8)`" },
  check: { hint: 'a check has no sign: `check n > 1, "what must be"`' },
  optimizer: trains("optimizer adam(lr: 1e-3)"),
  freeze: trains("freeze encoder.*"),
  minimize: trains("minimize fit on encoder.*"),
  start: trains('start encoder.* from "earlier.safetensors"'),
  monitor: trains("monitor update_ratio"),
};

/** `loss = mse(z, y)` binds a name that nothing reads, and is no loss. */
export function warnSlips({ block }: ast.ModelDeclaration, frame: Frame): void {
  warnUnread(block, frame, () => true);
}

/** `weight = normal(0, 1)` in a layer, which has no outputs and metrics of its own. */
export function warnLayerSlips(block: ast.Block, frame: Frame): void {
  warnUnread(block, frame, ({ ofModels }) => ofModels === undefined);
}

function warnUnread(block: ast.Block, frame: Frame, isLikely: (slip: Slip) => boolean): void {
  const found = bindingsIn(block).flatMap((binding) => {
    // No statement looks like `h, state = …`.
    const [name, another] = binding.names;
    if (name === undefined || another !== undefined || !Object.hasOwn(slips, name.name)) return [];
    const slip = slips[name.name];
    return slip !== undefined && isLikely(slip) ? [{ binding, name, slip }] : [];
  });
  if (found.length === 0) return;
  const read = namesReadIn(block);
  for (const { binding, name, slip } of found) {
    if (read.has(name.name) || isMistaken(frame, binding.span)) continue;
    warn(frame, name.name, name.span, slip.hint);
  }
}

/** Whether a mistake was told in a statement, which has to be written anew in any case. */
function isMistaken({ run, unit }: Frame, { start, end }: ast.Span): boolean {
  return run.diagnostics.some(
    ({ severity, file, span }) =>
      severity === "error" && file === unit.source && span.start >= start && span.end <= end,
  );
}

function warn(frame: Frame, name: string, span: ast.Span, hint: string): void {
  report(frame, "NN0212", span, {
    severity: "warning",
    message: `this gives a value the name \`${name}\`; it is no \`${name}\` statement`,
    hint,
  });
}

/** Names in expressions, and those that `output name` gives out or `name <- …` changes. */
function namesReadIn(block: ast.Block): ReadonlySet<string> {
  const found = new Set<string>();
  walk(block, (node) => {
    const read = node as ast.NameExpression | ast.OutputStatement | ast.UpdateStatement;
    if (read.kind === "Name") found.add(read.name);
    if (read.kind === "Output" || read.kind === "Update") {
      for (const { name } of read.names) found.add(name);
    }
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
