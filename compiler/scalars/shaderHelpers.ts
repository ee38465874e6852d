// Takes no input, gives the WGSL functions that scalar operations call: mathematics that no driver turns into NaN or infinity.
import type { Helper } from "./record.js";

/*
 * Coefficients are minimax fits of our own, by reweighted least squares on Chebyshev nodes; errors are relative
 * and hold before rounding: erf 2e-9, erfinv 1.2e-7, sin and cos 1e-10 after reduction, tanh 4e-9, the arc tangent 2e-8.
 */

export const expOf: Helper = {
  name: "exp_of",
  // Below −87.3 the result is denormal: flushed or not, it is 0 to every sum.
  text: `fn exp_of(x: f32) -> f32 {
  return select(exp(clamp(x, -87.3, 88.72)), 0.0, x < -87.3);
}`,
};

export const logOf: Helper = {
  name: "log_of",
  text: `fn log_of(x: f32) -> f32 {
  return log(max(x, 1.1754944e-38));
}`,
};

export const sqrtOf: Helper = {
  name: "sqrt_of",
  text: `fn sqrt_of(x: f32) -> f32 {
  return sqrt(max(x, 0.0));
}`,
};

export const tanhOf: Helper = {
  name: "tanh_of",
  needs: [expOf],
  text: `fn tanh_of(x: f32) -> f32 {
  let a = min(abs(x), 10.0);
  let z = a * a;
  let near = ((((-0.00565997253 * z + 0.0205909722) * z - 0.0537210625) * z + 0.133311275) * z - 0.333332605) * z + 0.999999996;
  let far = 1.0 - 2.0 / (exp_of(2.0 * a) + 1.0);
  return select(sign(x) * far, x * near, a < 0.625);
}`,
};

// The quadrant by a three-part reduction, which is exact for |x| up to about 1e4.
export const quarterTurn: Helper = {
  name: "quarter_turn",
  text: `fn quarter_turn(x: f32, shift: f32) -> f32 {
  let n = round(x * 0.636619772);
  let r = clamp(((x - n * 1.5703125) - n * 0.00048351287841796875) - n * 3.1391647326e-7, -0.8, 0.8);
  let m = n + shift;
  let quadrant = m - 4.0 * floor(m * 0.25);
  let z = r * r;
  let s = r * ((((2.71637842e-6 * z - 0.000198390933) * z + 0.0083333284) * z - 0.166666666) * z + 1.0);
  let c = (((2.43639592e-5 * z - 0.00138864317) * z + 0.0416666099) * z - 0.499999995) * z + 1.0;
  let odd = quadrant == 1.0 || quadrant == 3.0;
  let magnitude = select(s, c, odd);
  return select(magnitude, -magnitude, quadrant >= 2.0);
}`,
};

export const sinOf: Helper = {
  name: "sin_of",
  needs: [quarterTurn],
  text: `fn sin_of(x: f32) -> f32 {
  return quarter_turn(x, 0.0);
}`,
};

export const cosOf: Helper = {
  name: "cos_of",
  needs: [quarterTurn],
  text: `fn cos_of(x: f32) -> f32 {
  return quarter_turn(x, 1.0);
}`,
};

export const erfOf: Helper = {
  name: "erf_of",
  needs: [expOf],
  text: `fn erf_of(x: f32) -> f32 {
  let a = min(abs(x), 4.0);
  let z = x * x;
  let near = (((((7.85384714e-5 * z - 0.000801018932) * z + 0.0051883272) * z - 0.0268538117) * z + 0.112835851) * z - 0.376126258) * z + 1.12837917;
  let p = ((((((2.17081739e-5 * a - 0.000441601849) * a + 0.00420594884) * a - 0.0252121997) * a + 0.108425167) * a + 0.633213416) * a + 1.12958189) * a - 0.000188821368;
  if (abs(x) < 1.0) {
    return x * near;
  }
  return sign(x) * (1.0 - exp_of(-p));
}`,
};

export const erfinvOf: Helper = {
  name: "erfinv_of",
  needs: [logOf],
  text: `fn erfinv_of(y: f32) -> f32 {
  let x = clamp(y, -0.99999994, 0.99999994);
  let w = -log_of((1.0 - x) * (1.0 + x));
  if (w < 5.0) {
    let u = w - 2.5;
    return x * ((((((((2.85339911e-8 * u + 3.43725995e-7) * u - 3.52884996e-6) * u - 4.39676967e-6) * u + 0.000218602159) * u - 0.00125370755) * u - 0.0041777077) * u + 0.246640726) * u + 1.50140942);
  }
  let u = sqrt(w) - 3.0;
  return x * ((((((((-0.000121595845 * u + 5.10493428e-5) * u + 0.00123943415) * u - 0.00362302974) * u + 0.0057906646) * u - 0.00763585316) * u + 0.00943088941) * u + 1.00167483) * u + 2.83297711);
}`,
};

export const moduloOf: Helper = {
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
};

export const powerOf: Helper = {
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
};

export const atan2Of: Helper = {
  name: "atan2_of",
  // By the angle to the nearer axis, of which the tangent is at most 1; scaled, as drivers divide badly near the ends of f32.
  text: `fn atan2_of(y: f32, x: f32) -> f32 {
  let most = max(abs(x), abs(y));
  if (most == 0.0) {
    return 0.0;
  }
  let scale = select(select(1.0, 1e10, most < 1e-20), 1e-10, most > 1e20);
  let tangent = (min(abs(x), abs(y)) * scale) / (most * scale);
  let far = tangent > 0.414213562;
  let t = select(tangent, (tangent - 1.0) / (tangent + 1.0), far);
  let z = t * t;
  let p = (((0.0798448963 * z - 0.138514343) * z + 0.199744137) * z - 0.333327978) * z + 0.999999982;
  let near = t * p + select(0.0, 0.785398163, far);
  let steep = select(near, 1.57079633 - near, abs(y) > abs(x));
  let angle = select(steep, 3.14159265 - steep, x < 0.0);
  return select(angle, -angle, y < 0.0);
}`,
};

export const floorModulo: Helper = {
  name: "floor_modulo",
  text: `fn floor_modulo(x: i32, y: i32) -> i32 {
  // What % gives for negative operands is left to drivers.
  if (y == 0 || y == -1) {
    return 0;
  }
  let r = x - (x / y) * y;
  return select(r, r + y, r != 0 && (r < 0) != (y < 0));
}`,
};

export const toI32: Helper = {
  name: "to_i32",
  text: `fn to_i32(x: f32) -> i32 {
  return i32(clamp(x, -2147483648.0, 2147483520.0));
}`,
};

export const toU32: Helper = {
  name: "to_u32",
  text: `fn to_u32(x: f32) -> u32 {
  return u32(clamp(x, 0.0, 4294967040.0));
}`,
};

export const powerI32: Helper = {
  name: "power_i32",
  needs: [powerOf, toI32],
  text: `fn power_i32(x: i32, y: i32) -> i32 {
  return to_i32(round(power_of(f32(x), f32(y))));
}`,
};

export const powerU32: Helper = {
  name: "power_u32",
  needs: [powerOf, toU32],
  text: `fn power_u32(x: u32, y: u32) -> u32 {
  return to_u32(round(power_of(f32(x), f32(y))));
}`,
};
