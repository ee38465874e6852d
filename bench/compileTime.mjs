// The name of a generated program in (`node bench/compileTime.mjs dense200`); how long it takes from source to plan, as JSON, out.

import { optimizedLate } from "../build/cli/tiering.js";
import { compile } from "../build/compiler/index.js";
import { largePrograms } from "./largePrograms.mjs";

const [name] = process.argv.slice(2);
const source = largePrograms[name]();
const start = performance.now();
const before = process.cpuUsage();
// As the command does.
const { models, diagnostics } = await optimizedLate(() => compile(source, { file: `${name}.nn` }));
const wall = performance.now() - start;
const { user, system } = process.cpuUsage(before);
const [plan] = models.map((model) => model.plan);
const report =
  plan === undefined
    ? { error: diagnostics.map(({ message }) => message).join("; ") || "it gave no model" }
    : { wall, processor: (user + system) / 1000, kernels: plan.kernels.length };
console.log(JSON.stringify(report));
