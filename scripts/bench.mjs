// The example programs in; how long compiling takes, how large a bundle is, and how many steps a second the CPU does, out.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { compile } from "nnc";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const command = join(root, "build/command/main.js");
const programs = join(root, "examples/programs");
const folder = mkdtempSync(join(tmpdir(), "nnc-bench-"));

try {
  compileTimes();
  bundleSize();
  await trainingRates();
} finally {
  rmSync(folder, { recursive: true });
}

function compileTimes() {
  const file = join(programs, "lenet.nn");
  const source = readFileSync(file, "utf8");
  const times = Array.from({ length: 40 }, () => {
    const start = performance.now();
    const { models } = compile(source, { file });
    if (models.length !== 1) throw new Error("lenet.nn does not compile");
    return performance.now() - start;
  });
  report("compile lenet.nn, first time in a process", times[0], "ms");
  report("compile lenet.nn, warm (median; wanted: < 150)", median(times.slice(20)), "ms");

  const runs = Array.from({ length: 5 }, () => {
    const start = performance.now();
    nnc("check", file);
    return performance.now() - start;
  });
  report("nnc check lenet.nn, whole process (median; wanted: < 600)", median(runs), "ms");
}

function bundleSize() {
  const out = join(folder, "size");
  nnc("compile", join(programs, "lenet.nn"), "--entry", "inference", "--minify", "-o", out);
  const bytes = readFileSync(join(out, "lenet.js"));
  report("lenet.js, minified", bytes.length / 1000, "kB");
  const packed = gzipSync(bytes, { level: 9 }).length;
  report("lenet.js, minified and gzipped (wanted: < 14.1)", packed / 1000, "kB");
}

async function trainingRates() {
  const digits = (batch, shape) => ({
    image: { data: new Float32Array(batch * 784).fill(128), shape: [batch, ...shape] },
    digit: Uint32Array.from({ length: batch }, (_, index) => index % 10),
  });
  await trainingRate("lenet", "LeNet", 64, digits(64, [28, 28, 1]));
  await trainingRate("digits_mlp", "DigitsMlp", 128, digits(128, [28, 28]));
  await trainingRate("sort_bits", "SortBits", 256, {});
}

async function trainingRate(program, model, batch, data) {
  const out = join(folder, program);
  nnc("compile", join(programs, `${program}.nn`), "--entry", "training", "-o", out);
  const module = await import(pathToFileURL(join(out, `${program}.train.js`)).href);
  const net = await module[model].load({ seed: 1, backend: "cpu" });
  const step = () => net.step(data, { epoch: 0, progress: 0 });
  for (let warm = 0; warm < 3; warm++) await step();
  await net.report();
  const start = performance.now();
  let steps = 0;
  while (performance.now() - start < 5000) {
    await step();
    steps++;
  }
  await net.report();
  const rate = (1000 * steps) / (performance.now() - start);
  report(`${program}.nn, batch ${batch}, CPU`, rate, "steps/s");
  net.destroy();
}

function nnc(...options) {
  const { status, stderr } = spawnSync(process.execPath, [command, ...options], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`nnc ${options.join(" ")} ended with ${status}\n${stderr}`);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function report(what, value, unit) {
  console.log(`${what.padEnd(62)} ${value.toPrecision(4).padStart(8)} ${unit}`);
}
