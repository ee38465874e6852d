// Takes the names of functions that a shader calls, gives their WGSL.
import { toI32, toU32 } from "../scalars/arithmeticHelpers.js";
import type { Helper } from "../scalars/record.js";
import { helpersOf, withNeeds } from "../scalars/table.js";

const multiplyHigh: Helper = {
  name: "multiply_high",
  text: `fn multiply_high(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let cross = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (cross >> 16u);
}`,
};

const drawBits: Helper = {
  name: "draw_bits",
  // Philox 4×32-10 (Salmon et al., 2011), the first of its four words.
  needs: [multiplyHigh],
  text: `fn draw_bits(seed: u32, counter: u32, stream: u32, index: u32) -> u32 {
  var c = vec4<u32>(index, counter, stream, 0u);
  var k = vec2<u32>(seed, 0u);
  for (var round = 0; round < 10; round++) {
    c = vec4<u32>(
      multiply_high(0xcd9e8d57u, c.z) ^ c.y ^ k.x,
      0xcd9e8d57u * c.z,
      multiply_high(0xd2511f53u, c.x) ^ c.w ^ k.y,
      0xd2511f53u * c.x,
    );
    k = k + vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c.x;
}`,
};

const drawUniform: Helper = {
  name: "draw_uniform",
  needs: [drawBits],
  text: `fn draw_uniform(seed: u32, counter: u32, stream: u32, index: u32) -> f32 {
  return (f32(draw_bits(seed, counter, stream, index) >> 9u) + 0.5) * 1.1920929e-7;
}`,
};

const asGiven: Helper = {
  name: "as_given",
  text: `fn as_given(x: f32) -> f32 {
  return x;
}`,
};

const infinity: Helper = {
  name: "infinity",
  // Of a variable: WGSL has no literal of it, and refuses constant expressions that are infinite.
  text: `fn infinity() -> f32 {
  var large = 1e38;
  return large * large;
}`,
};

const functions: readonly Helper[] = [
  asGiven,
  infinity,
  ...helpersOf("wgsl"),
  toI32.wgsl,
  toU32.wgsl,
  multiplyHigh,
  drawBits,
  drawUniform,
];

/** In the order of their definition, what they call before them. */
export function shaderFunctions(names: ReadonlySet<string>): readonly string[] {
  return withNeeds(functions, names).map(({ text }) => text);
}
