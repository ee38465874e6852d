// Takes no input, gives all scalar operations by name, and the functions that their texts call.
import {
  arithmeticScalars,
  comparisonScalars,
  logicScalars,
  otherScalars,
  remainder,
} from "./binary.js";
import type { Helper, Printing, ScalarOperation, TextLanguage } from "./record.js";
import { unaryScalars } from "./unary.js";

export const scalarOps = {
  ...unaryScalars,
  ...arithmeticScalars,
  ...comparisonScalars,
  ...logicScalars,
  ...otherScalars,
} satisfies Readonly<Record<string, ScalarOperation>>;

type ScalarName = keyof typeof scalarOps;

/** How operations of kernels are printed. */
export const printings: Readonly<Record<ScalarName | "remainder", Printing>> = {
  ...scalarOps,
  remainder,
};

/** What is known of a name that may be no scalar operation's. */
export function scalarOperation(name: string): ScalarOperation | undefined {
  return (scalarOps as Readonly<Record<string, ScalarOperation | undefined>>)[name];
}

/** Every function that operations call in a language, what each needs before it. */
export function helpersOf(language: TextLanguage): readonly Helper[] {
  const forms = Object.values(printings).flatMap((record) => Object.values(record[language]));
  const called = forms.flatMap((form) => (form.kind === "call" && form.helper) || []);
  return [...collect(called)];
}

/** Those of `functions` that are wanted by name, with what they call. */
export function withNeeds(
  functions: readonly Helper[],
  names: ReadonlySet<string>,
): readonly Helper[] {
  const known = collect(functions);
  const named = new Map([...known].map((one) => [one.name, one]));
  const wanted = collect(
    [...names].map((name) => {
      const one = named.get(name);
      if (!one) throw new Error(`there is no function ${name}`);
      return one;
    }),
  );
  return [...known].filter((one) => wanted.has(one));
}

function collect(helpers: readonly Helper[], into = new Set<Helper>()): Set<Helper> {
  for (const helper of helpers) {
    collect(helper.needs ?? [], into);
    into.add(helper);
  }
  return into;
}
