// Takes things as they come, gives each its number: equal ones have one.

export interface Numbering<T> {
  readonly of: (thing: T) => number;
  /** In order of their numbers. */
  readonly seen: () => readonly T[];
}

/** Numbers things by when they were first seen. */
export function numbering<T>(): Numbering<T> {
  const numbers = new Map<T, number>();
  const of = (thing: T): number => {
    const number = numbers.get(thing) ?? numbers.size;
    numbers.set(thing, number);
    return number;
  };
  return { of, seen: () => [...numbers.keys()] };
}
