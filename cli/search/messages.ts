// Takes no input, gives the types of what a search and the processes of its trials tell each other.
import type { SearchGoal } from "../../compiler/types/model.js";
import type { ComputeOptions } from "../options.js";

/** What `nnc train` would be asked, with the candidate among its settings. */
export interface TrialOptions extends ComputeOptions {
  readonly epochs?: number;
  readonly steps?: number;
}

export interface TrialJob {
  readonly file: string;
  readonly options: TrialOptions;
  readonly goal: SearchGoal;
  /** Digest of the program that is searched: a trial of another one is none of this search. */
  readonly program: string;
}

export type ToTrial =
  | { readonly kind: "train"; readonly job: TrialJob }
  /** After each epoch: whether it goes on. */
  | { readonly kind: "verdict"; readonly isStopped: boolean }
  /** After the last: where its weights are to be kept, if they are. */
  | { readonly kind: "keep"; readonly weights: string | undefined };

export type FromTrial =
  | { readonly kind: "opened"; readonly backend: string }
  | { readonly kind: "epoch"; readonly epoch: number; readonly value: number }
  | {
      readonly kind: "trained";
      readonly value: number;
      readonly epochs: number;
      readonly preparing: number;
    }
  /** Its weights are written, or could not be. */
  | { readonly kind: "kept"; readonly problem?: string }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly reason: string }
  /** No trial of this search can be run. */
  | { readonly kind: "impossible"; readonly code: string; readonly message: string };
