// A name that nothing bears comes in; a report of it goes out, with the name that may be meant.
import type { Span } from "../../../grammar/span.js";
import type { Frame, Scope, Unit, Value } from "../context.js";
import { didYouMean, isFull, report } from "../report.js";
import { visibleNames } from "./scope.js";

export function unknownName(frame: Frame, name: string, span: Span): Value {
  const full = isFull(frame.run);
  const known = full ? undefined : elsewhere(frame.scope, name);
  return report(frame, "NN0201", span, {
    message: `nothing here is called \`${name}\``,
    hint:
      known === undefined
        ? full
          ? undefined
          : (didYouMean(name, visibleNames(frame.scope)) ?? howToName(frame, name))
        : `here it is called \`${known}\``,
  });
}

/** What gives a name a value where it stands. */
function howToName({ body }: Frame, name: string): string | undefined {
  if (name === "batch") return "an input or a signature names the axis: `x: [batch, 4]`";
  switch (body) {
    case "model":
      return `bind it first: \`${name} = …\`; data is declared: \`input ${name}: [batch]\`, \`target ${name}: [batch]\``;
    case "layer":
    case "fn":
      return `bind it first: \`${name} = …\`, or name it in the signature, as a parameter or a dimension of one`;
    case "optimizer":
      return "an optimizer sees a parameter `w`, its gradient `g` and `step`";
    default:
      return undefined;
  }
}

/** Words of other libraries for primitives and signs of the language. */
const foreign: Readonly<Record<string, string>> = {
  average: "mean",
  reduce_sum: "sum",
  reduce_mean: "mean",
  pow: "^",
  True: "true",
  False: "false",
};

/** What other libraries call so: declarations say it in their documentation. */
function elsewhere(scope: Scope, name: string): string | undefined {
  if (Object.hasOwn(foreign, name)) return foreign[name];
  for (const unit of unitsOf(scope)) {
    const found = namesElsewhere(unit).get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The files whose declarations are in reach. */
function unitsOf(scope: Scope): ReadonlySet<Unit> {
  const found = new Set<Unit>();
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    for (const { place } of at.lazy.values()) found.add(place.unit);
  }
  return found;
}

const known = new WeakMap<Unit, ReadonlyMap<string, string>>();

/** `/// …; elsewhere: Dense, Linear` above a declaration. */
function namesElsewhere(unit: Unit): ReadonlyMap<string, string> {
  const before = known.get(unit);
  if (before !== undefined) return before;
  const found = new Map<string, string>();
  for (const declaration of unit.tree.declarations) {
    if (!("name" in declaration) || !("doc" in declaration)) continue;
    const [, words = ""] = /\belsewhere: (.+)$/m.exec(declaration.doc ?? "") ?? [];
    for (const word of words.match(/\w+/g) ?? []) found.set(word, declaration.name);
  }
  known.set(unit, found);
  return found;
}
