// A folder of MNIST and of Shakespeare in; files that `nnc --data` takes, written into another folder, out. Nothing of them is committed.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { npyFile } from "../../scripts/npy.mjs";
import { createUniform } from "../random.mjs";

const needed = {
  images: "mnist-10k/images-idx3-ubyte.gz",
  labels: "mnist-10k/labels-idx1-ubyte.gz",
  text: "text/tinyshakespeare.txt",
};

/** Whether `data` has what a run is trained on: "digits" or "text". */
export function hasData(kind, data) {
  const files = kind === "digits" ? [needed.images, needed.labels] : [needed.text];
  return data !== undefined && files.every((file) => existsSync(join(data, file)));
}

/**
 * MNIST's ten thousand test digits as those of the UCI repository (Alpaydin and Kaynak, "Optical recognition of handwritten digits",
 * 1998) were made: 32 × 32 points of ink, of which each of 64 numbers counts those in a block of 4 × 4, 0 to 16.
 */
export function writeDigits({ data, folder }) {
  const images = gunzipSync(readFileSync(join(data, needed.images))).subarray(16);
  const count = images.length / 784;
  const blocks = Buffer.alloc(count * 64);
  for (let at = 0; at < images.length; at++) {
    if (images[at] < 128) continue;
    const [example, row, column] = [Math.floor(at / 784), Math.floor((at % 784) / 28), at % 28];
    // The images are 28 × 28: two empty points on each side make them 32 × 32.
    blocks[example * 64 + ((row + 2) >> 2) * 8 + ((column + 2) >> 2)]++;
  }
  const file = join(folder, "blocks.npy");
  writeFileSync(file, npyFile(blocks, [count, 64]));
  return { blocks: file, labels: join(data, needed.labels), count };
}

/** The first 200 kB of the text. */
export function writeText({ data, folder }) {
  const file = join(folder, "shakespeare.txt");
  writeFileSync(file, readFileSync(join(data, needed.text)).subarray(0, 200_000));
  return { file, characters: 200_000 };
}

/**
 * Two hundred movies as two friends rated them, 1 to 5 with tenths: Susan likes those of which the friends think neither very well nor
 * very badly together. No line parts them from the others, two lines do.
 */
export function writeRatings({ folder }) {
  const uniform = createUniform(1);
  const rated = () => 1 + Math.round(uniform() * 40) / 10;
  const rows = Array.from({ length: 200 }, () => {
    const [mary, john] = [rated(), rated()];
    return [mary, john, Math.abs(mary + john - 6) < 1.5 ? 1 : 0].join(",");
  });
  const file = join(folder, "susan.csv");
  writeFileSync(file, ["mary,john,liked", ...rows, ""].join("\n"));
  return file;
}
