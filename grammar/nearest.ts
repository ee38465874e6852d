// A misspelt word and the known ones come in; the one most likely meant goes out, or undefined.

/**
 * The number of single edits (insert, delete, replace, swap of neighbours) between two words,
 * or `limit + 1` where it is more than `limit` (optimal string alignment distance).
 */
export function editDistance(first: string, second: string, limit = Infinity): number {
  if (Math.abs(first.length - second.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: second.length + 1 }, (_, index) => index);
  for (let row = 1; row <= first.length; row++) {
    const current = [row];
    let best = row;
    for (let column = 1; column <= second.length; column++) {
      const same = first[row - 1] === second[column - 1];
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped =
        first[row - 1] === second[column - 2] && first[row - 2] === second[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      current.push(cost);
      best = Math.min(best, cost);
    }
    if (best > limit) return limit + 1;
    before = previous;
    previous = current;
  }
  return previous[second.length] ?? 0;
}

/**
 * The candidate nearest to a word: within one edit for words of up to four letters, two for up to
 * eight, three beyond; a word of one letter has no neighbours. A difference in case alone counts
 * half, and ties go to the earlier candidate.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length < 2) return undefined;
  const limit = word.length <= 4 ? 1 : word.length <= 8 ? 2 : 3;
  const folded = word.toLowerCase();
  let found: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    if (candidate === word || candidate.length < 2) continue;
    const exact = editDistance(word, candidate, limit);
    const loose = editDistance(folded, candidate.toLowerCase(), limit);
    const distance = Math.min(exact, loose + 0.5);
    if (distance < least) {
      least = distance;
      found = candidate;
    }
  }
  return least <= limit ? found : undefined;
}
