// Takes no input, gives what a finding says: what is wrong, where, why that matters, and what to do.

export interface Finding {
  readonly kind:
    "scale" | "saturation" | "dead" | "updates" | "diverges" | "fit" | "alike" | "chance";
  readonly where: string;
  readonly what: string;
  readonly why: string;
  readonly todo: string;
}

/** What was measured, whether there is anything to say of it or not. */
export interface Measured {
  readonly what: string;
  readonly value: string;
  readonly wanted: string;
}
