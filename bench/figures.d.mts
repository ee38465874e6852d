// The types of figures.mjs, for the tests written in TypeScript.

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly must: number;
  readonly aim?: number;
  readonly measured: number;
  readonly reached: "no" | "must" | "aim";
}

export function judge(results: object): readonly Figure[];
export function missedQuality(results: object): boolean;
