// The types of generate.mjs, for the tests written in TypeScript.

/** Writes both generated modules under `root`. */
export function generate(root: string): Promise<void>;
