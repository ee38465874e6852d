// Takes names and types of functions, gives what WGSL needs for wide values: names of vectors and lanes, and functions that work lane by lane.
import type { Expression } from "../kernel/ir.js";
import { laneCount, widthOf } from "../kernel/ir.js";
import type { ScalarType } from "../types/nest.js";

export const laneNames = ["x", "y", "z", "w"] as const;

export function offset(index: string, by: number): string {
  return by === 0 ? index : `${index} + ${by}`;
}

/** Indices are signed integers to the machine. */
export function typeName(type: ScalarType): Exclude<ScalarType, "index"> {
  return type === "index" ? "i32" : type;
}

export function vectorName(type: ScalarType, wide: boolean): string {
  return wide ? `vec${laneCount}<${typeName(type)}>` : typeName(type);
}

export function vectorType(expression: Expression): string {
  return vectorName(expression.type, widthOf(expression) !== undefined);
}

export type WideLoad = Extract<Expression, { kind: "load" }>;

/** Its name; it loads elements from an index on. */
export function loadFunction(
  functions: Map<string, string>,
  { binding, type, stride = 1 }: WideLoad,
  half: boolean,
): string {
  const source = `b${binding + 1}`;
  const step = stride < 0 ? `_back${-stride}` : `_${stride}`;
  const name = `load_${source}${stride === 1 ? "" : step}`;
  const elements = laneNames.map((_, lane) => {
    const element = `${source}[${offset("at", lane * stride)}]`;
    if (half) return `f32(${element})`;
    return type === "bool" ? `${element} != 0u` : element;
  });
  const vector = vectorName(type, true);
  const body = `return ${vector}(${elements.join(", ")});`;
  functions.set(name, `fn ${name}(at: i32) -> ${vector} {\n  ${body}\n}`);
  return name;
}

/** A function of single values for each lane; parameters of a vector type are taken apart. */
export function wideFunction(
  functions: Map<string, string>,
  name: string,
  parameters: readonly string[],
  gives: ScalarType,
): string {
  const wide = `${name}_${parameters.map((type) => type.replace(/^vec4<(.*)>$/, "$14")).join("_")}`;
  const vector = vectorName(gives, true);
  const declared = parameters.map((type, at) => `p${at}: ${type}`).join(", ");
  const calls = laneNames.map((lane) => {
    const given = parameters.map((type, at) =>
      type.startsWith("vec4") ? `p${at}.${lane}` : `p${at}`,
    );
    return `${name}(${given.join(", ")})`;
  });
  functions.set(
    wide,
    `fn ${wide}(${declared}) -> ${vector} {\n  return ${vector}(${calls.join(", ")});\n}`,
  );
  return wide;
}
