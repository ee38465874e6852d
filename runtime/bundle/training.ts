// A plan and what its bundle has beside it in; a model that loads nets for training and inference out.

import type { Model, AnyModel, ModelTypes, TrainingLoadOptions, TrainingNet } from "../api.js";
import type { Plan } from "../plan.js";
import { createTrainingNet } from "../train/net.js";
import { trainingParts } from "../train/open.js";
import {
  defineBundle,
  type CompiledWeights,
  type CpuOf,
  type ThreadsOf,
  type TunerOf,
} from "./define.js";

/** What a generated module exports under the model's name. */
export function defineModel<M extends ModelTypes = AnyModel>(
  plan: Plan,
  cpu: CpuOf,
  threads: ThreadsOf,
  weights?: CompiledWeights,
  tuner?: TunerOf,
): Model<TrainingNet<M>, TrainingLoadOptions> {
  return defineBundle({
    plan,
    cpu,
    threads,
    weights,
    tuner,
    parts: trainingParts,
    create: createTrainingNet,
  });
}

/** So that apps can tell its errors from others. */
export { NnError } from "../errors.js";
