// In: what a net makes of the points around its data; out: a figure of HTML, the grid as a coloured field and the data as points over it.
import { bitmapAddress } from "../bitmap.js";
import type { Colour } from "../bitmap.js";
import { valueText } from "../numbers.js";
import { escape } from "../page.js";
import { gridSize } from "./boundary.js";
import type { Boundary } from "./boundary.js";

const size = 480;
const margin = { left: 64, right: 16, top: 12, bottom: 28 };

/** Told apart by those who see no red or green, too (Okabe and Ito). */
const classColours: readonly Colour[] = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [213, 94, 0],
  [240, 228, 66],
  [110, 110, 110],
];

const ends: readonly [Colour, Colour, Colour] = [
  [33, 102, 172],
  [245, 245, 240],
  [178, 74, 20],
];

const mixed = (a: Colour, b: Colour, share: number): Colour => [
  Math.round(a[0] + (b[0] - a[0]) * share),
  Math.round(a[1] + (b[1] - a[1]) * share),
  Math.round(a[2] + (b[2] - a[2]) * share),
];

const colourText = (colour: Colour): string => `rgb(${colour.join(" ")})`;

interface Scale {
  readonly low: number;
  readonly high: number;
  readonly colour: (value: number) => Colour;
}

const classColour = (value: number): Colour =>
  classColours[value % classColours.length] ?? [110, 110, 110];

/** From blue over white to orange, white in the middle of the values or where classes part. */
function scaleOf({ field, points, level }: Boundary): Scale {
  const values = [...field, ...points.flatMap(({ target }) => target ?? [])];
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const middle = level ?? (low + high) / 2;
  const colour = (value: number): Colour => {
    const side = value < middle ? ends[0] : ends[2];
    const reach = value < middle ? middle - low : high - middle;
    const share = reach > 0 ? Math.min(1, Math.abs(value - middle) / reach) : 0;
    return mixed(ends[1], side, Number.isFinite(share) ? share : 0);
  };
  return { low, high, colour };
}

/** Paler than the points that lie upon it. */
const pale = (colour: Colour): Colour => mixed(colour, [255, 255, 255], 0.55);

export function boundaryFigure(boundary: Boundary): string {
  const { output, kind, x, y, field, points } = boundary;
  const scale = scaleOf(boundary);
  const isClasses = kind === "classes";
  const colour = (value: number): Colour => (isClasses ? classColour(value) : scale.colour(value));
  const address = bitmapAddress(gridSize, gridSize, (row, column) => {
    const value = field[row * gridSize + column] ?? NaN;
    return Number.isFinite(value) ? pale(colour(value)) : [128, 128, 128];
  });
  const inner = {
    width: size - margin.left - margin.right,
    height: size - margin.top - margin.bottom,
  };
  const px = (value: number): string =>
    (margin.left + ((value - x.low) / (x.high - x.low)) * inner.width).toFixed(1);
  const py = (value: number): string =>
    (margin.top + ((y.high - value) / (y.high - y.low)) * inner.height).toFixed(1);
  // A few alone would hardly be seen; a thousand would hide what lies below.
  const radius = points.length > 100 ? 3 : 6;
  const dots = points.map(({ x: left, y: up, target }) => {
    const fill = target === undefined ? "#444" : colourText(colour(target));
    return `<circle cx="${px(left)}" cy="${py(up)}" r="${radius}" fill="${fill}"/>`;
  });
  const ticks = [0.1, 0.9].map((share) => {
    const [across, up] = [x.low + share * (x.high - x.low), y.low + share * (y.high - y.low)];
    return `<text x="${px(across)}" y="${size - margin.bottom + 16}" text-anchor="middle">${valueText(across)}</text><text x="${margin.left - 6}" y="${py(up)}" text-anchor="end" dominant-baseline="middle">${valueText(up)}</text>`;
  });
  const names = `<text class="axis" x="${margin.left + inner.width / 2}" y="${size - margin.bottom + 16}" text-anchor="middle">${escape(x.name)}</text><text class="axis" transform="translate(${margin.left - 14} ${margin.top + inner.height / 2}) rotate(-90)" text-anchor="middle">${escape(y.name)}</text>`;
  const smooth = isClasses ? ' style="image-rendering:pixelated"' : "";
  return `<figure class="boundary"><figcaption>${legend(boundary, scale)}</figcaption>
<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="${escape(output)} over ${escape(x.name)} and ${escape(y.name)}"><image href="${address}" x="${margin.left}" y="${margin.top}" width="${inner.width}" height="${inner.height}" preserveAspectRatio="none"${smooth}/><g class="points">${dots.join("")}</g>${ticks.join("")}${names}</svg></figure>`;
}

const swatch = (colour: Colour): string =>
  `<i class="swatch" style="background:${colourText(colour)}"></i>`;

function legend(
  { output, kind, field, points, level }: Boundary,
  { low, high, colour }: Scale,
): string {
  const targets = points.flatMap(({ target }) => target ?? []);
  if (kind === "classes") {
    const classes = [...new Set([...field, ...targets])].toSorted((a, b) => a - b);
    const shown = classes.slice(0, classColours.length);
    const names = shown.map((value) => `${swatch(classColour(value))}${value}`);
    return `${escape(output)}, the class where it is largest: ${names.join(" ")}`;
  }
  const middle = level ?? (low + high) / 2;
  const marks = [low, middle, high].map((value) => `${swatch(colour(value))}${valueText(value)}`);
  return `${escape(output)}: ${marks.join(" ")}`;
}
