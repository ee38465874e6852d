// A name that nothing bears comes in; a report of it goes out, with the name that may be meant.
import type { Span } from "../../../grammar/span.js";
import type { Frame, Scope, Unit, Value } from "../context.js";
import { didYouMean, isFull, report } from "../report.js";
import { visibleNames } from "./scope.js";

/** `called`: it stands where something is called. */
export function unknownName(frame: Frame, name: string, span: Span, called = false): Value {
  if (name === "_") {
    return report(frame, "NN0201", span, {
      message: "`_` drops a value and holds none",
      hint: "give what is needed a name: `largest, _ = top_k(x, 3)`",
    });
  }
  return report(frame, "NN0201", span, {
    message: `nothing here is called \`${name}\``,
    // Of what is beyond the mistakes that are listed nobody reads a hint.
    hint: isFull(frame.run) ? undefined : hintFor(frame, name, called),
  });
}

function hintFor(frame: Frame, name: string, called: boolean): string | undefined {
  const known = elsewhere(frame.scope, name);
  if (known !== undefined) return `here it is called \`${known}\``;
  return (
    (Object.hasOwn(expressed, name) ? expressed[name] : undefined) ??
    didYouMean(name, visibleNames(frame.scope)) ??
    (called ? howToDeclare(name) : howToName(frame, name))
  );
}

/** What gives something to call a name. */
function howToDeclare(name: string): string {
  return `what is called is declared beside the models: \`fn ${name}(x) = …\`, or \`layer ${name}(x) = …\` where it has parameters of its own`;
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
      return "an optimizer sees a parameter `w`, its gradient `g`, their `shape` and `step`";
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
  take_along_axis: "take_along",
  index_select: "take",
  index_add: "scatter_add",
  segment_sum: "scatter_add",
  segment_max: "scatter_max",
  segment_min: "scatter_min",
  logcumsumexp: "cumlogsumexp",
  True: "true",
  False: "false",
};

const pooledTo =
  "`global_mean_pool` gives one value a channel; for more of them, `mean_pool2d` with the window that leaves so many";

/** Words of other libraries for what the language says with several words. */
const expressed: Readonly<Record<string, string>> = {
  ...{ adaptive_avg_pool2d: pooledTo, AdaptiveAvgPool2d: pooledTo },
  gather:
    "`take(x, places)` takes entries of an axis, `take_along(x, places)` one for each element",
  scatter:
    "`scatter_add` adds what meets; `scatter_set`, `scatter_min` and `scatter_max` keep one, with `_along` by a place for each element",
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
