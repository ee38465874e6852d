// In: named outputs of a model; out: the text or bytes of a .npy, .csv or .json file of them.
import { DataError, shapeText } from "./array.js";

export interface OutputArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;
  /** Bytes that are bools. */
  readonly bool?: boolean;
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
export function npyBytes(output: OutputArray): Uint8Array<ArrayBuffer> {
  const { data, shape } = output;
  const sizes = shape.length === 1 ? `(${shape.join()},)` : `(${shape.join(", ")})`;
  const header = `{'descr': '${description(output)}', 'fortran_order': False, 'shape': ${sizes}, }`;
  const start = Math.ceil((10 + header.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(start - 11)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}

/** The shortest decimal that reads back as the same f32. */
function floatText(value: number): string {
  for (let digits = 6; digits <= 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(value);
}

function valueText(output: OutputArray, at: number): string {
  const value = output.data[at] ?? 0;
  if (output.bool === true) return value === 0 ? "false" : "true";
  if (!Number.isFinite(value)) return "null";
  return output.data instanceof Float32Array ? floatText(value) : String(value);
}

function nested(output: OutputArray, axis: number, at: number, size: number): string {
  const length = output.shape[axis];
  if (length === undefined) return valueText(output, at);
  const inner = size / Math.max(1, length);
  const parts = Array.from({ length }, (_, index) =>
    nested(output, axis + 1, at + index * inner, inner),
  );
  return `[${parts.join(",")}]`;
}

/** `{ "name": nested arrays }`; a number that is not finite is `null`. */
export function jsonText(outputs: readonly OutputArray[]): string {
  const fields = outputs.map(
    (output) => `${JSON.stringify(output.name)}:${nested(output, 0, 0, output.data.length)}`,
  );
  return `{${fields.join(",")}}\n`;
}

/** One line an example; an output of several numbers has a column each, `name_0`, `name_1`, … */
export function csvText(outputs: readonly OutputArray[]): string {
  const rows = outputs[0]?.shape[0] ?? 0;
  const columns = outputs.map((output) => {
    if (output.shape[0] !== rows)
      throw new DataError(
        "output-rows",
        `${output.name} has the shape ${shapeText(output.shape)}: no line an example`,
        { hint: "write .json instead, or one output as .npy" },
      );
    return { output, width: output.data.length / Math.max(1, rows) };
  });
  const header = columns.flatMap(({ output: { name, shape }, width }) =>
    shape.length === 1 ? [name] : Array.from({ length: width }, (_, at) => `${name}_${at}`),
  );
  const lines = Array.from({ length: rows }, (_, row) =>
    columns
      .flatMap(({ output, width }) =>
        Array.from({ length: width }, (__, at) => valueText(output, row * width + at)),
      )
      .join(","),
  );
  return `${[header.join(","), ...lines].join("\n")}\n`;
}
