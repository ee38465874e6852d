// The `project` lines of a trace and the model's parameters come in; projections with the parameters that they apply to go out.
import type { Shape } from "../../types/graph.js";
import type { ParameterDeclaration, ProjectionInstance } from "../../types/model.js";
import { readAlgorithm, settingsOf, traces } from "./algorithms.js";
import type { Found, TraceState } from "../context.js";
import { textOf } from "../calls/arguments.js";
import { select } from "./selectors.js";

export function resolveProjections(
  trace: TraceState,
  parameters: Found<ParameterDeclaration>,
): ProjectionInstance[] {
  return trace.projections.flatMap(({ statement, frame }): ProjectionInstance[] => {
    const algorithm = readAlgorithm(frame, statement.value, "Projection");
    const { names } = select(frame, statement.selector, parameters);
    if (algorithm === undefined) return [];
    const traced = traces(algorithm);
    for (const { name, shape } of parameters.items) if (names.includes(name)) traced(shape, name);
    const { span } = statement;
    return [
      {
        place: { file: frame.unit.source, span },
        settings: `${settingsOf(algorithm)} on ${textOf(frame, statement.selector.span)}`,
        parameters: names,
        apply: (shape: Shape) => {
          const template = traced(shape);
          if (template === undefined) throw new Error("a projection without a trace");
          return template.weight;
        },
      },
    ];
  });
}
