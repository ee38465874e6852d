// A selector and the parameters of a model come in; the names that it selects go out, or a report where it matches nothing.
import type * as ast from "../../../grammar/ast.js";
import type { ParameterDeclaration } from "../../types/model.js";
import type { Found, Frame, ModelState } from "../context.js";
import { didYouMean, report } from "../report.js";

/** The words that select parameters by what they were declared as. */
export const roles = { weights: "weight", biases: "bias", params: "param" } as const;

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

/** Of names that a selector found below an instance that it names, what is left without the instance's path. */
export function namesBelow(
  { items }: ast.Selector,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const instances = items.flatMap(({ path }) => {
    const words = path.map(({ name }) => name);
    const [last = ""] = words.slice(-1);
    const star = words.findIndex((word) => word.includes("*"));
    const isRole = last === "all" || Object.hasOwn(roles, last);
    const end = star >= 0 ? star : isRole ? words.length - 1 : 0;
    return end === 0 ? [] : [words.slice(0, end).join(".")];
  });
  return Object.fromEntries(
    names.flatMap((name) => {
      const instance = instances.find((one) => name.startsWith(`${one}.`));
      return instance === undefined ? [] : [[name, name.slice(instance.length + 1)] as const];
    }),
  );
}

function matching(
  item: ast.SelectorItem,
  parameters: readonly ParameterDeclaration[],
): readonly ParameterDeclaration[] {
  const words = item.path.map(({ name }) => name);
  const named = parameters.filter(({ name }) => fits(words, name.split("."), isNamed));
  if (named.length > 0) return named;
  const last = words.at(-1) ?? "";
  const prefix = words.slice(0, -1);
  const isBelow = (name: string): boolean =>
    prefix.length === 0 || fits([...prefix, "*"], name.split("."), isNamed);
  if (last === "all") return parameters.filter(({ name }) => isBelow(name));
  if (last !== "weights" && last !== "biases" && last !== "params") return [];
  return parameters.filter(({ name, role }) => role === roles[last] && isBelow(name));
}

/** `*` stands for one entry of the row or more, every other entry of the pattern for one that is so. */
function fits(
  pattern: readonly string[],
  row: readonly string[],
  isSo: (entry: string, found: string) => boolean,
): boolean {
  let ends = new Set([0]);
  for (const entry of pattern) {
    const next = new Set<number>();
    row.forEach((found, at) => {
      const follows = ends.has(at) || (entry === "*" && next.has(at));
      if (follows && (entry === "*" || isSo(entry, found))) next.add(at + 1);
    });
    ends = next;
  }
  return ends.has(row.length);
}

/** Whether a part of a name is as the selector says: `block_*` is `block_1`. */
function isNamed(entry: string, found: string): boolean {
  return fits(Array.from(entry), Array.from(found), (letter, other) => letter === other);
}

/** What selectors of this model may say, for the nearest name: with stars where what was said has some. */
function candidates(
  parameters: readonly ParameterDeclaration[],
  { path }: ast.SelectorItem,
): string[] {
  const found = new Set(["weights", "biases", "params", "all"]);
  const inside = path.slice(0, -1).some(({ name }) => name.includes("*"));
  for (const { name } of parameters) {
    found.add(name);
    const parts = name.split(".");
    for (const [at, part] of parts.entries()) {
      if (at > 0) found.add(`${parts.slice(0, at).join(".")}.*`);
      if (!inside || at === 0) continue;
      found.add(at + 1 < parts.length ? `*.${part}.*` : `*.${part}`);
      if (at + 1 < parts.length) found.add(`${parts[0] ?? ""}.*.${parts.at(-1) ?? ""}`);
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
  const text = item.path.map(({ name }) => name).join(".");
  const trained = parameters.filter(({ role }) => role !== "state" && role !== "fitted");
  const names = (kept ? parameters : trained).map(({ name }) => name);
  const untrained = kept ? [] : matching(item, parameters);
  report(frame, "NN0501", item.span, {
    message:
      untrained.length === 0
        ? `\`${text}\` selects no parameter of this model`
        : `\`${text}\` selects nothing that is trained`,
    notes: [
      names.length === 0 ? "it has no trained parameters" : `it has ${listed(names)}`,
      ...(untrained.length === 0 ? [] : [untrainedText(untrained)]),
    ],
    hint: untrained.length === 0 ? hintFor(text, item, parameters) : "leave it out here",
  });
}

function untrainedText(found: readonly ParameterDeclaration[]): string {
  const [first] = found;
  const what =
    found.length === 1 && first !== undefined
      ? `\`${first.name}\` is a ${first.role}, which is not trained`
      : `${listed(found.map(({ name }) => name))} are states or fitted, which are not trained`;
  return found.some(({ role }) => role === "state")
    ? `${what}; what \`slow.* <- …\` gives next values is a state`
    : what;
}

function hintFor(
  text: string,
  item: ast.SelectorItem,
  parameters: readonly ParameterDeclaration[],
): string | undefined {
  if (parameters.some(({ name }) => name.startsWith(`${text}.`))) {
    return `\`${text}.*\` selects everything below it`;
  }
  // A star stands for one name at least.
  const top = item.path[0]?.name === "*" ? text.slice(2) : "";
  const above = { ...item, path: item.path.slice(1) };
  if (top !== "" && matching(above, parameters).length > 0) {
    return `\`*\` stands for one name or more: \`${top}\` is not below another`;
  }
  return didYouMean(text, candidates(parameters, item));
}

/** Names in a sentence, long lists cut. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
