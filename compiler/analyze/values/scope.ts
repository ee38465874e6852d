// Names and what they stand for come in; chains of scopes in which a name can be looked up go out.
import type { Binding, LazyBinding, Scope, Value } from "../context.js";

export type { Binding, BindingPlace, FixedRole, LazyBinding, Scope } from "../context.js";

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
    classes: extra.classes,
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

/** The declaration of a file that bears a name, whether or not something nearer hides it. */
export function hiddenLazy(scope: Scope, name: string): LazyBinding | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
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
