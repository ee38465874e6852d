// A name and a frame come in; the value that the name stands for there goes out, file-level declarations evaluated on demand.
import type { Frame } from "../context.js";
import { fileFrame } from "../frames.js";
import { report } from "../report.js";
import { findBinding, findLazy, type LazyBinding } from "./scope.js";
import { bool, isSpoilt, poison, type Value } from "./values.js";

/** The value of a name; undefined where nothing bears it. A body that meets a mistake by name holds it too. */
export function lookup(frame: Frame, name: string): Value | undefined {
  const found = peek(frame, name);
  if (found !== undefined && isSpoilt(found)) frame.taint.spoilt = true;
  return found;
}

/** The same for who only looks. */
export function peek(frame: Frame, name: string): Value | undefined {
  const bound = findBinding(frame.scope, name);
  if (bound !== undefined) return bound.value;
  const declared = findLazy(frame.scope, name);
  if (declared !== undefined) return force(frame, name, declared);
  if (name === "training") return bool(frame.training);
  return undefined;
}

function force(frame: Frame, name: string, binding: LazyBinding): Value {
  if (binding.status === "done") return binding.value ?? poison;
  const { forcing } = frame.run;
  if (binding.status === "running") {
    binding.value = poison;
    return report(fileFrame(frame.run, binding.place.unit), "NN0603", binding.place.span, {
      message: `\`${name}\` is defined in terms of itself`,
      notes: [`the circle: ${[...forcing.slice(forcing.indexOf(name)), name].join(" → ")}`],
      hint: "give it a value that does not depend on it",
    });
  }
  binding.status = "running";
  forcing.push(name);
  const value = binding.compute();
  forcing.pop();
  binding.status = "done";
  // A cycle found meanwhile has left poison behind.
  binding.value = binding.value ?? value;
  return binding.value;
}
