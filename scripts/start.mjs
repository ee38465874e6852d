// The digits example's model in; its bundle, its weights, and how well it reads digits it never saw, out.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateDigits } from "../examples/digits/generate.js";
import { imageSize } from "../examples/digits/raster.js";
import { npyFile } from "./npy.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = "examples/digits";
const model = `${example}/digits.nn`;
const bundle = `${example}/bundle`;
const weights = `${bundle}/digits.safetensors`;
const drawn = ".cache/digits";

// On two cores without a GPU, LeNet sees this many in well under a minute.
const trained = 8000;
const tested = 1000;
const english = new Intl.NumberFormat("en");

const started = performance.now();
const command = join(root, "build/command/main.js");
if (!existsSync(command)) fail("nothing is built yet: run npm ci first");

console.log("Drawing digits …");
const training = writeDigits("train", { seed: 1, count: trained });
// Other seeds, other digits: the model never sees these while it trains.
const test = writeDigits("test", { seed: 2, count: tested });

console.log(`Compiling ${model} …`);
nnc("compile", model, "-o", bundle);

console.log(`Training on ${english.format(trained)} drawn digits …`);
nnc("train", model, ...training, "-o", weights);

const measured = nncJson("evaluate", model, "--weights", weights, ...test);
const accuracy = 100 * measured.metrics.accuracy;
const seconds = Math.round((performance.now() - started) / 1000);
console.log(`
Test accuracy: ${accuracy.toFixed(1)} % of ${english.format(tested)} held-out digits, after ${seconds} s.
The bundle and the weights are in ${bundle}/.
Now run  npm run serve  and open http://localhost:8080/ to draw a digit yourself.`);
if (accuracy < 95) fail("that is less than the 95 % that this example should reach");

/** Draws digits into .npy files and gives the arguments that name them. */
function writeDigits(name, { seed, count }) {
  const { image, digit } = generateDigits(seed, count);
  mkdirSync(join(root, drawn), { recursive: true });
  const save = (input, values, shape) => {
    const file = join(drawn, `${name}-${input}.npy`);
    writeFileSync(join(root, file), npyFile(values, shape));
    return ["--data", `${input}=${file}`];
  };
  return [
    ...save("image", image, [count, imageSize, imageSize, 1]),
    ...save("digit", digit, [count]),
  ];
}

function nnc(...options) {
  run(options, { stdio: "inherit" });
}

function nncJson(...options) {
  // What it says besides, training has said before.
  const { stdout } = run([...options, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  return JSON.parse(stdout);
}

function run(options, settings) {
  const result = spawnSync(process.execPath, [command, ...options], {
    cwd: root,
    encoding: "utf8",
    ...settings,
  });
  if (result.status !== 0) {
    if (result.stderr) console.error(result.stderr);
    fail(`nnc ${options.join(" ")} ended with ${result.status ?? result.signal}`);
  }
  return result;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
