// The types of raster.js, for the tests.

export type Polyline = readonly (readonly [number, number])[];

export const imageSize: 28;

/** Moves and scales strokes so that their ink is centred in the image. */
export function placeStrokes(
  strokes: readonly Polyline[],
  options?: { extent?: number; smallest?: number },
): readonly Polyline[];

/** Draws placed strokes, row by row, 0 (paper) to 1 (ink). */
export function drawStrokes(
  strokes: readonly Polyline[],
  pen?: { radius?: number; softness?: number },
): Float32Array<ArrayBuffer>;
