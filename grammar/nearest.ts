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
 * The candidate nearest to a word: one that differs in case alone before any other, else within one edit for words (of the two,
 * the longer) of four to six letters, two for up to nine, three beyond; words of three letters are alike where neighbours are
 * swapped, or a letter is missing or too many. Ties go to the earlier candidate.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const folded = word.toLowerCase();
  let found: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    if (candidate === word || candidate === "") continue;
    const other = candidate.toLowerCase();
    const limit = editsOf(folded, other);
    const loose = other === folded ? -1 : editDistance(folded, other, limit);
    const distance = Math.min(editDistance(word, candidate, limit), loose + 0.5);
    if (loose <= limit && distance < least) {
      least = distance;
      found = candidate;
    }
  }
  return found;
}

/** How many edits may part two words that are meant to be the same: of short ones a letter more makes another word. */
function editsOf(first: string, second: string): number {
  const length = Math.max(first.length, second.length);
  if (length <= 3) {
    const shorter = Math.min(first.length, second.length);
    return shorter > 1 && (shorter < length || sorted(first) === sorted(second)) ? 1 : 0;
  }
  return length <= 6 ? 1 : length <= 9 ? 2 : 3;
}

const sorted = (word: string): string => Array.from(word).toSorted().join("");
