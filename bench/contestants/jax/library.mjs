// A backend's name in; jax-js on that backend out.

/** jax-js uses methods of iterators, which Node.js 20 lacks. */
const iteratorMethods = {
  *map(change) {
    let index = 0;
    for (const value of this) yield change(value, index++);
  },
  *filter(keep) {
    let index = 0;
    for (const value of this) if (keep(value, index++)) yield value;
  },
  toArray() {
    return [...this];
  },
  some(holds) {
    for (const value of this) if (holds(value)) return true;
    return false;
  },
  every(holds) {
    for (const value of this) if (!holds(value)) return false;
    return true;
  },
  reduce(...rest) {
    return [...this].reduce(...rest);
  },
  find(holds) {
    for (const value of this) if (holds(value)) return value;
    return undefined;
  },
  forEach(visit) {
    for (const value of this) visit(value);
  },
};

export async function openJax(backend) {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  for (const [name, value] of Object.entries(iteratorMethods)) {
    if (name in prototype) continue;
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
  const jax = await import("@jax-js/jax");
  const found = await jax.init(backend);
  if (!found.includes(backend)) throw new Error(`jax-js has no ${backend} here`);
  jax.defaultDevice(backend);
  return jax;
}
