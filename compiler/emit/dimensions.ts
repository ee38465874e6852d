// Takes dimensions and host values, gives them as the plain data of a plan.
import type { HostExpression, PlanDim } from "../../runtime/plan.js";
import type { Dim, DimFactor, DimTerm } from "../types/dimension.js";
import type { HostValue } from "../types/nest.js";

export function planDim(dim: Dim): PlanDim {
  if (typeof dim === "number") return dim;
  const parts = dim.terms.map(planTerm);
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : ["+", ...parts];
}

function planTerm(term: DimTerm): PlanDim {
  const factors = term.factors.map(planFactor);
  if (factors.length === 0) return term.coefficient;
  const [only] = factors;
  if (term.coefficient === 1) {
    return factors.length === 1 && only !== undefined ? only : ["*", ...factors];
  }
  return ["*", term.coefficient, ...factors];
}

function planFactor(factor: DimFactor): PlanDim {
  if (factor.kind === "free") return factor.name;
  return ["/", planDim(factor.numerator), planDim(factor.denominator)];
}

export function hostExpression(value: HostValue): HostExpression {
  switch (value.kind) {
    case "number":
      return value.value;
    case "dim":
      return ["dim", planDim(value.dim)];
    case "scalar":
      return ["scalar", value.name];
    case "op":
      return [value.op, ...value.arguments.map(hostExpression)];
  }
}
