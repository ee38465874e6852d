// Takes a plan, tells what its small bundle may leave out of the runtime.
import type { HostExpression, Plan } from "../../runtime/plan.js";

/** Whether it has no variants of kernels, no loops and no function of the host that takes much to compute. */
export function isPlain({ kernels, programs }: Plan): boolean {
  return (
    kernels.every(({ variants }) => variants === undefined) &&
    programs.every(
      ({ loops, uniforms }) =>
        loops === undefined &&
        uniforms.every((uniform) => uniform.kind !== "host" || isSimple(uniform.value)),
    )
  );
}

/** Without the error functions: `runtime/errorFunctions.ts`. */
function isSimple(value: HostExpression): boolean {
  if (typeof value === "number") return true;
  const [operation, ...parts] = value;
  if (operation === "dim" || operation === "scalar") return true;
  return !operation.startsWith("erf") && parts.every((part) => isSimple(part as HostExpression));
}
