// Takes a kernel and the offsets of its uniform words, gives the lines of WGSL that declare them and name what they hold.
import type { Kernel, KernelUniform } from "../kernel/ir.js";
import { uniformName } from "../kernel/ir.js";

/** `wordOf` gives the word of each of the kernel's uniforms. */
export function wordDeclarations(kernel: Kernel, wordOf: readonly number[]): readonly string[] {
  const wordsOf = (ofDispatch: boolean): number =>
    Math.max(
      0,
      ...kernel.uniforms.map((uniform, at) =>
        isWord(uniform) && (uniform.kind === "argument") === ofDispatch ? (wordOf[at] ?? 0) + 1 : 0,
      ),
    );
  return [
    ...declaration(0, "words", wordsOf(false)),
    ...declaration(kernel.bindings.length + 1, "given", wordsOf(true)),
  ];
}

export function wordLines(kernel: Kernel, wordOf: readonly number[]): readonly string[] {
  return kernel.uniforms.map((uniform, at) => {
    const word = wordOf[at] ?? 0;
    const array = uniform.kind === "argument" ? "given" : "words";
    const text = `${array}[${word >> 2}].${"xyzw".charAt(word & 3)}`;
    return isWord(uniform)
      ? `let ${uniformName(kernel, at)} = ${uniformValue(uniform, text)};`
      : `let ${uniformName(kernel, at)} = ${knownValue(uniform)};`;
  });
}

/** What is not known while compiling. */
function isWord(uniform: KernelUniform): boolean {
  return uniform.kind !== "argument" || uniform.value === undefined;
}

function declaration(binding: number, name: string, count: number): readonly string[] {
  if (count === 0) return [];
  const size = Math.ceil(count / 4);
  return [`@group(0) @binding(${binding}) var<uniform> ${name}: array<vec4<u32>, ${size}>;`];
}

/** A word as what it holds. */
function uniformValue(uniform: KernelUniform, word: string): string {
  if (uniform.kind === "host") return `bitcast<f32>(${word})`;
  const isIndex = uniform.kind === "argument" ? uniform.type === "index" : uniform.kind === "dim";
  return isIndex ? `i32(${word})` : word;
}

function knownValue(uniform: KernelUniform): string {
  if (uniform.kind !== "argument" || uniform.value === undefined)
    throw new Error("a word is not known");
  return uniform.type === "u32" ? `${uniform.value}u` : String(uniform.value);
}
