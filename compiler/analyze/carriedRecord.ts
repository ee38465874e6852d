// Takes no input, gives the type of a state over the batch as both traces of a model find it.
import type { Node } from "../types/graph.js";
import type { CarriedState } from "../types/model.js";

/** Tells of a mistake where the state, or its next value, stands in the source. */
export type TellCarried = (details: {
  readonly message: string;
  readonly notes?: readonly string[];
  readonly hint: string;
}) => void;

export interface CarriedRecord {
  readonly declaration: CarriedState;
  readonly leaf: Node;
  readonly tell: TellCarried;
  /** Its next values, in the order of writing. */
  readonly updates: {
    readonly value: Node;
    readonly training: boolean;
    readonly tell: TellCarried;
  }[];
}
