// Takes no input, gives what a finding says: what is wrong, where, why that matters, and what to do.

export type FindingKind =
  | "scale"
  | "targets"
  | "dead"
  | "saturation"
  | "weights"
  | "vanishing"
  | "updates"
  | "diverges"
  | "alike"
  | "fit"
  | "chance";

/** What a finding says; the table of `findings.ts` knows its kind. */
export interface Advice {
  readonly where: string;
  readonly what: string;
  readonly why: string;
  readonly todo: string;
}

export interface Finding extends Advice {
  readonly kind: FindingKind;
}

/** What was measured, whether there is anything to say of it or not. */
export interface Measured {
  readonly what: string;
  readonly value: string;
  readonly wanted: string;
}
