// In: the first examples of the data and what the model makes of them; out: rows of HTML cells for the report.
import { countOf } from "../../runtime/dimensions.js";
import type { TensorOutput, TrainingNet } from "../../runtime/api.js";
import type { Plan } from "../../runtime/plan.js";
import { bitmapAddress } from "../bitmap.js";
import { chunksOf } from "../batches.js";
import type { BoundArray, BoundData } from "../data/bind.js";
import { valueText } from "../numbers.js";

export interface Samples {
  readonly head: readonly string[];
  /** Cells of HTML. */
  readonly rows: readonly (readonly string[])[];
}

const sampleCount = 8;
const mostNumbers = 12;

function numbersText(values: ArrayLike<number>): string {
  const shown = Array.from({ length: Math.min(values.length, mostNumbers) }, (_, at) =>
    valueText(values[at] ?? 0),
  );
  return shown.join(" ") + (values.length > mostNumbers ? " …" : "");
}

/** Height and width, where an example looks like a picture of grey levels. */
function pictureSize(shape: readonly number[]): readonly [number, number] | undefined {
  const [, height = 0, width = 0, channels = 1, ...more] = shape;
  const plain = shape.length >= 3 && more.length === 0 && channels === 1;
  return plain && height >= 6 && width >= 6 ? [height, width] : undefined;
}

/** The darkest value is black. */
function pictureCell(values: ArrayLike<number>, height: number, width: number): string {
  const list = Array.from(values);
  const low = list.reduce((a, b) => Math.min(a, b), Infinity);
  const high = list.reduce((a, b) => Math.max(a, b), -Infinity);
  const address = bitmapAddress(height, width, (row, column) => {
    const share = ((list[row * width + column] ?? 0) - low) / (high - low || 1);
    const level = Math.round(255 * share);
    return [level, level, level];
  });
  return `<img alt="" width="56" src="${address}">`;
}

function rowOf(
  { data, shape }: Pick<BoundArray, "data" | "shape">,
  row: number,
): ArrayLike<number> {
  const size = countOf(shape.slice(1));
  return data.subarray(row * size, (row + 1) * size);
}

function dataCell(array: BoundArray, row: number): string {
  const size = pictureSize(array.shape);
  const values = rowOf(array, row);
  return size === undefined ? numbersText(values) : pictureCell(values, ...size);
}

function outputCell(values: TensorOutput, rows: number, row: number): string {
  const size = values.length / rows;
  const part = values.subarray(row * size, (row + 1) * size);
  if (size < 3 || size > 1000) return numbersText(part);
  const best = Array.from(part).reduce(
    (top, value, at) => (value > (part[top] ?? 0) ? at : top),
    0,
  );
  return `${numbersText(part)} (largest: ${best})`;
}

/** The first examples with their targets and outputs; undefined where nothing is given as data. */
export async function takeSamples(
  net: TrainingNet,
  plan: Plan,
  data: BoundData,
): Promise<Samples | undefined> {
  const { examples, arrays } = data;
  if (examples === undefined) return undefined;
  const rows = Math.min(sampleCount, examples);
  const outputs = plan.outputs.filter(
    ({ shape, needs }) => shape[0] === "batch" && needs.every((name) => arrays.has(name)),
  );
  if (outputs.length === 0) return undefined;
  const needed = new Set(outputs.flatMap(({ needs }) => needs));
  const inputs = new Map([...arrays].filter(([name]) => needed.has(name)));
  const [first] = chunksOf(inputs, examples, rows);
  if (first === undefined) return undefined;
  const names = outputs.map(({ name }) => name);
  const result = await net.predict(first, { outputs: names, seed: 0 });
  const values = result;
  const shown = [...arrays.values()].filter(({ perExample }) => perExample);
  return {
    head: ["row", ...shown.map(({ name }) => name), ...names],
    rows: Array.from({ length: rows }, (_, row) => [
      String(row),
      ...shown.map((array) => dataCell(array, row)),
      ...names.map((name) => outputCell(values[name] ?? new Float32Array(0), rows, row)),
    ]),
  };
}
