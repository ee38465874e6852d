// The types of documents.mjs, for the tests written in TypeScript.

export function documentPages(
  root: string,
): readonly { readonly path: string; readonly text: string }[];
