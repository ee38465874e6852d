// Conditions of choices in; where a value's cotangent can differ from zero out, as a set of conditions and as a node of truth values.

import type { Node } from "../types/graph.js";
import type { GraphBuilder } from "../ops/builder.js";
import type { Literal } from "../ops/rule.js";

/** All of its conditions at once. */
type Term = readonly Literal[];

/** Where a value is used: everywhere, or where one of the terms holds (nowhere without any). */
export type Reach = "everywhere" | readonly Term[];

/** More terms than this become one condition, whose parts no longer cancel. */
const mostTerms = 16;

export function literal(condition: Node, holds: boolean): Literal {
  const [inner] = condition.inputs;
  if (condition.op === "not" && inner !== undefined) return literal(inner, !holds);
  return { condition, holds };
}

/** `reach`, and there only where the literal holds. */
export function within(reach: Reach, added: Literal): Reach {
  if (reach === "everywhere") return [[added]];
  return reach.flatMap((term) => {
    const same = term.find(({ condition }) => condition === added.condition);
    if (same === undefined) return [[...term, added]];
    return same.holds === added.holds ? [term] : [];
  });
}

/** Where one of both holds: `c and a or not c and a` is a, so that what both branches of a choice use is used everywhere. */
export function either(b: GraphBuilder, left: Reach, right: Reach): Reach {
  if (left === "everywhere" || right === "everywhere") return "everywhere";
  let terms: readonly Term[] = left;
  for (const term of right) terms = joined(terms, term);
  if (terms.some((term) => term.length === 0)) return "everywhere";
  if (terms.length <= mostTerms) return terms;
  return [[{ condition: termsNode(b, terms), holds: true }]];
}

function joined(terms: readonly Term[], added: Term): readonly Term[] {
  for (const term of terms) {
    if (implies(added, term)) return terms;
    const shorter = resolved(term, added);
    if (shorter !== undefined) return joined(terms, shorter);
    const own = resolved(added, term);
    if (own !== undefined) {
      const others = terms.filter((other) => other !== term);
      return joined(joined(others, own), added);
    }
  }
  return [...terms.filter((term) => !implies(term, added)), added];
}

function has(term: Term, { condition, holds }: Literal): boolean {
  return term.some((own) => own.condition === condition && own.holds === holds);
}

function implies(stronger: Term, weaker: Term): boolean {
  return weaker.every((own) => has(stronger, own));
}

/** Beside `c and a`, `not c and a and more` is `a and more`; undefined where the terms are not of this form. */
function resolved(term: Term, longer: Term): Term | undefined {
  for (const own of term) {
    const opposite = { condition: own.condition, holds: !own.holds };
    if (!has(longer, opposite)) continue;
    const rest = longer.filter(({ condition }) => condition !== own.condition);
    const others = term.filter((other) => other !== own);
    if (implies(rest, others)) return rest;
  }
  return undefined;
}

/** Only the conditions that `keep` accepts; without the others a term reaches further. */
export function restrictedTo(
  b: GraphBuilder,
  reach: Reach,
  keep: (condition: Node) => boolean,
): Reach {
  if (reach === "everywhere") return reach;
  return reach.reduce<Reach>((sum, term) => {
    return either(b, sum, [term.filter(({ condition }) => keep(condition))]);
  }, []);
}

/** The same terms over other conditions. */
export function mapConditions(reach: Reach, change: (condition: Node) => Node): Reach {
  if (reach === "everywhere") return reach;
  const images = new Map<Node, Node>();
  const image = (condition: Node): Node => {
    const known = images.get(condition) ?? change(condition);
    images.set(condition, known);
    return known;
  };
  return reach.map((term) =>
    term.map(({ condition, holds }) => ({ condition: image(condition), holds })),
  );
}

export function conditionsOf(reach: Reach): Node[] {
  if (reach === "everywhere") return [];
  return reach.flatMap((term) => term.map(({ condition }) => condition));
}

/** Truth values that broadcast to whatever the conditions belong to; undefined for everywhere. */
export function maskOf(b: GraphBuilder, reach: Reach): Node | undefined {
  return reach === "everywhere" ? undefined : termsNode(b, reach);
}

function termsNode(b: GraphBuilder, terms: readonly Term[]): Node {
  const nodes = terms.map((term) =>
    term
      .map(({ condition, holds }) => (holds ? condition : b.not(condition)))
      .reduce((all, one) => b.and(all, one)),
  );
  return nodes.length === 0
    ? b.constant(0, [], "bool")
    : nodes.reduce((any, one) => b.or(any, one));
}
