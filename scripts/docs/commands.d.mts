// The types of commands.mjs, for the tests written in TypeScript.

export function withOutputs(page: string): string;
