// Nothing in; ranges of one WebAssembly memory, which grows where none that was given back is large enough, out.

export interface LinearMemory {
  readonly memory: WebAssembly.Memory;
  /** The address of so many bytes, all 0, on a multiple of 16. Throws RangeError where there is no memory for them. */
  take(bytes: number): number;
  /** Gives back what was taken. */
  give(address: number, bytes: number): void;
}

interface Range {
  readonly at: number;
  readonly bytes: number;
}

const page = 65536;
/** Vectors may be read up to three elements behind what is asked for. */
const alignment = 16;

function padded(bytes: number): number {
  return Math.ceil(bytes / alignment + 1) * alignment;
}

/** Nothing lies in the first page: kernels form addresses up to as far before what they read. */
export function createLinearMemory(memory = new WebAssembly.Memory({ initial: 1 })): LinearMemory {
  let end = page;
  /** By address; no two of them touch. */
  let free: readonly Range[] = [];
  return {
    memory,
    take: (asked) => {
      const bytes = padded(asked);
      const found = free.find((range) => range.bytes >= bytes);
      if (found) {
        const rest = { at: found.at + bytes, bytes: found.bytes - bytes };
        free = free.flatMap((range) => (range !== found ? range : rest.bytes > 0 ? rest : []));
        new Uint8Array(memory.buffer, found.at, bytes).fill(0);
        return found.at;
      }
      const missing = end + bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / page));
      end += bytes;
      return end - bytes;
    },
    give: (at, asked) => {
      free = merged([...free, { at, bytes: padded(asked) }].sort((a, b) => a.at - b.at));
      const last = free.at(-1);
      if (last && last.at + last.bytes === end) {
        // What lies behind the end counts as never taken: it is to hold zeros.
        new Uint8Array(memory.buffer, last.at, last.bytes).fill(0);
        end = last.at;
        free = free.slice(0, -1);
      }
    },
  };
}

function merged(ranges: readonly Range[]): Range[] {
  const list: Range[] = [];
  for (const range of ranges) {
    const last = list.at(-1);
    if (last && last.at + last.bytes === range.at)
      list[list.length - 1] = { at: last.at, bytes: last.bytes + range.bytes };
    else list.push(range);
  }
  return list;
}
