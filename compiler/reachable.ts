// Takes roots and what each value is computed from, gives everything that the roots are computed from.

/** Each once, roots included, those first that stand first; never recursive: what is walked may be deep. */
export function reachable<T>(roots: Iterable<T>, operandsOf: (value: T) => readonly T[]): Set<T> {
  const seen = new Set<T>();
  const stack = [...roots].reverse();
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    stack.push(...operandsOf(value).toReversed());
  }
  return seen;
}
