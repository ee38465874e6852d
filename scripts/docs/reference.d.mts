// The types of reference.mjs, for the tests written in TypeScript.

export function referencePages(
  root: string,
): readonly { readonly path: string; readonly text: string }[];
