// The parameters of a model come in, with what is set from outside; their compile-time values, checked, go out.
import { ownEntry } from "../../ownEntry.js";
import type * as ast from "../../../grammar/ast.js";
import type { CompileTimeData } from "../../types/model.js";
import type { Frame, Run, Unit } from "../context.js";
import { fileFrame } from "../frames.js";
import { report } from "../report.js";
import { bind, newScope, type Scope } from "../values/scope.js";
import {
  asNumber,
  bool,
  describe,
  float,
  isPoison,
  list,
  wholeOrFloat,
  type Value,
} from "../values/values.js";

/** `classes = 10`, or what `--set` says, as names of compile-time values. */
export function bindModelParameters(
  run: Run,
  unit: Unit,
  declaration: ast.ModelDeclaration,
): Scope {
  const scope = newScope(unit.scope);
  const frame: Frame = { ...fileFrame(run, unit), scope, body: "signature" };
  for (const parameter of declaration.parameters) {
    const value = parameterValue(run, frame, declaration, parameter);
    bind(scope, parameter.name, value, {
      place: { unit, span: parameter.nameSpan },
    });
  }
  return scope;
}

function parameterValue(
  run: Run,
  frame: Frame,
  model: ast.ModelDeclaration,
  parameter: ast.Parameter,
): Value {
  const standard =
    parameter.default === undefined
      ? undefined
      : run.evaluator.expression(parameter.default, frame);
  const set = ownEntry(run.settings, parameter.name);
  if (set === undefined) {
    if (standard !== undefined) return checkParameter(frame, parameter, standard);
    return report(frame, "NN0415", parameter.span, {
      message: `the model's parameter \`${parameter.name}\` has no value`,
      hint: `give it a default, or set it: \`--set ${parameter.name}=…\``,
    });
  }
  const given = fromData(set);
  const typed = checkParameter(frame, parameter, given);
  if (isPoison(typed) || standard === undefined || alike(standard, given)) return typed;
  return report(frame, "NN0415", parameter.span, {
    message: `\`${parameter.name}\` of ${model.name} is set to ${describe(given)}`,
    notes: [`its default is ${describe(standard)}`],
    hint: "what it is set to is of the kind of its default",
  });
}

function alike(standard: Value, given: Value): boolean {
  if (asNumber(standard) !== undefined) return asNumber(given) !== undefined;
  const lists = ["list", "range"];
  return (
    standard.kind === given.kind ||
    (lists.includes(standard.kind) && lists.includes(given.kind)) ||
    isPoison(standard)
  );
}

function checkParameter(frame: Frame, parameter: ast.Parameter, value: Value): Value {
  if (isPoison(value) || fitsType(parameter, value)) return value;
  return report(frame, "NN0415", parameter.span, {
    message: `a parameter of a model is a compile-time value${typeNote(parameter)}, not ${describe(value)}`,
  });
}

const typeNote = ({ type }: ast.Parameter): string =>
  type?.kind === "ScalarType" ? ` (here ${type.name})` : "";

function fitsType({ type }: ast.Parameter, value: Value): boolean {
  const constant = value.kind !== "tensor" && value.kind !== "results";
  const fits =
    type?.kind !== "ScalarType" ||
    (type.name === "float" ? asNumber(value) !== undefined : value.kind === type.name);
  return constant && fits && type?.kind !== "TensorType";
}

/** Why a parameter could not be set to a value; undefined where it could. */
export function settingProblem(
  frame: Frame,
  parameter: ast.Parameter,
  value: Value,
): string | undefined {
  if (!fitsType(parameter, value)) {
    const { type } = parameter;
    return `it is declared ${type?.kind === "ScalarType" ? type.name : "as a tensor"}`;
  }
  if (parameter.default === undefined) return undefined;
  const standard = frame.run.evaluator.expression(parameter.default, frame);
  return isPoison(standard) || alike(standard, value)
    ? undefined
    : `its default is ${describe(standard)}`;
}

/** Plain data as a value. */
export function fromData(data: CompileTimeData): Value {
  if (typeof data === "number") {
    return Number.isFinite(data) ? wholeOrFloat(data) : float(data);
  }
  if (typeof data === "boolean") return bool(data);
  if (typeof data === "string") return { kind: "string", value: data };
  return list(data.map(fromData));
}
