// The types of shortVariables.mjs, for the tests written in TypeScript.

/** Variables at top level keep their names. */
export function shortenVariables(text: string): string;
