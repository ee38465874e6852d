// Takes how a value is made over other operands and what takes the place of some, gives all that is made of those: what is shared stays so.

/** What takes the place of an operand. */
type Inner<T> = (operand: T) => T;

/** The same value over what takes its operands' places. */
export type Over<T> = (old: T, inner: Inner<T>) => T;

/** What takes a value's place; undefined: it stays, over what takes its operands' places. */
export type Replacement<T> = (old: T, inner: Inner<T>) => T | undefined;

/** Each value is made once, however many are made of it. */
export function createRewrite<T>(over: Over<T>, replacement: Replacement<T>): Inner<T> {
  const known = new Map<T, T>();
  const rewrite = (old: T): T => {
    const made = known.get(old) ?? replacement(old, rewrite) ?? over(old, rewrite);
    known.set(old, made);
    return made;
  };
  return rewrite;
}
