// A name that nothing bears comes in; a report of it goes out, with the name that may be meant.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import type { Frame, Scope, Unit, Value } from "../context.js";
import { spoil } from "../frames.js";
import { didYouMean, isFull, report } from "../report.js";
import { laterBinding } from "./later.js";
import {
  expressedAs,
  foreignMembers,
  foreignModules,
  foreignNames,
  givenWidths,
} from "./foreignNames.js";
import { findLazy, visibleNames } from "./scope.js";

interface Use {
  /** It stands where something is called. */
  readonly called?: boolean;
  /** What is taken of it, behind a dot. */
  readonly member?: string | undefined;
  readonly given?: GivenTo | undefined;
}

/** What a name is an argument of: the name of what is called, and the parameter by its name or position. */
export interface GivenTo {
  readonly callee: string;
  readonly parameter: string | number;
}

export function unknownName(
  frame: Frame,
  name: string,
  span: Span,
  { called = false, member, given }: Use = {},
): Value {
  if (member !== undefined && foreignModules.has(name)) {
    return unknownMember(frame, name, member, span);
  }
  if (name === "_") {
    return report(frame, "NN0201", span, {
      message: "`_` drops a value and holds none",
      hint: "give what is needed a name: `largest, _ = top_k(x, 3)`",
    });
  }
  const string = isFull(frame.run) ? undefined : stringWanted(frame.scope, given);
  if (string !== undefined) {
    return report(frame, "NN0201", span, {
      message: `nothing here is called \`${name}\``,
      notes: [`\`${string}\` of ${given?.callee ?? ""} is given as a string, in double quotes`],
      hint: `write \`"${name.toLowerCase()}"\``,
    });
  }
  if (!isFull(frame.run) && isToldInOtherLetters(frame, name, span)) return spoil(frame);
  const later = isFull(frame.run) ? undefined : laterBinding(frame, name, span);
  if (later !== undefined) {
    return report(frame, "NN0201", span, {
      message: `\`${name}\` is used before it is bound`,
      labels: [{ span: later, text: "bound here" }],
      hint: "lines are read from top to bottom: move the line that binds it above this one",
    });
  }
  return report(frame, "NN0201", span, {
    message: `nothing here is called \`${name}\``,
    notes: called ? parametersOf(frame.scope, name) : [],
    // Of what is beyond the mistakes that are listed nobody reads a hint.
    hint: isFull(frame.run) ? undefined : hintFor(frame, name, called),
  });
}

/** Whoever writes `y` of a `Y` writes it everywhere: one mistake of a declaration, told where it is met first. */
function isToldInOtherLetters({ run, scope, unit }: Frame, name: string, span: Span): boolean {
  const plain = name.toLowerCase();
  let at: Scope | undefined = scope;
  let own: string | undefined;
  for (; at !== undefined && own === undefined; at = at.parent) {
    own = [...at.names.keys()].find((other) => other.toLowerCase() === plain);
  }
  if (own === undefined) return false;
  const around = unit.tree.declarations.find((one) => one.span.end >= span.end);
  const key = `${name} for ${own} in ${unit.source.name} ${around?.span.start ?? 0}`;
  const told = run.reported.has(key);
  run.reported.add(key);
  return told;
}

function hintFor(frame: Frame, name: string, called: boolean): string | undefined {
  const known = elsewhere(frame.scope, name);
  if (known !== undefined)
    return `here it is called \`${known}\`${withoutWidth(frame, name, known)}`;
  return (
    (Object.hasOwn(expressedAs, name) ? expressedAs[name] : undefined) ??
    didYouMean(name, visibleNames(frame.scope)) ??
    (called ? howToDeclare(name) : howToName(frame, name))
  );
}

/** The parameter that an argument is given for, where it is a string when it is left out. */
function stringWanted(scope: Scope, given: GivenTo | undefined): string | undefined {
  const unit = given && findLazy(scope, given.callee)?.place.unit;
  for (const one of unit?.tree.declarations ?? []) {
    if (!("parameters" in one) || one.name !== given?.callee) continue;
    const { parameter } = given;
    const found = one.parameters.find(({ name }, at) => name === parameter || at === parameter);
    return found?.default?.kind === "String" ? found.name : undefined;
  }
  return undefined;
}

/** What the arguments are of what is called otherwise elsewhere: they need not be those that it has there, nor in their order. */
function parametersOf(scope: Scope, name: string): string[] {
  for (const unit of unitsOf(scope)) {
    const found = namesElsewhere(unit).get(name);
    if (found === undefined || !("parameters" in found) || found.parameters.length === 0) continue;
    return [`its parameters are: ${found.parameters.map((one) => one.name).join(", ")}`];
  }
  return [];
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

/** What other libraries call so: declarations say it in their documentation. */
function elsewhere(scope: Scope, name: string): string | undefined {
  if (Object.hasOwn(foreignNames, name)) return foreignNames[name];
  for (const unit of unitsOf(scope)) {
    const found = namesElsewhere(unit).get(name);
    if (found !== undefined) return found.name;
  }
  // `LeakyReLU`, `GaussianNoise`: names here are small letters with underscores.
  const plain = (word: string): string => word.toLowerCase().replaceAll("_", "");
  const spelt = plain(name);
  return spelt.length < 2 ? undefined : visibleNames(scope).find((one) => plain(one) === spelt);
}

/** Whoever passes on the width of the input, as elsewhere, gives the next parameter a wrong number. */
function withoutWidth({ scope }: Frame, name: string, known: string): string {
  if (!givenWidths.has(name)) return "";
  for (const { tree } of unitsOf(scope)) {
    for (const declaration of tree.declarations) {
      if (declaration.kind !== "Layer" || declaration.name !== known) continue;
      const wanted = declaration.parameters.slice(1).filter((own) => own.default === undefined);
      const call = `${known}(${wanted.map((own) => own.name).join(", ")})`;
      return `, and the width of its input is not given: \`${call}\``;
    }
  }
  return "";
}

/** `nn.ReLU()`, `torch.relu(x)`, `self.dense(h)`: a report where a name of a module, or of an object, has none here. */
function unknownMember(frame: Frame, root: string, name: string, span: Span): Value {
  const known = elsewhere(frame.scope, name) ?? name;
  const isThere = visibleNames(frame.scope).includes(known) || known !== name;
  return report(frame, "NN0201", span, {
    message: `nothing here is called \`${root}\`: there are no modules and objects`,
    notes: parametersOf(frame.scope, name),
    hint: isThere
      ? `functions and layers are called by their names alone: \`${known}\`${withoutWidth(frame, name, known)}`
      : "functions and layers are called by their names alone, inputs and weights are declared where they are used",
  });
}

/** What is said here for `x.name` of a tensor elsewhere. */
export function memberHint(scope: Scope, name: string): string {
  if (Object.hasOwn(foreignMembers, name)) return foreignMembers[name] ?? "";
  const known = elsewhere(scope, name) ?? (visibleNames(scope).includes(name) ? name : undefined);
  if (known !== undefined)
    return `functions stand before what they work on: \`${known}(x)\`, or \`x |> ${known}\``;
  return (
    (Object.hasOwn(expressedAs, name) ? expressedAs[name] : undefined) ??
    "only shared layers have members: their parameters"
  );
}

/** The files whose declarations are in reach. */
function unitsOf(scope: Scope): ReadonlySet<Unit> {
  const found = new Set<Unit>();
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    for (const { place } of at.lazy.values()) found.add(place.unit);
  }
  return found;
}

type Named = Extract<ast.Declaration, { readonly name: string; readonly doc?: string }>;

const known = new WeakMap<Unit, ReadonlyMap<string, Named>>();

/** `/// …; elsewhere: Dense, Linear` above a declaration. */
function namesElsewhere(unit: Unit): ReadonlyMap<string, Named> {
  const before = known.get(unit);
  if (before !== undefined) return before;
  const found = new Map<string, Named>();
  for (const declaration of unit.tree.declarations) {
    if (!("name" in declaration) || !("doc" in declaration)) continue;
    const [, words = ""] = /\belsewhere: (.+)$/m.exec(declaration.doc ?? "") ?? [];
    for (const word of words.match(/\w+/g) ?? []) found.set(word, declaration);
  }
  known.set(unit, found);
  return found;
}
