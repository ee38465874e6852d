// A user's mistake about shapes, types or arguments in; a value that says so in the user's terms out.

/** Why a tensor op cannot be applied: a value, never thrown at users of the builder's `try…` functions. */
export interface ShapeProblem {
  readonly kind: "problem";
  /** What the mistake is about, so that a caller can choose a diagnostic's code. */
  readonly about: ProblemSubject;
  /** One sentence that a beginner understands. */
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  /** What to do, where that shows. */
  readonly hint?: string;
  /** The positions of the operands (or arguments) involved, for labels in the source. */
  readonly operands: readonly number[];
}

export type ProblemSubject = "shape" | "type" | "axis" | "argument" | "limit";

export interface ProblemDetails {
  readonly expected?: string;
  readonly found?: string;
  readonly hint?: string;
  readonly operands?: readonly number[];
}

export function problem(
  about: ProblemSubject,
  message: string,
  details: ProblemDetails = {},
): ShapeProblem {
  return { kind: "problem", about, message, ...details, operands: details.operands ?? [] };
}

export function isProblem(value: unknown): value is ShapeProblem {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "problem";
}

/** Thrown by `builder.node` and its conveniences: a problem where the caller promised that there is none. */
export class GraphError extends Error {
  constructor(readonly problem: ShapeProblem) {
    const { message, expected, found } = problem;
    const details = [
      ...(expected === undefined ? [] : [`expected ${expected}`]),
      ...(found === undefined ? [] : [`found ${found}`]),
    ];
    super(details.length === 0 ? message : `${message} (${details.join(", ")})`);
    this.name = "GraphError";
  }
}
