// A selector and the parameters of a model come in; the names that it selects go out, or a report where it matches nothing.
import type * as ast from "../../../grammar/ast.js";
import type { ParameterDeclaration } from "../../types/model.js";
import type { Found, Frame, ModelState } from "../context.js";
import { didYouMean, report } from "../report.js";

const roles = { weights: "weight", biases: "bias", params: "param" } as const;

export interface Selection {
  /** The names selected, in order of declaration. */
  readonly names: readonly string[];
  /** Whether a part of the selector matched nothing. */
  readonly spoilt: boolean;
}

/** The parameters that a model has so far. */
export function parametersOf({ parameters, unknown }: ModelState): Found<ParameterDeclaration> {
  return {
    items: [...parameters.values()].map(({ declaration }) => declaration),
    whole: !unknown.has("parameters"),
  };
}

/** The parameters that the selector names, trained ones unless `kept` (states and fitted values) are wanted too. */
export function select(
  frame: Frame,
  selector: ast.Selector,
  parameters: Found<ParameterDeclaration>,
  kept = false,
): Selection {
  const { items, whole } = parameters;
  const chosen = new Set<string>();
  let spoilt = false;
  for (const item of selector.items) {
    const found = matching(item, items).filter(
      ({ role }) => kept || (role !== "state" && role !== "fitted"),
    );
    for (const { name } of found) chosen.add(name);
    if (found.length > 0) continue;
    spoilt = true;
    if (whole) nothing(frame, item, items, kept);
  }
  const names = items.map(({ name }) => name).filter((name) => chosen.has(name));
  return { names, spoilt };
}

function matching(
  item: ast.SelectorItem,
  parameters: readonly ParameterDeclaration[],
): readonly ParameterDeclaration[] {
  const words = item.path.map(({ name }) => name);
  const text = words.join(".");
  if (item.everything) return parameters.filter(({ name }) => name.startsWith(`${text}.`));
  const exact = parameters.filter(({ name }) => name === text);
  if (exact.length > 0) return exact;
  const last = words.at(-1) ?? "";
  const prefix = words.slice(0, -1).join(".");
  const below = (name: string): boolean => prefix === "" || name.startsWith(`${prefix}.`);
  if (last === "all") return parameters.filter(({ name }) => below(name));
  if (last !== "weights" && last !== "biases" && last !== "params") return [];
  return parameters.filter(({ name, role }) => role === roles[last] && below(name));
}

/** What selectors of this model may say, for the nearest name. */
function candidates(parameters: readonly ParameterDeclaration[]): string[] {
  const found = new Set(["weights", "biases", "params", "all"]);
  for (const { name } of parameters) {
    found.add(name);
    for (let at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1)) {
      found.add(`${name.slice(0, at)}.*`);
    }
  }
  return [...found];
}

function nothing(
  frame: Frame,
  item: ast.SelectorItem,
  parameters: readonly ParameterDeclaration[],
  kept: boolean,
): void {
  const text = item.path.map(({ name }) => name).join(".") + (item.everything ? ".*" : "");
  const trained = parameters.filter(({ role }) => role !== "state" && role !== "fitted");
  const names = (kept ? parameters : trained).map(({ name }) => name);
  const untrained = parameters.find(({ name }) => name === text);
  report(frame, "NN0501", item.span, {
    message: `\`${text}\` selects no parameter of this model`,
    notes: [
      names.length === 0 ? "it has no trained parameters" : `it has ${listed(names)}`,
      ...(untrained === undefined
        ? []
        : [`\`${text}\` is a ${untrained.role}, which is not trained`]),
    ],
    hint: hintFor(text, parameters),
  });
}

function hintFor(text: string, parameters: readonly ParameterDeclaration[]): string | undefined {
  if (parameters.some(({ name }) => name.startsWith(`${text}.`))) {
    return `\`${text}.*\` selects everything below it`;
  }
  return didYouMean(text, candidates(parameters));
}

/** Names in a sentence, long lists cut. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
