// Strokes in any coordinates in; a 28×28 grey image as the model expects it, centred by mass and antialiased, out.
// The generator of training digits and the page share it, so what is drawn looks like what was learned.

export const imageSize = 28;

/**
 * @typedef {readonly [number, number]} Point
 * @typedef {readonly Point[]} Polyline
 */

/**
 * Moves and scales strokes, their proportions kept: the longer side of what they cover becomes `extent` pixels, and
 * the ink's centre of mass comes to the middle of the image. A drawing smaller than `smallest` (in its own units)
 * counts as that large, so that a dot stays a dot.
 *
 * @param {readonly Polyline[]} strokes
 * @param {{ extent?: number, smallest?: number }} [options]
 * @returns {readonly Polyline[]}
 */
export function placeStrokes(strokes, { extent = 18, smallest = 1e-6 } = {}) {
  const points = strokes.flat();
  if (points.length === 0) return [];
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const width = Math.max(...xs) - Math.min(...xs);
  const height = Math.max(...ys) - Math.min(...ys);
  const scale = extent / Math.max(width, height, smallest);
  const [centreX, centreY] = centreOfMass(strokes);
  const middle = imageSize / 2;
  return strokes.map((stroke) =>
    stroke.map(([x, y]) => [middle + (x - centreX) * scale, middle + (y - centreY) * scale]),
  );
}

/** The mean of the lines' middles, weighted by their lengths: a pen leaves equal ink along its way. */
function centreOfMass(strokes) {
  let mass = 0;
  let sumX = 0;
  let sumY = 0;
  const add = (weight, x, y) => {
    mass += weight;
    sumX += weight * x;
    sumY += weight * y;
  };
  for (const stroke of strokes) {
    // A lone point weighs almost nothing, but something: it may be all there is.
    for (const [x, y] of stroke) add(1e-9, x, y);
    for (let index = 1; index < stroke.length; index++) {
      const [x0, y0] = stroke[index - 1];
      const [x1, y1] = stroke[index];
      add(Math.hypot(x1 - x0, y1 - y0), (x0 + x1) / 2, (y0 + y1) / 2);
    }
  }
  return [sumX / mass, sumY / mass];
}

/**
 * Draws placed strokes with a round pen of `radius` pixels. A pixel's grey falls from 1 to 0 over `softness` pixels
 * across the pen's edge, which for 1 is the share of the pixel that the pen covers.
 *
 * @param {readonly Polyline[]} strokes
 * @param {{ radius?: number, softness?: number }} [pen]
 * @returns {Float32Array} row by row, 0 (paper) to 1 (ink)
 */
export function drawStrokes(strokes, { radius = 1.2, softness = 1 } = {}) {
  const image = new Float32Array(imageSize * imageSize);
  const reach = radius + softness / 2;
  for (const stroke of strokes) {
    for (let index = 0; index < stroke.length; index++) {
      drawLine(image, stroke[Math.max(index - 1, 0)], stroke[index], reach, softness);
    }
  }
  return image;
}

function drawLine(image, [x0, y0], [x1, y1], reach, softness) {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length2 = dx * dx + dy * dy;
  const clamp = (value) => Math.min(Math.max(value, 0), imageSize - 1);
  const firstRow = clamp(Math.floor(Math.min(y0, y1) - reach));
  const lastRow = clamp(Math.ceil(Math.max(y0, y1) + reach));
  const firstColumn = clamp(Math.floor(Math.min(x0, x1) - reach));
  const lastColumn = clamp(Math.ceil(Math.max(x0, x1) + reach));
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      const px = column + 0.5 - x0;
      const py = row + 0.5 - y0;
      const along = length2 > 0 ? (px * dx + py * dy) / length2 : 0;
      const nearest = Math.min(Math.max(along, 0), 1);
      const distance = Math.hypot(px - nearest * dx, py - nearest * dy);
      const grey = Math.min((reach - distance) / softness, 1);
      const place = row * imageSize + column;
      if (grey > image[place]) image[place] = grey;
    }
  }
}
