// A module's bytes and a number of threads in; a memory that they share, and calls whose turns they divide among them, out.

import { fail } from "./errors.js";
import { closed, kernelsOf, place, takeParts } from "./threadCalls.js";
import { hire, isIsolated, processors, type Hand, type ThreadScript } from "./workers.js";

/** Kernels of one module in several threads. */
export interface Threads {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  /** The caller's and the others. */
  readonly count: number;
  /** Starts the others, each with memory of its own from `take`; resolves to why there are none, in such words, where they do not start. */
  begin(exported: WebAssembly.Exports, take: () => number): Promise<string>;
  /** Calls a kernel for ranges of turns, which stand behind the other operands; alone where that takes no longer. */
  run(kernel: string, operands: number[], ranges: number, cost: TurnCost): void;
  close(): void;
}

/** What a turn of a kernel took, as calls of it by one thread told. */
export interface TurnCost {
  milliseconds: number;
  known: number;
}

/** Opens threads, or tells why there is one alone, in words to put behind the reason of a net's backend. */
export type OpenThreads = (bytes: Uint8Array) => Promise<Threads | string>;

/** Most threads that "auto" takes: memory is one for all. */
const mostAutomatic = 8;
/** Milliseconds: what waking threads costs, and waiting for the last of them. */
const wakeCost = 0.05;
/** Parts for each thread, so that one that is held up holds up no other for long. */
const partsEach = 4;
/** Calls by one thread before its time is believed: engines compile a kernel better once it has run. */
const trials = 3;
/** Milliseconds without an answer after which a thread counts as gone. */
const longest = 60_000;

export async function openThreads(
  bytes: Uint8Array,
  wish: number | "auto",
  script: ThreadScript,
): Promise<Threads | string> {
  const count = wish === "auto" ? Math.min(processors(), mostAutomatic) : wish;
  if (count < 2) return "";
  if (!isIsolated()) return "; one thread: the page is not cross-origin isolated";
  const hands: Hand[] = [];
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: mostPages, shared: true });
    const module = await WebAssembly.compile(overSharedMemory(bytes));
    for (let thread = 1; thread < count; thread++) hands.push(hire(script));
    return together(memory, module, hands);
  } catch (error) {
    for (const hand of hands) hand.end();
    return `; one thread: ${String(error)}`;
  }
}

const mostPages = 65_536;

/** The module as one that imports a memory which threads share: such a one has limits. The import is all that its section holds. */
function overSharedMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const types = sizeAt(bytes, 9);
  const start = types.behind + types.size;
  const { size, behind } = sizeAt(bytes, start + 1);
  const end = behind + size;
  // Of a memory without limits: its flags, and the least size.
  const content = [...bytes.subarray(behind, end - 2), 3, 0, 0x80, 0x80, 4];
  return Uint8Array.from([
    ...bytes.subarray(0, start),
    ...[2, content.length, ...content],
    ...bytes.subarray(end),
  ]);
}

/** A number in LEB128. */
function sizeAt(bytes: Uint8Array, at: number): { readonly size: number; readonly behind: number } {
  let size = 0;
  for (let shift = 0, from = at; ; shift += 7, from++) {
    const byte = bytes[from] ?? 0;
    size += (byte & 0x7f) << shift;
    if (byte < 0x80) return { size, behind: from + 1 };
  }
}

function together(memory: WebAssembly.Memory, module: WebAssembly.Module, hands: Hand[]): Threads {
  const control = new Int32Array(new SharedArrayBuffer(4 * mostWords));
  Atomics.store(control, place.next, closed);
  let kernels: ReturnType<typeof kernelsOf> = [];
  const close = (): void => {
    for (const hand of hands) hand.end();
  };
  return {
    memory,
    module,
    get count() {
      return hands.length + 1;
    },
    begin: async (exported, take) => {
      kernels = kernelsOf(exported);
      try {
        const team = { module, memory, control };
        await Promise.all(hands.map((hand) => hand.begin({ ...team, scratch: take() })));
        return "";
      } catch (error) {
        close();
        hands.length = 0;
        return `; one thread: others do not start: ${String(error)}`;
      }
    },
    run: (name, operands, ranges, cost) => {
      checkHands(hands, control);
      const kernel = kernels.findIndex(([known]) => known === name);
      const { turns, divided, parts } = divide(operands, ranges, hands.length + 1);
      const isShort = cost.milliseconds * turns < wakeCost;
      if (parts < 2 || cost.known < trials || isShort || operands.length > mostOperands) {
        const before = performance.now();
        kernels[kernel]?.[1](...operands);
        const took = (performance.now() - before) / turns;
        cost.milliseconds = cost.known++ === 0 ? took : Math.min(took, cost.milliseconds);
        return;
      }
      control.set([parts, kernel, divided, operands.length, ...operands], place.parts);
      Atomics.store(control, place.next, 0);
      Atomics.add(control, place.calls, 1);
      Atomics.notify(control, place.calls);
      try {
        takeParts(control, kernels);
      } finally {
        Atomics.store(control, place.next, closed);
        awaitOthers(control);
      }
      checkHands(hands, control);
    },
    close,
  };
}

function checkHands(hands: readonly Hand[], control: Int32Array): void {
  const lost = hands.find(({ gone }) => gone !== undefined);
  if (!lost && Atomics.load(control, place.failed) === 0) return;
  const why = lost?.gone ?? "it failed";
  fail("device-lost", `a thread of the CPU is lost: ${why}; net.restore() starts others`);
}

/** Which range is divided: the outermost that suffices, since what stands before a loop is computed for each part. */
function divide(
  operands: readonly number[],
  ranges: number,
  threads: number,
): { readonly turns: number; readonly divided: number; readonly parts: number } {
  const lengthAt = (at: number): number => (operands[at + 1] ?? 0) - (operands[at] ?? 0);
  let turns = 1;
  let divided = ranges;
  for (let at = ranges; at < operands.length; at += 2) {
    turns *= lengthAt(at);
    if (lengthAt(divided) < turnsEach * threads && lengthAt(at) > lengthAt(divided)) divided = at;
  }
  return { turns, divided, parts: Math.min(lengthAt(divided), partsEach * threads) };
}

const mostOperands = 1100;
const mostWords = mostOperands + place.operands;
/** Turns of a loop for each thread from which on no inner one is looked for. */
const turnsEach = 2;
/** Looks at a word before sleep: who is waited for is about to be done. */
const awake = 2000;

/** Waits until no other thread computes a part: asleep where that is allowed, which it is not on a page's main thread. */
function awaitOthers(control: Int32Array): void {
  const limit = performance.now() + longest;
  let maySleep = true;
  for (let turn = 0, busy; (busy = Atomics.load(control, place.busy)) !== 0; turn++) {
    if (performance.now() > limit) fail("device-lost", "a thread of the CPU does not answer");
    if (turn < awake || !maySleep) continue;
    try {
      Atomics.wait(control, place.busy, busy, 100);
    } catch {
      maySleep = false;
    }
  }
}
