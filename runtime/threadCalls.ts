// Words that threads share in; the parts of a call that each computes, out.

/** What a thread is given. */
export interface Team {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: Int32Array;
  /** The address of memory of its own. */
  readonly scratch: number;
}

/** Words by which threads agree on a call. */
export const place = {
  /** Changes with each call. */
  calls: 0,
  /** The next part of the turns to be taken; from `closed` on there is none. */
  next: 1,
  /** Threads that look for a part, or compute one. */
  busy: 2,
  failed: 3,
  parts: 4,
  kernel: 5,
  /** Where the range that is divided stands among the operands. */
  divided: 6,
  count: 7,
  operands: 8,
} as const;

/** No call has as many parts. */
export const closed = 2 ** 30;

type Kernel = (...operands: number[]) => void;

export function kernelsOf(exported: WebAssembly.Exports): readonly (readonly [string, Kernel])[] {
  return Object.entries(exported).flatMap(([name, value]) =>
    typeof value === "function" ? [[name, value as Kernel] as const] : [],
  );
}

/** Computes parts of the call at hand as long as there are any. Operands are read behind the part: they stand until it is done. */
export function takeParts(
  control: Int32Array,
  kernels: readonly (readonly [string, Kernel])[],
): void {
  for (;;) {
    const part = Atomics.add(control, place.next, 1);
    if (part >= closed) return;
    const [parts = 0, kernel = 0, divided = 0, count = 0] = control.subarray(place.parts);
    if (part >= parts) return;
    const operands = Array.from(control.subarray(place.operands, place.operands + count));
    const [first = 0, end = 0] = operands.slice(divided);
    const startOf = (at: number): number => first + Math.floor(((end - first) * at) / parts);
    operands[divided] = startOf(part);
    operands[divided + 1] = startOf(part + 1);
    kernels[kernel]?.[1](...operands);
  }
}
