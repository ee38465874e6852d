// Takes values of plain data, gives texts that are equal for equal values alone: JSON has one text for both zeros, and for all numbers that are none.

export function exactText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "number" && (Object.is(part, -0) || !Number.isFinite(part))
      ? { number: numberText(part) }
      : part,
  );
}

/** Text writes −0 as 0, which differ under division. */
export function numberText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
