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
  if (is_nan(x)) {
    return 0;
  }
  return i32(clamp(x, -2147483648.0, 2147483520.0));
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
  if (is_nan(x)) {
    return 0u;
  }
  return u32(clamp(x, 0.0, 4294967040.0));
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

export const modulo = {
  wgsl: {
    name: "modulo_of",
    // Division may be off by a unit in the last place, so the quotient is put right by the remainder.
    text: `fn modulo_of(x: f32, y: f32) -> f32 {
  // A quotient beyond 24 bits has no fraction left.
  if (abs(x) * 5.9604645e-8 >= abs(y)) {
    return 0.0;
  }
  var r = x - y * floor(x / y);
  if (r * sign(y) < 0.0) {
    r = r + y;
  }
  if (abs(r) >= abs(y)) {
    r = r - y;
  }
  return r;
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
  // What % gives for negative operands is left to drivers.
  if (y == 0 || y == -1) {
    return 0;
  }
  let r = x - (x / y) * y;
  return select(r, r + y, r != 0 && (r < 0) != (y < 0));
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
  if (y == 0.0) {
    return 1.0;
  }
  if (x == 0.0) {
    return select(3.4028234e38, 0.0, y > 0.0);
  }
  let exponent = y * log2(abs(x));
  let magnitude = select(exp2(clamp(exponent, -126.0, 127.99)), 0.0, exponent < -126.0);
  if (x > 0.0) {
    return magnitude;
  }
  if (y != floor(y)) {
    return 0.0;
  }
  return select(magnitude, -magnitude, y * 0.5 != floor(y * 0.5));
}`,
  },
  javascript: {
    name: "powerOf",
    text: `function powerOf(x, y) {
  if (y === 0) return 1;
  if (x === 0) return y > 0 ? 0 : 3.4028234663852886e38;
  if (x < 0 && y !== Math.floor(y)) return 0;
  return Math.max(Math.min(Math.pow(x, y), 3.4028234663852886e38), -3.4028234663852886e38);
}`,
    double: `function powerOf(x, y) {
  if (y === 0) return 1;
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
