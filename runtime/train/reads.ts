// A sweep's program in; its runs submitted, and their results in the same order, read for many runs at once, out.

import { arrayOf, type Values } from "../backend.js";
import { countOf, evaluateShape, type Dimensions } from "../dimensions.js";
import { at } from "../errors.js";
import { makeRun, type RunRequest, type TrainingSession } from "../session.js";
import { readBehind } from "./cause.js";

/** The results of one run. */
export interface Row {
  readonly wanted: readonly number[];
  readonly dimensions: Dimensions;
}

export interface Reads {
  /** Submits a run; resolves when another may follow. */
  run(request: RunRequest, wanted: readonly number[]): Promise<void>;
  /** Resolves when the results of all runs were taken. */
  end(): Promise<void>;
  /** Ends what was submitted, behind a failure: gives what went wrong first. */
  abandon(error: unknown): Promise<unknown>;
  free(): void;
}

/** Reads under way at most, so that the device never waits for the host; fewer where they are large. */
const readsAhead = 16;
const wordsAhead = 2 ** 24;
/** Words of a strip of the device that takes the results of runs, and how many of these it is made for. */
const longestStrip = 2 ** 22;
const runsOfStrip = 64;

/** `take` gets the results of each run, in order. */
export function createReads(
  session: TrainingSession,
  program: number,
  take: (results: readonly Values[], row: Row) => void,
): Reads {
  const { backend, plan } = session;
  // A fit may be under way beside this call.
  const own = backend.submissions();
  const { results } = at(plan.programs, program);
  const sizesOf = ({ wanted, dimensions }: Row): number[] =>
    wanted.map((result) => countOf(evaluateShape(at(results, result).shape, dimensions)));
  const queue = createQueue();
  let strip: { readonly storage: number; readonly words: number } | undefined;
  let rows: Row[] = [];
  let used = 0;

  const flush = (): void => {
    if (!strip || rows.length === 0) return;
    const asked = rows;
    // The copy is queued behind the runs so far: later ones may write over their storages at once.
    const read = backend.readRange(strip.storage, 0, used);
    queue.add(used, readBehind(own, read), (words) => {
      let offset = 0;
      for (const row of asked) {
        const sizes = sizesOf(row);
        const parts = sizes.map((size, index) => {
          const { type } = at(results, at(row.wanted, index));
          const start = words.byteOffset + 4 * offset;
          offset += size;
          return new (arrayOf(type))(words.buffer as ArrayBuffer, start, size);
        });
        take(parts, row);
      }
    });
    [rows, used] = [[], 0];
  };
  const free = (): void => {
    if (strip) backend.freeStorage(strip.storage);
    strip = undefined;
  };
  const room = (words: number): number => {
    if (strip && used + words <= strip.words) return strip.storage;
    flush();
    if (strip && words <= strip.words) return strip.storage;
    free();
    const size = Math.max(words, Math.min(longestStrip, words * runsOfStrip));
    strip = { storage: own.addStorage("f32", size), words: size };
    return strip.storage;
  };

  return {
    run: async (request, wanted) => {
      const row = { wanted, dimensions: request.dimensions };
      const words = sizesOf(row).reduce((sum, size) => sum + size, 0);
      const chosen = wanted.length < results.length && { wanted };
      // A strip holds bits: the CPU, which has nothing to wait for, hands its numbers over as they are.
      if (backend.kind === "cpu" || words > longestStrip) {
        flush();
        const read = backend.read(makeRun(session, program, { ...request, ...chosen }));
        queue.add(words, read, (parts) => {
          take(parts, row);
        });
      } else {
        const journal = { storage: room(words), at: used, results: wanted };
        own.submit(makeRun(session, program, { ...request, ...chosen, journal }));
        rows.push(row);
        used += words;
      }
      await queue.room();
    },
    end: async () => {
      flush();
      await queue.end();
      await own.settled();
    },
    abandon: (error) =>
      own.settled().then(
        () => error,
        (before: unknown) => before,
      ),
    free,
  };
}

interface Queue {
  add<T>(words: number, read: Promise<T>, apply: (value: T) => void): void;
  /** Resolves when little enough is under way. */
  room(): Promise<void>;
  end(): Promise<void>;
}

/** What is read is applied in the order of asking. */
function createQueue(): Queue {
  const waiting: { readonly done: Promise<void>; readonly words: number }[] = [];
  let latest = Promise.resolve();
  let words = 0;
  const next = async (): Promise<void> => {
    const first = waiting.shift();
    words -= first?.words ?? 0;
    await first?.done;
  };
  return {
    add: (size, read, apply) => {
      const before = latest;
      latest = Promise.all([read, before]).then(([value]) => {
        apply(value);
      });
      // Whoever waits meets the error; where an earlier one ends the run, nobody does.
      latest.catch(() => undefined);
      waiting.push({ done: latest, words: size });
      words += size;
    },
    room: async () => {
      while (waiting.length >= readsAhead || (waiting.length > 0 && words > wordsAhead))
        await next();
    },
    end: async () => {
      while (waiting.length > 0) await next();
    },
  };
}
