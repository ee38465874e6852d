// In: the colour of each point of a picture; out: a bitmap file as a data address, for pages that stand alone.

export type Colour = readonly [red: number, green: number, blue: number];

/** Colours are from 0 to 255; the first row is the top one. */
export function bitmapAddress(
  height: number,
  width: number,
  colourAt: (row: number, column: number) => Colour,
): string {
  const stride = Math.ceil((3 * width) / 4) * 4;
  const start = 54;
  const bytes = Buffer.alloc(start + stride * height);
  bytes.write("BM");
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(start, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  // A negative height means that rows come from the top.
  bytes.writeInt32LE(-height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const [red, green, blue] = colourAt(row, column);
      bytes.set([blue, green, red], start + row * stride + 3 * column);
    }
  return `data:image/bmp;base64,${bytes.toString("base64")}`;
}
