// A name and a frame come in; the value that the name stands for there goes out, file-level declarations evaluated on demand.
import type { Frame } from "./context.js";
import { report } from "./report.js";
import { findBinding, findLazy, type LazyBinding } from "./scope.js";
import { bool, poison, type Value } from "./values.js";

/** The value of a name; undefined where nothing bears it. */
export function lookup(frame: Frame, name: string): Value | undefined {
  const bound = findBinding(frame.scope, name);
  if (bound !== undefined) return bound.value;
  const declared = findLazy(frame.scope, name);
  if (declared !== undefined) return force(frame, name, declared);
  if (name === "training") return bool(frame.training);
  return undefined;
}

function force(frame: Frame, name: string, binding: LazyBinding): Value {
  if (binding.status === "done") return binding.value ?? poison;
  if (binding.status === "running") {
    binding.value = poison;
    return report(frame, "NN0603", binding.place.span, {
      message: `\`${name}\` is defined in terms of itself`,
      hint: "give it a value that does not depend on it",
    });
  }
  binding.status = "running";
  const value = binding.compute();
  binding.status = "done";
  // A cycle found meanwhile has left poison behind.
  binding.value = binding.value ?? value;
  return binding.value;
}
