// Takes a kernel, gives readable text, the same each time: the stage "kernels" of `inspect`.
import { dimText } from "../types/dimension.js";
import type { ScalarType } from "../types/nest.js";
import { scalarOperation } from "../scalars/table.js";
import type { Expression, Kernel, KernelOp, KernelUniform, Statement, Way, Width } from "./ir.js";
import { splatted, uniformName, widthOf } from "./ir.js";

export function printKernel(kernel: Kernel): string {
  const lines = [headOf(kernel)];
  kernel.bindings.forEach(({ buffer, type, written }, at) => {
    lines.push(`  b${at + 1}: ${type}, buffer ${buffer}${written ? ", written" : ""}`);
  });
  kernel.uniforms.forEach((uniform, at) => {
    lines.push(`  ${uniformName(kernel, at)}: ${uniformText(uniform)}`);
  });
  for (const { name, type, width, length } of kernel.shared) {
    lines.push(
      `  ${name}: ${typeText(type, width)}[${length}] ${kernel.target === "gpu" ? "in workgroup memory" : "of its own"}`,
    );
  }
  printBody(kernel, kernel.body, "  ", lines);
  return lines.join("\n");
}

function headOf(kernel: Kernel): string {
  const flops = `${dimText(kernel.flops)} operations`;
  if (kernel.target === "cpu") return `kernel ${kernel.name}, ${flops}`;
  const workgroups = `${dimText(kernel.workgroups)} workgroups of ${kernel.workgroupSize}`;
  return `kernel ${kernel.name}, ${workgroups}, ${flops}`;
}

function uniformText(uniform: KernelUniform): string {
  if (uniform.kind === "dim") return dimText(uniform.dim);
  if (uniform.kind === "argument") return `argument ${uniform.index} of the dispatch`;
  return uniform.kind === "host" ? `host value ${uniform.index}` : "a word of the key of draws";
}

const onDevices: Readonly<Record<Way, string>> = {
  subgroups: "where there are subgroups",
  alone: "where barriers cost more",
};

function printBody(
  kernel: Kernel,
  body: readonly Statement[],
  indent: string,
  lines: string[],
): void {
  const text = (expression: Expression): string => expressionText(kernel, expression);
  const block = (head: string, inner: readonly Statement[]): void => {
    lines.push(`${indent}${head} {`);
    printBody(kernel, inner, `${indent}  `, lines);
    lines.push(`${indent}}`);
  };
  for (const statement of body) {
    switch (statement.kind) {
      case "let":
      case "var":
        lines.push(
          `${indent}${statement.kind} ${statement.name}: ${typeText(statement.value.type, widthOf(statement.value))} = ${text(statement.value)}`,
        );
        break;
      case "assign":
        lines.push(`${indent}${statement.name} = ${text(statement.value)}`);
        break;
      case "for": {
        const { name, from, below, step } = statement;
        const stride = step === 1 ? "" : ` step ${step}`;
        block(`for ${name} in ${text(from)} .. ${text(below)}${stride}`, statement.body);
        break;
      }
      case "stride": {
        const { name, from, below, by } = statement;
        block(`for ${name} in ${text(from)} .. ${text(below)} step ${text(by)}`, statement.body);
        break;
      }
      case "either":
        block(onDevices[statement.way], statement.body);
        block("elsewhere", statement.otherwise);
        break;
      case "halving":
        block(`for ${statement.name} halving from ${statement.from}`, statement.body);
        break;
      case "if":
        block(`if ${text(statement.condition)}`, statement.body);
        break;
      case "store":
      case "share": {
        const target = statement.kind === "store" ? `b${statement.binding + 1}` : statement.array;
        const more =
          statement.kind === "store" && widthOf(statement.value) !== undefined ? " …" : "";
        lines.push(
          `${indent}${target}[${text(statement.index)}${more}] = ${text(statement.value)}`,
        );
        break;
      }
      case "barrier":
        lines.push(`${indent}barrier`);
        break;
    }
  }
}

function typeText(type: ScalarType, width: Width | undefined): string {
  return width === undefined ? type : `${type}×${width}`;
}

/** Where kernels have signs of their own. */
const ownSigns: Readonly<Partial<Record<KernelOp, string>>> = {
  modulo: "mod",
  remainder: "%",
  power: "^",
};

function literalText(type: ScalarType, value: number): string {
  const text = String(value);
  return type === "f32" && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Of a wide load, how its lanes lie. */
function lanesText({ width, stride }: Extract<Expression, { kind: "load" }>): string {
  if (width === undefined) return "";
  return stride === undefined ? " …" : ` … by ${stride}`;
}

function expressionText(kernel: Kernel, expression: Expression): string {
  const text = (inner: Expression): string => expressionText(kernel, inner);
  switch (expression.kind) {
    case "literal":
      if (expression.type === "bool") return expression.value === 0 ? "false" : "true";
      return literalText(expression.type, expression.value);
    case "variable":
      return expression.name;
    case "uniform":
      return uniformName(kernel, expression.uniform);
    case "load":
      return `${expression.together ? "quad " : ""}b${expression.binding + 1}[${text(expression.index)}${lanesText(expression)}]`;
    case "shared":
      return `${expression.array}[${text(expression.index)}]`;
    case "draw":
      return `draw ${expression.source}(${text(expression.stream)}, ${text(expression.index)})`;
    case "lanes": {
      const same = splatted(expression);
      return same ? `all(${text(same)})` : `lanes(${expression.arguments.map(text).join(", ")})`;
    }
    case "across":
      return `${expression.combine} across (${text(expression.of)})`;
    case "rank":
      return "rank";
    case "isFirst":
      return "first";
    case "lane":
      return `lane ${expression.lane} of (${text(expression.of)})`;
    case "op": {
      const operator = ownSigns[expression.op] ?? scalarOperation(expression.op)?.sign;
      const operands = expression.arguments.map((operand) => {
        const inner = text(operand);
        const bare =
          operand.kind !== "op" ||
          (ownSigns[operand.op] ?? scalarOperation(operand.op)?.sign) === undefined;
        return bare || operator === undefined ? inner : `(${inner})`;
      });
      if (operator !== undefined) return operands.join(` ${operator} `);
      const name = expression.op === "cast" ? expression.type : expression.op;
      return `${name}(${operands.join(", ")})`;
    }
  }
}
