// Takes no input, gives what remainders, powers, rounding and conversions call in both languages.
import type { Helpers } from "./record.js";

/** By its bits, as drivers take x != x for false. */
export const isNaNOf = {
  wgsl: {
    name: "is_nan",
    text: `fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`,
  },
} as const satisfies Partial<Helpers>;

export const toI32 = {
  wgsl: {
    name: "to_i32",
    needs: [isNaNOf.wgsl],
    text: `fn to_i32(x: f32) -> i32 {
  return select(i32(clamp(x, -2147483648.0, 2147483520.0)), 0, is_nan(x));
}`,
  },
  javascript: {
    name: "toI32",
    text: "const toI32 = (x) => Math.min(Math.max(x, -2147483648), 2147483520) | 0;",
  },
} as const satisfies Partial<Helpers>;

export const toU32 = {
  wgsl: {
    name: "to_u32",
    needs: [isNaNOf.wgsl],
    text: `fn to_u32(x: f32) -> u32 {
  return select(u32(clamp(x, 0.0, 4294967040.0)), 0u, is_nan(x));
}`,
  },
  javascript: {
    name: "toU32",
    text: "const toU32 = (x) => Math.min(Math.max(x, 0), 4294967040) >>> 0;",
  },
} as const satisfies Partial<Helpers>;

export const round = {
  javascript: {
    name: "roundOf",
    text: `function roundOf(x) {
  const nearest = Math.round(x);
  return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}`,
  },
} as const satisfies Partial<Helpers>;

/** To the nearest number of half precision; on devices without it, where `half` is f32, as it is. */
export const half = {
  wgsl: {
    name: "as_half",
    text: `fn as_half(x: f32) -> f32 {
  return f32(half(x));
}`,
  },
  javascript: {
    name: "asHalf",
    // A sum with what is 2^42 times as large keeps 11 bits of a double's 53; below 2^-14 halves are multiples of 2^-24.
    text: `function asHalf(x) {
  const a = Math.fround(x);
  const size = Math.abs(a);
  if (!(size < 65520)) return a * Infinity;
  if (size < 0.00006103515625) return a + 402653184 - 402653184;
  return a + a * 4398046511104 - a * 4398046511104;
}`,
    double: "const asHalf = (x) => x;",
  },
} as const satisfies Partial<Helpers>;

export const modulo = {
  wgsl: {
    name: "modulo_of",
    // By long division of their whole numbers, exact: quotients of floats are rounded, and differ between drivers.
    text: `fn modulo_of(x: f32, y: f32) -> f32 {
  let a = bitcast<u32>(abs(x));
  let b = bitcast<u32>(abs(y));
  let divisor = (b & 0x7fffffu) | 0x800000u;
  var left = (a & 0x7fffffu) | 0x800000u;
  for (var more = max(a >> 23u, b >> 23u) - (b >> 23u); more > 0u; more -= min(more, 8u)) {
    left = (left % divisor) << min(more, 8u);
  }
  let scale = bitcast<f32>(max(b, 0x800000u) & 0x7f800000u);
  let size = select(abs(x), (f32(left % divisor) * 1.1920929e-7) * scale, a >= b);
  let rest = select(size, -size, x < 0.0);
  let whole = select(rest, rest + y, (rest != 0.0) & ((x < 0.0) != (y < 0.0)));
  // A rest so small that it is lost beside the divisor.
  let value = select(whole, 0.0, (whole == y) | (b < 0x800000u));
  return select(value, bitcast<f32>(a | 0x7fc00000u), (b >= 0x800000u) & (max(a, b) >= 0x7f800000u));
}`,
  },
  javascript: {
    name: "moduloOf",
    text: `function moduloOf(x, y) {
  if (y === 0) return 0;
  const rest = x % y;
  if (rest === 0 || rest < 0 === y < 0) return rest;
  const whole = Math.fround(rest + y);
  return whole === y ? 0 : whole;
}`,
    double: `function moduloOf(x, y) {
  if (y === 0) return 0;
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
}`,
  },
} as const satisfies Partial<Helpers>;

export const floorModulo = {
  wgsl: {
    name: "floor_modulo",
    text: `fn floor_modulo(x: i32, y: i32) -> i32 {
  // What % gives for negative operands is left to drivers. The rest by 0 and by -1 is that by 1.
  let d = select(y, 1, (y == 0) | (y == -1));
  let r = x - (x / d) * d;
  return select(r, r + d, (r != 0) & ((r < 0) != (d < 0)));
}`,
  },
  javascript: {
    name: "floorModulo",
    text: `function floorModulo(x, y) {
  if (y === 0) return 0;
  const rest = x % y | 0;
  return rest !== 0 && rest < 0 !== y < 0 ? (rest + y) | 0 : rest;
}`,
  },
} as const satisfies Partial<Helpers>;

export const wholeModulo = {
  wgsl: {
    name: "whole_modulo",
    text: `fn whole_modulo(x: u32, y: u32) -> u32 {
  // A divisor that is 0 in the text of a shader is refused, so that it must come in as a parameter.
  return select(0u, x % max(y, 1u), y != 0u);
}`,
  },
} as const satisfies Partial<Helpers>;

export const power = {
  wgsl: {
    name: "power_of",
    text: `fn power_of(x: f32, y: f32) -> f32 {
  let exponent = y * log2(select(abs(x), 1.0, x == 0.0));
  let magnitude = select(exp2(clamp(exponent, -126.0, 127.99)), 0.0, exponent < -126.0);
  let signed = select(magnitude, -magnitude, y * 0.5 != floor(y * 0.5));
  let below = select(signed, 0.0, y != floor(y));
  let beside = select(below, magnitude, x > 0.0);
  let result = select(beside, select(3.4028234e38, 0.0, y > 0.0), x == 0.0);
  return select(result, 1.0, y == 0.0);
}`,
  },
  javascript: {
    name: "powerOf",
    text: `function powerOf(x, y) {
  if (y === 0) return 1;
  if (y !== y) return y;
  if (x === 0) return y > 0 ? 0 : 3.4028234663852886e38;
  if (x < 0 && y !== Math.floor(y)) return 0;
  return Math.max(Math.min(Math.pow(x, y), 3.4028234663852886e38), -3.4028234663852886e38);
}`,
    double: `function powerOf(x, y) {
  if (y === 0) return 1;
  if (y !== y) return y;
  if (x === 0) return y > 0 ? 0 : Number.MAX_VALUE;
  if (x < 0 && y !== Math.floor(y)) return 0;
  return Math.max(Math.min(Math.pow(x, y), Number.MAX_VALUE), -Number.MAX_VALUE);
}`,
  },
} as const satisfies Partial<Helpers>;

export const powerI32 = {
  wgsl: {
    name: "power_i32",
    needs: [power.wgsl, toI32.wgsl],
    text: `fn power_i32(x: i32, y: i32) -> i32 {
  return to_i32(round(power_of(f32(x), f32(y))));
}`,
  },
  javascript: {
    name: "powerI32",
    needs: [power.javascript, round.javascript, toI32.javascript],
    text: "const powerI32 = (x, y) => toI32(roundOf(powerOf(x, y)));",
  },
} as const satisfies Partial<Helpers>;

export const powerU32 = {
  wgsl: {
    name: "power_u32",
    needs: [power.wgsl, toU32.wgsl],
    text: `fn power_u32(x: u32, y: u32) -> u32 {
  return to_u32(round(power_of(f32(x), f32(y))));
}`,
  },
  javascript: {
    name: "powerU32",
    needs: [power.javascript, round.javascript, toU32.javascript],
    text: "const powerU32 = (x, y) => toU32(roundOf(powerOf(x, y)));",
  },
} as const satisfies Partial<Helpers>;
