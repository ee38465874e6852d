// Takes a plan, tells what its small bundle may leave out of the runtime.
import { membersSuffix } from "../../runtime/plan.js";
import type { HostExpression, Plan } from "../../runtime/plan.js";
import { tensorArithmetic } from "../../runtime/scalars.js";

/** Whether it has no variants of kernels, no loops, no temporaries of half precision, no members of an ensemble, nothing that passes from batch to batch and no operation of the host that is rare. */
export function isPlain({ kernels, programs, held = [] }: Plan): boolean {
  return (
    held.every(({ initial }) => initial === undefined) &&
    kernels.every(({ variants }) => variants === undefined) &&
    programs.every(
      ({ loops, halves, uniforms, results }) =>
        loops === undefined &&
        halves === undefined &&
        !results.some(({ name }) => name.endsWith(membersSuffix)) &&
        uniforms.every((uniform) => uniform.kind !== "host" || isSimple(uniform.value)),
    )
  );
}

/** Of no other operations than `runtime/arithmetic.ts` has. */
function isSimple(value: HostExpression): boolean {
  if (typeof value === "number") return true;
  const [operation, ...parts] = value;
  if (operation === "dim" || operation === "scalar") return true;
  return (
    Object.hasOwn(tensorArithmetic, operation) &&
    parts.every((part) => isSimple(part as HostExpression))
  );
}

/** Whether its nets take one step of time after the other. */
export function isStreaming({ programs }: Plan): boolean {
  return programs.some(({ kind }) => kind === "stream");
}
