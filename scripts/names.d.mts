// The types of names.mjs, for the tests written in TypeScript.

/** Names of the runtime's properties that minified bundles shorten. */
export const internalNames: readonly string[];

/** Names of plans that minified bundles shorten, in their runtimes and in their plans. */
export const planNames: readonly string[];
