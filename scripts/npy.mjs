// An array of bytes and its shape in; a NumPy file (.npy, version 1.0) out.

/** `values` row by row, as unsigned bytes. */
export function npyFile(values, shape) {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${axes}), }`;
  // Magic (6), version (2), length (2), header, newline: together a multiple of 64.
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.alloc(10);
  start.write("\x93NUMPY\x01\x00", "latin1");
  start.writeUInt16LE(padded.length, 8);
  return Buffer.concat([start, Buffer.from(padded, "latin1"), values]);
}
