// The text of a module whose variables have the names of their source in; the same with short ones out: what the source calls alike is called alike wherever it may be, so that it compresses better.

import { analyze } from "eslint-scope";
import { parse } from "espree";

const letters = "etnrsaoilcdupfmhgbvywkxqjzSRQMICPETLNABDFOUVWGHJKXYZ$_";
const following = "etnrsaoilcdupfmhgbvywkxqjz0123456789";

/** A letter, or a letter and another sign. */
function shortName(index) {
  if (index < letters.length) return letters.charAt(index);
  const rest = index - letters.length;
  return letters.charAt(rest % 52) + following.charAt(Math.floor(rest / 52));
}

/** Variables at top level keep their names. */
export function shortenVariables(text) {
  const tree = parse(text, { ecmaVersion: 2022, sourceType: "module", range: true });
  const { scopes } = analyze(tree, { ecmaVersion: 2022, sourceType: "module" });
  const variables = variablesOf(scopes);
  const beside = neighboursOf(scopes, variables);
  const names = namesFor(variables, beside, globalsOf(scopes));
  return renamed(text, variables, names, parentsOf(tree));
}

/** Each with the scopes that declare it: a class has its name inside, too. */
function variablesOf(scopes) {
  const variables = new Map();
  for (const scope of scopes) {
    if (scope.type === "global" || scope.type === "module") continue;
    for (const { name, identifiers, references } of scope.variables) {
      const places = [...identifiers, ...references.map(({ identifier }) => identifier)];
      if (places.length === 0) continue;
      const known = places.map((place) => variables.get(place)).find(Boolean);
      const variable = known ?? { name, places: new Set(), scopes: new Set() };
      variable.scopes.add(scope);
      for (const place of places) {
        variable.places.add(place);
        variables.set(place, variable);
      }
    }
  }
  return [...new Set(variables.values())];
}

/** Names of the platform, and words that may stand where variables do. */
function globalsOf(scopes) {
  const through = scopes.flatMap((scope) => scope.through.map(({ identifier }) => identifier.name));
  return new Set([...through, "as", "do", "if", "in", "of"]);
}

/** By variable, those that are seen where it is: none of them has its name. */
function neighboursOf(scopes, variables) {
  const seen = new Map(scopes.map((scope) => [scope, new Set()]));
  const scopeOf = new Map();
  for (const scope of scopes)
    for (const { identifier } of scope.references) scopeOf.set(identifier, scope);
  for (const variable of variables) {
    for (const scope of variable.scopes) seen.get(scope).add(variable);
    for (const place of variable.places)
      for (let scope = scopeOf.get(place); scope; scope = scope.upper) {
        seen.get(scope).add(variable);
        if (variable.scopes.has(scope)) break;
      }
  }
  const beside = new Map(variables.map((variable) => [variable, new Set()]));
  for (const together of seen.values())
    for (const variable of together)
      for (const other of together) if (other !== variable) beside.get(variable).add(other);
  return beside;
}

/** What bundlers number apart has one name in the source. */
const stemOf = ({ name }) => name.replace(/\$?\d+$/, "");

function byUses(variables) {
  return [...variables].sort((a, b) => b.places.size - a.places.size);
}

function namesFor(variables, beside, globals) {
  const wishes = wishesOf(variables, beside, globals);
  const names = new Map();
  for (const variable of byUses(variables)) {
    const taken = new Set([...globals, ...[...beside.get(variable)].map((one) => names.get(one))]);
    let name = wishes.get(stemOf(variable));
    for (let index = 0; taken.has(name); index++) name = shortName(index);
    names.set(variable, name);
  }
  return names;
}

/** By the source's names, the letter that fewest of those beside wish for too, and of such letters the one that most is called by. */
function wishesOf(variables, beside, globals) {
  const uses = new Map();
  const meetings = new Map();
  for (const variable of variables) {
    const stem = stemOf(variable);
    uses.set(stem, (uses.get(stem) ?? 0) + variable.places.size);
    const met = meetings.get(stem) ?? [];
    meetings.set(stem, met);
    met.push(...[...beside.get(variable)].map(stemOf).filter((other) => other !== stem));
  }
  const free = [...letters].filter((letter) => !globals.has(letter));
  const called = new Map(free.map((letter) => [letter, 0]));
  const wishes = new Map();
  for (const [stem, count] of [...uses].sort(([, a], [, b]) => b - a)) {
    const met = new Map(free.map((letter) => [letter, 0]));
    for (const other of meetings.get(stem)) {
      const wish = wishes.get(other);
      if (wish) met.set(wish, met.get(wish) + 1);
    }
    const [best] = [...free].sort(
      (a, b) => met.get(a) - met.get(b) || called.get(b) - called.get(a),
    );
    wishes.set(stem, best);
    called.set(best, called.get(best) + count);
  }
  return wishes;
}

function parentsOf(tree) {
  const parents = new Map();
  const visit = (node) => {
    for (const part of Object.values(node).flat()) {
      if (typeof part?.type !== "string") continue;
      parents.set(part, node);
      visit(part);
    }
  };
  visit(tree);
  return parents;
}

function renamed(text, variables, names, parents) {
  const edits = new Map();
  for (const variable of variables)
    for (const place of variable.places) {
      const { start, end, by } = editOf(place, names.get(variable), parents);
      // A shorthand names its variable twice, as a key and as a value.
      edits.set(start, { end, by });
    }
  let result = "";
  let position = 0;
  for (const [start, { end, by }] of [...edits].sort(([a], [b]) => a - b)) {
    result += text.slice(position, start) + by;
    position = end;
  }
  return result + text.slice(position);
}

/** `{plan:a}` where a variable is a property's value; `{a}` where both have one name. */
function editOf(place, name, parents) {
  const [start, end] = place.range;
  const around = parents.get(place);
  const value = around.type === "AssignmentPattern" && around.left === place ? around : place;
  const property = parents.get(value);
  if (property?.type !== "Property" || property.value !== value || property.computed)
    return { start, end, by: name };
  const { key } = property;
  if (key.name === name) return { start: property.range[0], end, by: name };
  return { start, end, by: property.shorthand ? `${key.name}:${name}` : name };
}
