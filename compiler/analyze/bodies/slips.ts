// A model and its trace come in; a warning for each name that was most likely meant as a statement goes out.
import type * as ast from "../../../grammar/ast.js";
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

/** `loss = mse(z, y)` binds a name, and the model still has no loss. */
export function warnSlips({ block }: ast.ModelDeclaration, frame: Frame, trace: TraceState): void {
  for (const statement of bindingsIn(block)) {
    for (const { name, span } of statement.names) {
      const slip = Object.hasOwn(slips, name) ? slips[name] : undefined;
      if (slip?.lacks(trace) !== true || trace.model.unknown.size > 0) continue;
      report(frame, "NN0212", span, {
        severity: "warning",
        message: `this gives a value the name \`${name}\`; it is no \`${name}\` statement`,
        hint: slip.hint,
      });
    }
  }
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
