// An open session whose device may be lost in; the same on a new one, with the parameters that its net began with and those that were written, out.

import type { LoadOptions, RestoreOptions } from "./api.js";
import type { Values } from "./backend.js";
import { checkNames } from "./errors.js";
import type { Beginning } from "./load.js";
import { loadParameters } from "./firstParameters.js";
import { writeParameter } from "./parameters.js";
import type { PlanParameter } from "./plan.js";
import { checkOpen, openStarted, type Session } from "./session.js";

/** The new backend is on the same kind of device; where there is none, the old one stays. */
export async function reopen(
  session: Session,
  devices: RestoreOptions,
  beginning: Pick<Beginning<LoadOptions>, "weights" | "partial">,
  written: ReadonlyMap<PlanParameter, Values>,
): Promise<void> {
  checkNames(devices, ["device", "adapter"]);
  checkOpen(session);
  const backend = session.backend.kind;
  const { device, adapter } = devices;
  const options = { ...session.options, backend, device, adapter };
  const opened = await openStarted(session.plan, options);
  // Another call may have reopened or destroyed it meanwhile.
  if (session.destroyed) opened.backend.destroy();
  checkOpen(session);
  session.backend.destroy();
  Object.assign(session, opened);
  await loadParameters(session, beginning);
  for (const [parameter, values] of written) writeParameter(session, parameter, values);
}
