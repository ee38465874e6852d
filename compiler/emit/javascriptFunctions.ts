// Takes the names of functions that kernels call and the precision, gives their JavaScript: the same mathematics as in WGSL.

/** `f32`: what training and inference run; `f64`: the reference, in double precision throughout. */
export type Precision = "f32" | "f64";

interface ScriptFunction {
  readonly needs?: readonly string[];
  readonly text: string;
  /** Where double precision wants another text. */
  readonly double?: string;
}

const functions: Readonly<Record<string, ScriptFunction>> = {
  fround: { text: "const fround = Math.fround;" },
  expOf: {
    text: "const expOf = (x) => Math.exp(x < 88.72 ? x : 88.72);",
    double: "const expOf = (x) => Math.exp(x < 709.78 ? x : 709.78);",
  },
  logOf: {
    text: "const logOf = (x) => Math.log(x > 1.1754943508222875e-38 ? x : 1.1754943508222875e-38);",
  },
  sqrtOf: { text: "const sqrtOf = (x) => (x > 0 ? Math.sqrt(x) : 0);" },
  roundOf: {
    text: `function roundOf(x) {
  const nearest = Math.round(x);
  return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}`,
  },
  erfOf: {
    text: `function erfOf(x) {
  const z = x * x;
  if (z < 1) {
    return x * ((((((7.85384714e-5 * z - 0.000801018932) * z + 0.0051883272) * z - 0.0268538117) * z + 0.112835851) * z - 0.376126258) * z + 1.12837917);
  }
  const a = Math.min(Math.abs(x), 4);
  const p = ((((((2.17081739e-5 * a - 0.000441601849) * a + 0.00420594884) * a - 0.0252121997) * a + 0.108425167) * a + 0.633213416) * a + 1.12958189) * a - 0.000188821368;
  return Math.sign(x) * (1 - Math.exp(-p));
}`,
    // Kummer's series with positive terms alone, beyond 2.5 the continued fraction of erfc.
    double: `function erfOf(x) {
  const a = Math.abs(x);
  if (a > 2.5) return Math.sign(x) * (1 - erfcOf(a));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return 1.1283791670955126 * Math.exp(-x * x) * sum;
}
function erfcOf(a) {
  if (a <= 2.5) return 1 - erfOf(a);
  if (a > 27) return 0;
  let tail = a;
  for (let n = 80; n >= 1; n--) tail = a + n / 2 / tail;
  return (0.5641895835477563 * Math.exp(-a * a)) / tail;
}`,
  },
  erfinvOf: {
    text: `function erfinvOf(y) {
  const x = Math.min(Math.max(y, -0.9999999403953552), 0.9999999403953552);
  const w = -Math.log((1 - x) * (1 + x));
  if (w < 5) {
    const u = w - 2.5;
    return x * ((((((((2.85339911e-8 * u + 3.43725995e-7) * u - 3.52884996e-6) * u - 4.39676967e-6) * u + 0.000218602159) * u - 0.00125370755) * u - 0.0041777077) * u + 0.246640726) * u + 1.50140942);
  }
  const u = Math.sqrt(w) - 3;
  return x * ((((((((-0.000121595845 * u + 5.10493428e-5) * u + 0.00123943415) * u - 0.00362302974) * u + 0.0057906646) * u - 0.00763585316) * u + 0.00943088941) * u + 1.00167483) * u + 2.83297711);
}`,
    // The same start, then Newton's method on erf (on erfc in the tails, where erf is too flat).
    double: `function erfinvOf(y) {
  const x = Math.min(Math.max(y, -0.9999999403953552), 0.9999999403953552);
  const w = -Math.log((1 - x) * (1 + x));
  let guess = w < 5 ? 0.8862 * x + 0.23 * x * x * x : Math.sign(x) * (Math.sqrt(w) - 0.9);
  for (let turn = 0; turn < 60; turn++) {
    const error = Math.abs(guess) > 0.5
      ? Math.sign(guess) * (1 - Math.abs(x) - erfcOf(Math.abs(guess)))
      : erfOf(guess) - x;
    const step = (error * 0.886226925452758) * Math.exp(guess * guess);
    const taken = step / (1 + guess * step);
    guess -= taken;
    if (Math.abs(taken) <= 4e-16 * Math.abs(guess)) break;
  }
  return guess;
}`,
    needs: ["erfOf"],
  },
  moduloOf: {
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
  powerOf: {
    text: `function powerOf(x, y) {
  if (y === 0) return 1;
  if (x === 0) return y > 0 ? 0 : 3.4028234663852886e38;
  if (x < 0 && y !== Math.floor(y)) return 0;
  return Math.max(Math.min(Math.pow(x, y), 3.4028234663852886e38), -3.4028234663852886e38);
}`,
  },
  floorModulo: {
    text: `function floorModulo(x, y) {
  if (y === 0) return 0;
  const rest = x % y | 0;
  return rest !== 0 && rest < 0 !== y < 0 ? (rest + y) | 0 : rest;
}`,
  },
  toI32: { text: "const toI32 = (x) => Math.min(Math.max(x, -2147483648), 2147483520) | 0;" },
  toU32: { text: "const toU32 = (x) => Math.min(Math.max(x, 0), 4294967040) >>> 0;" },
  drawBits: {
    // Philox 4×32-10 (Salmon et al., 2011), the first of its four words.
    text: `function multiplyHigh(a, b) {
  const low = (a & 0xffff) * (b & 0xffff);
  const middle = (a >>> 16) * (b & 0xffff) + (low >>> 16);
  const cross = (a & 0xffff) * (b >>> 16) + (middle & 0xffff);
  return (a >>> 16) * (b >>> 16) + (middle >>> 16) + (cross >>> 16);
}
function drawBits(seed, member, counter, stream, index) {
  let c0 = index >>> 0;
  let c1 = counter;
  let c2 = stream;
  let c3 = 0;
  let k0 = seed;
  let k1 = member;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return c0;
}`,
  },
  drawUniform: {
    needs: ["drawBits"],
    text: `const drawUniform = (seed, member, counter, stream, index) =>
  ((drawBits(seed, member, counter, stream, index) >>> 9) + 0.5) * 1.1920928955078125e-7;`,
  },
};

/** In the order of their definition, with what they call. */
export function scriptFunctions(
  names: ReadonlySet<string>,
  precision: Precision,
): readonly string[] {
  const wanted = new Set<string>();
  const add = (name: string): void => {
    const known = functions[name];
    if (!known) throw new Error(`there is no script function ${name}`);
    known.needs?.forEach(add);
    wanted.add(name);
  };
  names.forEach(add);
  return Object.entries(functions)
    .filter(([name]) => wanted.has(name))
    .map(([, known]) => (precision === "f64" ? (known.double ?? known.text) : known.text));
}
