// In: the bytes of a NumPy .npz file (a zip of .npy files, stored or deflated); out: its arrays by name.
import { unzipSync } from "fflate";
import { DataError } from "./array.js";
import type { DataArray } from "./array.js";
import { readNpy } from "./npy.js";

/** Deflate makes a byte at most 1,032 times as long; what claims more lies about its size. */
const mostDeflated = 1032;
const sizeLimit = 2 ** 32;

export function readNpz(bytes: Uint8Array, file: string): DataArray[] {
  const refuse = (message: string): DataError => new DataError("npz-zip", message, { file });
  let entries: Record<string, Uint8Array>;
  const seen = new Set<string>();
  try {
    entries = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        if (originalSize > size * mostDeflated + 1024 || originalSize > sizeLimit)
          throw refuse(`the size of "${name}" cannot be right`);
        if (seen.has(name)) throw refuse(`"${name}" stands twice in the archive`);
        seen.add(name);
        return name.endsWith(".npy");
      },
    });
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw refuse("this is not a readable .npz file: the zip archive is damaged or cut short");
  }
  return Object.entries(entries).map(([entry, content]) => {
    const name = entry.slice(0, -".npy".length);
    return readNpy(content, name, `${file}/${name}`);
  });
}
