// In: named outputs of a model; out: the text or bytes of a .npy, .csv or .json file of them, piece by piece.
import { countOf } from "../../runtime/dimensions.js";
import { DataError, shapeText } from "./array.js";

export interface OutputArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;
  /** Bytes that are bools. */
  readonly bool?: boolean;
  /** The first axis is declared to be `batch`, however long it is. */
  readonly perExample: boolean;
}

export type OutputFormat = "npy" | "csv" | "json";

export function outputFormat(file: string): OutputFormat | undefined {
  if (file === "-") return "json";
  const extension = /\.(npy|csv|json)$/i.exec(file)?.[1]?.toLowerCase();
  return extension as OutputFormat | undefined;
}

function description({ data, bool }: OutputArray): string {
  if (data instanceof Float32Array) return "<f4";
  if (data instanceof Float64Array) return "<f8";
  if (data instanceof Int32Array) return "<i4";
  if (data instanceof Uint32Array) return "<u4";
  return bool === true ? "|b1" : "|u1";
}

/** NumPy's format, version 1.0: the header padded with spaces to a multiple of 64. */
export function* npyPieces(output: OutputArray): Generator<Uint8Array> {
  const { data, shape } = output;
  const sizes = shape.length === 1 ? `(${shape.join()},)` : `(${shape.join(", ")})`;
  const header = `{'descr': '${description(output)}', 'fortran_order': False, 'shape': ${sizes}, }`;
  const start = Math.ceil((10 + header.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(start - 11)}\n`), 10);
  yield bytes;
  yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Powers of ten that are exact doubles. */
const powers = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** The decimal of so many digits that is nearest, as a double; undefined far from 1. */
function rounded(value: number, digits: number, exponent: number): number | undefined {
  const decimals = digits - 1 - exponent;
  const scale = powers[Math.abs(decimals)];
  if (scale === undefined) return undefined;
  return decimals < 0 ? Math.round(value / scale) * scale : Math.round(value * scale) / scale;
}

/** The shortest decimal that reads back as the same f32. */
function floatText(value: number): string {
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  for (let digits = 6; digits <= 9; digits++) {
    const text = rounded(value, digits, exponent) ?? Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(value);
}

/** A value as CSV has it; what is not finite in the words that our own reader takes. */
function cellText({ data, bool }: OutputArray, at: number): string {
  const value = data[at] ?? 0;
  if (bool === true) return value === 0 ? "false" : "true";
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return data instanceof Float32Array ? floatText(value) : String(value);
}

/** JSON has no word for what is not finite. */
function jsonValue(output: OutputArray, at: number): string {
  return Number.isFinite(output.data[at] ?? 0) ? cellText(output, at) : "null";
}

/** Many short texts as fewer long ones. */
function* gathered(texts: Iterable<string>): Generator<string> {
  const least = 1 << 16;
  let held: string[] = [];
  let length = 0;
  for (const text of texts) {
    held.push(text);
    length += text.length;
    if (length < least) continue;
    yield held.join("");
    held = [];
    length = 0;
  }
  yield held.join("");
}

function* nested(output: OutputArray, axis: number, at: number, size: number): Generator<string> {
  const length = output.shape[axis];
  if (length === undefined) {
    yield jsonValue(output, at);
    return;
  }
  const inner = size / Math.max(1, length);
  yield "[";
  for (let index = 0; index < length; index++) {
    if (index > 0) yield ",";
    yield* nested(output, axis + 1, at + index * inner, inner);
  }
  yield "]";
}

function* jsonTexts(outputs: readonly OutputArray[]): Generator<string> {
  for (const [position, output] of outputs.entries()) {
    yield `${position === 0 ? "{" : ","}${JSON.stringify(output.name)}:`;
    yield* nested(output, 0, 0, output.data.length);
  }
  yield outputs.length === 0 ? "{}\n" : "}\n";
}

/** `{ "name": nested arrays }`; a number that is not finite is `null`. */
export function jsonPieces(outputs: readonly OutputArray[]): Generator<string> {
  return gathered(jsonTexts(outputs));
}

/** A .csv file has a line an example: refuses outputs that are not declared to have their first axis along `batch`. */
export function refuseWithoutLines(
  outputs: readonly Pick<OutputArray, "name" | "perExample">[],
  shapeOf: (name: string) => readonly (number | string)[],
): void {
  const odd = outputs.find(({ perExample }) => !perExample);
  if (odd === undefined) return;
  const others = outputs.filter(({ perExample }) => perExample).map(({ name }) => name);
  throw new DataError(
    "output-rows",
    `${odd.name} has the shape ${shapeText(shapeOf(odd.name))}: it has no line an example`,
    {
      hint:
        others.length === 0
          ? "write .json instead, or one output as .npy"
          : `write .json instead, or leave it out: --outputs ${others.join(",")}`,
    },
  );
}

function* csvTexts(outputs: readonly OutputArray[]): Generator<string> {
  const rows = outputs[0]?.shape[0] ?? 0;
  const widths = outputs.map(({ shape }) => countOf(shape.slice(1)));
  const header = outputs.flatMap(({ name, shape }, position) =>
    shape.length === 1
      ? [name]
      : Array.from({ length: widths[position] ?? 0 }, (_, at) => `${name}_${at}`),
  );
  yield `${header.join(",")}\n`;
  for (let row = 0; row < rows; row++) {
    let separator = "";
    for (const [position, output] of outputs.entries()) {
      const width = widths[position] ?? 0;
      for (let at = 0; at < width; at++) {
        yield separator + cellText(output, row * width + at);
        separator = ",";
      }
    }
    yield "\n";
  }
}

/** One line an example; an output of several numbers has a column each, `name_0`, `name_1`, … */
export function csvPieces(outputs: readonly OutputArray[]): Generator<string> {
  refuseWithoutLines(outputs, (name) => outputs.find((one) => one.name === name)?.shape ?? []);
  return gathered(csvTexts(outputs));
}
