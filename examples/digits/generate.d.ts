// The types of generate.js, for the tests.

/** Digits that the seed determines: images row by row, 0 (paper) to 255 (ink), and what each shows. */
export function generateDigits(
  seed: number,
  count: number,
): { image: Uint8Array<ArrayBuffer>; digit: Uint8Array<ArrayBuffer> };

/** One digit as a person might write it, as strokes in shares of a sheet, 0 to 1. */
export function generateStrokes(
  seed: number,
  digit: number,
): readonly (readonly (readonly [number, number])[])[];
