// In: a safetensors file; out: its arrays, each looked at when asked for, or (held whole) its tensors and metadata.
import {
  readEntry,
  readHeader,
  readSafetensors,
  SafetensorsError,
} from "../../runtime/safetensors.js";
import type { SafetensorsFile } from "../../runtime/safetensors.js";
import { DataError } from "./array.js";
import type { DataType } from "./array.js";
import { openBody } from "./body.js";
import { sizeOf, sliceSource } from "./bytes.js";
import type { ByteSource } from "./bytes.js";
import type { ArrayArchive } from "./reader.js";

function inFile<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    const message = `not a sound safetensors file: ${error.message}`;
    throw new DataError(`safetensors-${error.code}`, message, { file });
  }
}

export function readTensorFile(bytes: Uint8Array, file: string): SafetensorsFile {
  return inFile(file, () => readSafetensors(bytes));
}

/** As much as a header may have, so that a length that lies is not asked for. */
const longestHeader = 100_000_001;

/** How long the header says that it is. */
function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 8) return 0;
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  return Math.min(Number(length), longestHeader);
}

export async function openTensors(source: ByteSource): Promise<ArrayArchive> {
  const { file } = source;
  const size = await sizeOf(source);
  const bytes = await source.read(0, 8 + headerLength(await source.read(0, 8)));
  const { header, end: start } = inFile(file, () => readHeader(bytes));
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  return {
    names,
    open: async (name) => {
      const { dtype, shape, begin, end } = inFile(file, () => readEntry(name, header[name]));
      if (start + end > size)
        throw new DataError(
          "safetensors-truncated",
          `not a sound safetensors file: "${name}" ends at byte ${start + end}, the file at ${size}`,
          { file },
        );
      const body = sliceSource(source, start + begin, end - begin);
      return openBody(body, 0, {
        name,
        file,
        shape,
        dtype: dtype.toLowerCase() as DataType,
        littleEndian: true,
        fortran: false,
      });
    },
  };
}
