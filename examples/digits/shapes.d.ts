// The types of shapes.js, for the tests.

export interface Way {
  readonly weight: number;
  readonly strokes: readonly (readonly (readonly [number, number])[])[];
}

/** The ways of writing each digit, by digit. */
export const shapes: readonly (readonly Way[])[];
