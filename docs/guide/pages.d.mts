// The types of pages.mjs, for the tests written in TypeScript.

interface Page {
  readonly page: string;
  readonly title: string;
}

export const guide: readonly { readonly title: string; readonly pages: readonly Page[] }[];
