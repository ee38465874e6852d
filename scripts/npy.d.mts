// The types of npy.mjs, for the tests.

/** A NumPy file that holds `values`, row by row, as unsigned bytes. */
export function npyFile(values: Uint8Array, shape: readonly number[]): Uint8Array;
