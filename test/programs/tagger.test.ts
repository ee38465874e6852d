// The tagger and bracketed sentences in; that it knows of each word what stands on both sides of it, and nothing of the padding, out.

import { expect } from "vitest";
import { generator } from "../support/sampleValues.js";
import { checksDerivatives, learns, program } from "./learning.js";

const [opening, closing] = [1, 2];
const [outside, inside, paired, alone] = [0, 1, 2, 3];

/** Words 1 and 2 are brackets, 3 to 11 are others. */
function sentence(length: number, next: () => number): number[] {
  return Array.from({ length }, () =>
    next() < 0.35 ? 1 + Math.floor(2 * next()) : 3 + Math.floor(9 * next()),
  );
}

const isBracket = (word: number): boolean => word === opening || word === closing;

/** By the nearest bracket on either side: inside a pair or outside, a bracket with its pair or without. */
function tagsOf(words: readonly number[]): number[] {
  return words.map((word, at) => {
    const before = words.slice(0, at).reverse().find(isBracket);
    const behind = words.slice(at + 1).find(isBracket);
    if (word === opening) return behind === closing ? paired : alone;
    if (word === closing) return before === opening ? paired : alone;
    return before === opening && behind === closing ? inside : outside;
  });
}

type Sentences = Readonly<Record<"word" | "tag", { data: number[]; shape: number[] }>>;

/** Sentences of 5 to 12 words, with zeros up to `time`. */
function sentences(count: number, time: number, seed: number): Sentences {
  const next = generator(seed);
  const words = Array.from({ length: count }, () => sentence(5 + Math.floor(8 * next()), next));
  const padded = (rows: readonly number[][]) => ({
    data: rows.flatMap((row) => [...row, ...Array<number>(time - row.length).fill(0)]),
    shape: [count, time],
  });
  return { word: padded(words), tag: padded(words.map(tagsOf)) };
}

checksDerivatives("tagger.nn", { units: 6 });

learns(program("tagger.nn"), async (net) => {
  await net.fit(sentences(512, 12, 1), { epochs: 6 });
  const fresh = await net.evaluate(sentences(100, 12, 2));
  expect(fresh.loss).toBeLessThan(0.05);
  expect(fresh.metrics["accuracy"]).toBeGreaterThan(0.97);
  // However much padding there is, and however sentences come in batches.
  const longer = await net.evaluate(sentences(100, 20, 2), { batch: 7 });
  expect(longer.loss).toBeCloseTo(fresh.loss, 4);
  expect(longer.metrics["accuracy"]).toBeCloseTo(fresh.metrics["accuracy"] ?? NaN, 4);
});
