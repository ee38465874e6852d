// An open session in; the net of the inference interface out: predict, read, write, restore, destroy.

import type { InferenceNet, LoadOptions } from "./api.js";
import type { Values } from "./backend.js";
import { countOf, resolveDimensions } from "./dimensions.js";
import { fail, unknownName } from "./errors.js";
import { loadParameters } from "./firstParameters.js";
import type { Beginning } from "./load.js";
import { checkedNumbers, outward, writeParameter } from "./parameters.js";
import type { PlanParameter } from "./plan.js";
import { checkFilled, createPredictor } from "./predict.js";
import { reopen } from "./reopen.js";
import { checkOpen, type Session } from "./session.js";
import { refuseStreaming, streaming } from "./stream.js";
import { isGpuBuffer, readTensor } from "./tensors.js";

type Parameters = Pick<Beginning<LoadOptions>, "weights" | "partial">;

/** The latest numbers of each parameter that was written. */
export type Written = Map<PlanParameter, Values>;

export async function createNet(
  session: Session,
  beginning: Parameters,
  written: Written = new Map(),
): Promise<InferenceNet> {
  const { plan } = session;
  // Only a plan that trains carries what its parameters begin with; any other's hold zeros until all are written.
  const isTrainable = plan.programs.some(({ kind }) => kind === "init");
  const isSeeded = session.options.seed !== undefined;
  const missing = new Set(plan.parameters.map(({ name }) => name));
  session.filled = missing.size === 0 || (isTrainable && (isSeeded || !!beginning.weights));
  if (!isTrainable && !isSeeded && !beginning.weights) checkFilled(session, missing);
  const loaded = await loadParameters(session, beginning);
  const fill = (name: string): void => {
    missing.delete(name);
    session.filled ||= isTrainable || missing.size === 0;
  };
  if (!isTrainable) loaded?.matched.forEach(fill);
  return {
    get backend() {
      return session.backend.kind;
    },
    get machine() {
      return session.backend.machine;
    },
    get threads() {
      return session.backend.threads ?? 1;
    },
    get backendReason() {
      return session.reason;
    },
    get lost() {
      return session.backend.lost;
    },
    loaded,
    parameters: Object.fromEntries(
      plan.parameters.map(({ name, shape, role }) => [name, { shape, role }]),
    ),
    predict: createPredictor(session, missing) as InferenceNet["predict"],
    ...streaming(session, missing),
    read: async (name) => {
      const { storage, offset, shape, type } = parameterOf(session, name);
      const values = await session.backend.readRange(storage, offset, countOf(shape));
      return outward(values, type);
    },
    write: (name, values) =>
      new Promise((resolve) => {
        const parameter = parameterOf(session, name);
        refuseStreaming(session, "write");
        const numbers = parameterValues(session, parameter, values);
        writeParameter(session, parameter, numbers);
        written.set(parameter, numbers);
        fill(name);
        resolve();
      }),
    restore: async (devices = {}) => reopen(session, devices, beginning, written),
    destroy: () => {
      if (session.destroyed) return;
      session.destroyed = true;
      session.backend.destroy();
    },
  };
}

function parameterOf(session: Session, name: string): PlanParameter {
  checkOpen(session);
  const { parameters } = session.plan;
  const parameter = parameters.find((candidate) => candidate.name === name);
  return (
    parameter ??
    unknownName(
      "parameter",
      name,
      parameters.map((candidate) => candidate.name),
    )
  );
}

function parameterValues(session: Session, parameter: PlanParameter, value: unknown): Values {
  const { name, shape } = parameter;
  const { data, shape: given } = readTensor(name, value, shape.length);
  if (isGpuBuffer(data)) fail("option", `write takes numbers for ${name}, not a GPUBuffer`);
  resolveDimensions([{ name, declared: shape, shape: given, count: data.length }], {}, {});
  return checkedNumbers(session, parameter, data);
}
