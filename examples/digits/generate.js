// A seed and a count in; that many drawn digits, as images and labels, out.

import { drawStrokes, imageSize, placeStrokes } from "./raster.js";
import { shapes } from "./shapes.js";

/**
 * Every digit equally often, in random order: each is one of the ways of writing it, its points moved about, slanted,
 * turned, stretched, drawn with a thinner or thicker pen, shifted, and covered with a little noise.
 *
 * @param {number} seed the same seed gives the same digits
 * @param {number} count
 * @returns {{ image: Uint8Array, digit: Uint8Array }} images row by row, 0 (paper) to 255 (ink), one after another
 */
export function generateDigits(seed, count) {
  const random = randomSource(seed);
  const image = new Uint8Array(count * imageSize * imageSize);
  const digit = shuffled(
    Uint8Array.from({ length: count }, (_, index) => index % 10),
    random,
  );
  for (let index = 0; index < count; index++) {
    image.set(generateImage(digit[index], random), index * imageSize * imageSize);
  }
  return { image, digit };
}

/**
 * One digit as a person might write it on a sheet, for the page.
 *
 * @param {number} seed
 * @param {number} digit
 * @returns {[number, number][][]} strokes in shares of the sheet, 0 to 1
 */
export function generateStrokes(seed, digit) {
  const strokes = writeDigit(digit, randomSource(seed));
  return placeStrokes(strokes).map((stroke) =>
    stroke.map(([x, y]) => [x / imageSize, y / imageSize]),
  );
}

function writeDigit(digit, random) {
  const { strokes } = pick(shapes[digit], random);
  return deform(strokes.map((stroke) => jitter(stroke, random)).map(curve), random);
}

function generateImage(digit, random) {
  const strokes = writeDigit(digit, random);
  const placed = placeStrokes(strokes, { extent: random.between(15, 20.5) });
  const shiftX = random.between(-2, 2);
  const shiftY = random.between(-2, 2);
  const ink = drawStrokes(
    placed.map((stroke) => stroke.map(([x, y]) => [x + shiftX, y + shiftY])),
    { radius: random.between(0.7, 1.9), softness: random.between(0.9, 1.6) },
  );
  const strength = random.between(200, 255);
  const noise = random.between(0, 12);
  return ink.map((grey) => {
    const value =
      grey * strength + (grey > 0 || random.uniform() < 0.1 ? noise * random.normal() : 0);
    return Math.round(Math.min(Math.max(value, 0), 255));
  });
}

function pick(ways, random) {
  const total = ways.reduce((sum, { weight }) => sum + weight, 0);
  let left = random.uniform() * total;
  return ways.find(({ weight }) => (left -= weight) < 0) ?? ways[0];
}

/** Moves each point a little; both halves of a corner move together. */
function jitter(stroke, random) {
  const amount = 0.045;
  let moved = [0, 0];
  return stroke.map(([x, y], index) => {
    const corner = index > 0 && isSame(stroke[index - 1], [x, y]);
    if (!corner) moved = [x + amount * random.normal(), y + amount * random.normal()];
    return moved;
  });
}

const isSame = ([x0, y0], [x1, y1]) => x0 === x1 && y0 === y1;

/** The smooth curve through a stroke's points (Catmull-Rom), broken at its corners, as a polyline. */
function curve(stroke) {
  const pieces = [[stroke[0]]];
  for (let index = 1; index < stroke.length; index++) {
    if (isSame(stroke[index - 1], stroke[index])) pieces.push([]);
    pieces[pieces.length - 1].push(stroke[index]);
  }
  return pieces.flatMap(curvePiece);
}

function curvePiece(points) {
  const steps = points.length > 2 ? 5 : 1;
  const at = (index) => points[Math.min(Math.max(index, 0), points.length - 1)];
  const line = [points[0]];
  for (let index = 0; index + 1 < points.length; index++) {
    for (let step = 1; step <= steps; step++) {
      const t = step / steps;
      const blend = (axis) =>
        catmullRom(
          [at(index - 1)[axis], at(index)[axis], at(index + 1)[axis], at(index + 2)[axis]],
          t,
        );
      line.push([blend(0), blend(1)]);
    }
  }
  return line;
}

function catmullRom([before, from, to, after], t) {
  const slope = (to - before) / 2;
  const nextSlope = (after - from) / 2;
  const cubic = 2 * (from - to) + slope + nextSlope;
  const square = 3 * (to - from) - 2 * slope - nextSlope;
  return ((cubic * t + square) * t + slope) * t + from;
}

/** Stretch, slant, turn, and a slow wave across the whole drawing. */
function deform(strokes, random) {
  const width = random.between(0.45, 0.95);
  const slant = random.between(-0.25, 0.45);
  const angle = random.between(-0.2, 0.2);
  const bend = random.between(-0.06, 0.06);
  const phase = random.between(0, 2 * Math.PI);
  const cosine = Math.cos(angle);
  const sine = Math.sin(angle);
  return strokes.map((stroke) =>
    stroke.map(([x, y]) => {
      const u = (x - 0.5) * width - (y - 0.5) * slant + bend * Math.sin(3 * y + phase);
      const v = y - 0.5 + bend * Math.sin(3 * x + phase);
      return [u * cosine - v * sine, u * sine + v * cosine];
    }),
  );
}

function shuffled(values, random) {
  for (let last = values.length - 1; last > 0; last--) {
    const other = Math.floor(random.uniform() * (last + 1));
    [values[last], values[other]] = [values[other], values[last]];
  }
  return values;
}

/** A small generator of our own (a Weyl sequence, mixed twice), so that a seed gives the same digits everywhere. */
function randomSource(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
  return {
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    // Box and Muller's, of which one half is enough.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
