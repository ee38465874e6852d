// Nothing in; a network that has learned to sort four 4-bit numbers, and rows that it sorted, out.

import { readFileSync } from "node:fs";
import { nnc } from "../command.mjs";

const count = 4;
const width = 4;
const sizes = ["--set", `count=${count}`, "--set", `width=${width}`, "--set", "hidden=96"];
const program = "examples/programs/sort_bits.nn";
const bundle = "examples/sorting/bundle";
const weights = `${bundle}/sort_bits.safetensors`;
const steps = process.env.STEPS ?? "4000";

nnc("compile", program, ...sizes, "-o", bundle);
// The data is drawn while training, so there is no file to give.
nnc("train", program, ...sizes, "--steps", steps, "-o", weights);

const { SortBits } = await import("./bundle/sort_bits.js");
const trained = readFileSync(new URL("./bundle/sort_bits.safetensors", import.meta.url));
const net = await SortBits.load({ weights: trained });

const rows = 1000;
const numbers = Float32Array.from({ length: rows * count }, () =>
  Math.floor(Math.random() * 2 ** width),
);
const { sorted_bits: bits } = await net.predict({ numbers });
net.destroy();

let right = 0;
for (let row = 0; row < rows; row++) {
  const given = [...numbers.subarray(row * count, (row + 1) * count)];
  const sorted = Array.from({ length: count }, (_, place) => readNumber(row * count + place));
  const wanted = given.toSorted((a, b) => a - b);
  const isRight = wanted.every((number, place) => number === sorted[place]);
  if (isRight) right++;
  if (row < 10) console.log(`${show(given)}  →  ${show(sorted)}${isRight ? "" : "  ✗"}`);
}
console.log(`${right} of ${rows} rows are sorted without a single wrong bit.`);

/** The number that the network wrote at a place, most significant bit first. */
function readNumber(place) {
  const written = bits.subarray(place * width, (place + 1) * width);
  return written.reduce((number, bit) => 2 * number + (bit > 0.5 ? 1 : 0), 0);
}

function show(values) {
  return values.map((value) => String(value).padStart(2)).join(" ");
}
