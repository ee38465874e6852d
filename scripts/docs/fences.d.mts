// The types of fences.mjs, for the tests written in TypeScript.

export interface Fence {
  readonly language: string;
  readonly words: readonly string[];
  readonly name?: string;
  readonly text: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

export function fencesOf(document: string): readonly Fence[];
