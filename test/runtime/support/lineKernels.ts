// No input, gives the kernels of a linear model with fitted mean, momentum and drawn noise, written by hand for both backends.

import { testKernel } from "./kernels.js";

/**
 * y = (x − mean) · w + b over x: [batch, 2]; mean is fitted; the loss is the mean squared error to t,
 * its gradient is shaken by the run's counter, so that a lost counter shows in the weights.
 */
export const lineKernels = [
  testKernel(
    "forward",
    ["r:f32", "r:f32", "r:f32", "w:f32"],
    `if (i < u[0].x) { b4[i] = (b1[2u*i] - b3[0]) * b2[0] + (b1[2u*i+1u] - b3[1]) * b2[1] + b2[2]; }`,
    ([x, p, mean, y], words) => {
      if (!x || !p || !mean || !y) throw new Error("binding");
      for (let i = 0; i < (words[0] ?? 0); i++) {
        const a = (x[2 * i] ?? 0) - (mean[0] ?? 0);
        const b = (x[2 * i + 1] ?? 0) - (mean[1] ?? 0);
        y[i] = a * (p[0] ?? 0) + b * (p[1] ?? 0) + (p[2] ?? 0);
      }
    },
  ),
  testKernel(
    "noise",
    ["w:f32"],
    `if (i < u[0].x) { b1[i] = f32(u[0].y % 1000u) + 1000.0 * f32(u[0].z); }`,
    ([out], words) => {
      if (!out) throw new Error("binding");
      for (let i = 0; i < (words[0] ?? 0); i++)
        out[i] = ((words[1] ?? 0) % 1000) + 1000 * (words[2] ?? 0);
    },
  ),
  // Temporaries share a buffer: where one is written, all are bound for writing.
  testKernel(
    "add",
    ["w:f32", "r:f32", "w:f32"],
    `if (i < u[0].x) { b3[i] = b1[i] + b2[i]; }`,
    ([a, b, out], words) => {
      if (!a || !b || !out) throw new Error("binding");
      for (let i = 0; i < (words[0] ?? 0); i++) out[i] = (a[i] ?? 0) + (b[i] ?? 0);
    },
  ),
  testKernel(
    "double",
    ["w:f32", "w:f32"],
    `if (i < u[0].x) { b2[i] = 2.0 * b1[i]; }`,
    ([a, out], words) => {
      if (!a || !out) throw new Error("binding");
      for (let i = 0; i < (words[0] ?? 0); i++) out[i] = 2 * (a[i] ?? 0);
    },
  ),
  testKernel(
    "loss",
    ["w:f32", "r:f32", "w:f32"],
    `if (i == 0u) {
      var sum = 0.0;
      for (var k = 0u; k < u[0].x; k++) { let e = b1[k] - b2[k]; sum += e * e; }
      b3[0] = sum / f32(u[0].x);
    }`,
    ([y, t, out], words) => {
      if (!y || !t || !out) throw new Error("binding");
      let sum = 0;
      for (let k = 0; k < (words[0] ?? 0); k++) sum += ((y[k] ?? 0) - (t[k] ?? 0)) ** 2;
      out[0] = sum / (words[0] ?? 0);
    },
  ),
  testKernel(
    "gradient",
    ["r:f32", "r:f32", "r:f32", "r:f32", "w:f32"],
    `if (i < 3u) {
      var sum = 0.0;
      for (var k = 0u; k < u[0].x; k++) {
        var f = 1.0;
        if (i < 2u) { f = b3[2u*k+i] - b4[i]; }
        sum += 2.0 * (b1[k] - b2[k]) * f;
      }
      b5[i] += sum + 0.001 * f32(u[0].x) * f32(u[0].z % 7u);
    }`,
    ([y, t, x, mean, g], words) => {
      if (!y || !t || !x || !mean || !g) throw new Error("binding");
      const batch = words[0] ?? 0;
      for (let i = 0; i < 3; i++) {
        let sum = 0;
        for (let k = 0; k < batch; k++) {
          const factor = i < 2 ? (x[2 * k + i] ?? 0) - (mean[i] ?? 0) : 1;
          sum += 2 * ((y[k] ?? 0) - (t[k] ?? 0)) * factor;
        }
        g[i] = (g[i] ?? 0) + sum + 0.001 * batch * ((words[2] ?? 0) % 7);
      }
    },
  ),
  testKernel(
    "update",
    ["w:f32", "w:f32", "w:f32"],
    `if (i < 3u) {
      b2[i] = 0.5 * b2[i] + b3[i] / bitcast<f32>(u[1].x);
      b1[i] -= bitcast<f32>(u[0].w) * b2[i];
      b3[i] = 0.0;
    }`,
    ([p, v, g], _words, floats) => {
      if (!p || !v || !g) throw new Error("binding");
      for (let i = 0; i < 3; i++) {
        v[i] = 0.5 * (v[i] ?? 0) + (g[i] ?? 0) / (floats[4] ?? 0);
        p[i] = (p[i] ?? 0) - (floats[3] ?? 0) * (v[i] ?? 0);
        g[i] = 0;
      }
    },
  ),
  testKernel(
    "init",
    ["w:f32"],
    `if (i < 3u) { b1[i] = f32(u[0].y + i) * 0.125; }`,
    ([p], words) => {
      for (let i = 0; p && i < 3; i++) p[i] = ((words[1] ?? 0) + i) * 0.125;
    },
  ),
  testKernel(
    "sumRows",
    ["r:f32", "w:f32"],
    `if (i < 2u) {
      var sum = 0.0;
      for (var k = 0u; k < u[0].x; k++) { sum += b1[2u*k+i]; }
      b2[i] = sum;
    }`,
    ([x, sums], words) => {
      if (!x || !sums) throw new Error("binding");
      for (let i = 0; i < 2; i++) {
        sums[i] = 0;
        for (let k = 0; k < (words[0] ?? 0); k++) sums[i] = (sums[i] ?? 0) + (x[2 * k + i] ?? 0);
      }
    },
  ),
  testKernel(
    "sumSquares",
    ["w:f32", "r:f32", "w:f32"],
    `if (i == 0u) {
      var sum = 0.0;
      for (var k = 0u; k < u[0].x; k++) { let e = b1[k] - b2[k]; sum += e * e; }
      b3[0] = sum;
    }`,
    ([y, t, out], words) => {
      if (!y || !t || !out) throw new Error("binding");
      out[0] = 0;
      for (let k = 0; k < (words[0] ?? 0); k++) out[0] += ((y[k] ?? 0) - (t[k] ?? 0)) ** 2;
    },
  ),
  testKernel(
    "divide",
    ["r:f32", "w:f32"],
    `if (i < 2u) { b2[i] = b1[i] / bitcast<f32>(u[0].w); }`,
    ([sums, mean], _words, floats) => {
      if (!sums || !mean) throw new Error("binding");
      for (let i = 0; i < 2; i++) mean[i] = (sums[i] ?? 0) / (floats[3] ?? 0);
    },
  ),
];
