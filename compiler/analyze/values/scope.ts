// Names and what they stand for come in; chains of scopes in which a name can be looked up go out.
import type { Span } from "../../../grammar/span.js";
import type { Unit } from "../context.js";
import type { Value } from "./values.js";

/** Where a name was bound. */
export interface BindingPlace {
  readonly unit: Unit;
  readonly span: Span;
}

/** What may not be bound anew in the same body. */
export type FixedRole = "input" | "target" | "state" | "parameter" | "shared" | "fitted" | "carry";

export interface Binding {
  readonly value: Value;
  readonly place: BindingPlace | undefined;
  readonly fixed: FixedRole | undefined;
  /** The path of the state that `name <- …` writes. */
  readonly state: string | undefined;
}

/** A declaration of a file: evaluated when it is first asked for. */
export interface LazyBinding {
  readonly place: BindingPlace;
  status: "waiting" | "running" | "done";
  value: Value | undefined;
  readonly compute: () => Value;
}

export interface Scope {
  readonly parent: Scope | undefined;
  readonly names: Map<string, Binding>;
  readonly lazy: Map<string, LazyBinding>;
}

export function newScope(parent: Scope | undefined): Scope {
  return { parent, names: new Map(), lazy: new Map() };
}

export function bind(
  scope: Scope,
  name: string,
  value: Value,
  extra: Partial<Omit<Binding, "value">> = {},
): void {
  if (name === "_") return;
  scope.names.set(name, {
    value,
    place: extra.place,
    fixed: extra.fixed,
    state: extra.state,
  });
}

/** The innermost binding of a name that is no declaration of a file. */
export function findBinding(scope: Scope, name: string): Binding | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const found = at.names.get(name);
    if (found !== undefined) return found;
    if (at.lazy.has(name)) return undefined;
  }
  return undefined;
}

/** The declaration of a file that a name means, where nothing nearer bears it. */
export function findLazy(scope: Scope, name: string): LazyBinding | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    if (at.names.has(name)) return undefined;
    const found = at.lazy.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every name that can be seen, the nearest first. */
export function visibleNames(scope: Scope): string[] {
  const found: string[] = [];
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    found.push(...at.names.keys(), ...at.lazy.keys());
  }
  return found;
}
