// Batches one after the other as an iterable gives them in; a source of them, closed when it is left, out.

import type { Dimensions } from "../dimensions.js";
import { fail } from "../errors.js";
import type { TrainingSession } from "../session.js";
import type { Waiting } from "./calls.js";
import { bindBatch, type Batch, type Cursor, type Source } from "./data.js";
import type { StreamData } from "./opened.js";

type Batches = AsyncIterator<unknown, unknown> | Iterator<unknown, unknown>;

function iterate(data: unknown): Batches {
  if (typeof data === "object" && data !== null) {
    if ("getReader" in data) return readerOf(data as ReadableStream<unknown>);
    if (Symbol.asyncIterator in data)
      return (data as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in data) return (data as Iterable<unknown>)[Symbol.iterator]();
  }
  return fail(
    "data",
    "the data function returns no iterable of batches (an async one is written `async function* ()`)",
  );
}

/** A stream's own iterator closes only when its next batch has come: perhaps never. */
function readerOf(stream: ReadableStream<unknown>): Batches {
  if (stream.locked) fail("data", "this stream of batches is read elsewhere already");
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      if (!done) return { done, value };
      reader.releaseLock();
      return { done, value: undefined };
    },
    return: async () => {
      try {
        await reader.cancel();
      } finally {
        reader.releaseLock();
      }
      return { done: true, value: undefined };
    },
  };
}

export async function streamSource(
  session: TrainingSession,
  { data, once }: StreamData,
  waiting: Waiting,
  wanted: ReadonlySet<string>,
  fallback: Dimensions,
): Promise<Source> {
  await Promise.resolve();
  const batches = Array.isArray(data) ? data.length : undefined;
  if (batches === 0) fail("data", "the data gave no batch");
  const start = (): Batches =>
    iterate(typeof data === "function" ? (data as () => unknown)() : data);
  let isOpened = false;
  const open = (_epoch: number, from: number): Cursor => {
    if (once && isOpened) {
      fail(
        "data",
        "these batches are needed several times, but a generator can be read once: give a function that returns them anew, as () => batches()",
      );
    }
    isOpened = true;
    const bind = (value: unknown): Batch => bindBatch(session, value, wanted, fallback);
    return openCursor(start(), waiting, bind, from);
  };
  return { kind: "stream", once, names: wanted, examples: undefined, batches, open };
}

function openCursor(
  iterator: Batches,
  waiting: Waiting,
  bind: (value: unknown) => Batch,
  from: number,
): Cursor {
  let skip = from;
  let isOver = false;
  let isAsked = false;
  const ask = async (): Promise<IteratorResult<unknown, unknown>> => {
    isAsked = true;
    try {
      const result = await iterator.next();
      isOver ||= result.done === true;
      return result;
    } catch (error) {
      // An iterator that throws has ended.
      isOver = true;
      throw error;
    } finally {
      isAsked = false;
    }
  };
  const close = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    const closing = Promise.resolve(iterator.return?.());
    // A generator that waits for its next batch closes when it has it: perhaps never.
    if (isAsked) closing.catch(ignore);
    else await waiting.wait(closing);
  };
  const next = async (): Promise<Batch | undefined> => {
    for (;;) {
      if (isOver) return undefined;
      const { done, value } = await waiting.wait(ask());
      if (done === true) return undefined;
      if (skip-- <= 0) return bind(value);
    }
  };
  return {
    next: async () => {
      try {
        return await next();
      } catch (error) {
        await close().catch(ignore);
        throw error;
      }
    },
    close,
  };
}

const ignore = (): void => undefined;
