// Takes a typed model, gives flat storages in which parameters that are updated together stand next to each other.
import { bindingBytes } from "../../runtime/layout.js";
import { elementCount } from "../types/dimension.js";
import type { ParameterDeclaration, TypedModel } from "../types/model.js";
import type { BuiltStorage, ParameterRange } from "./types.js";

/** A storage is bound as a whole. */
const maximumElements = bindingBytes / 4;

export interface StorageLayout {
  readonly storages: readonly BuiltStorage[];
  readonly ranges: ReadonlyMap<string, ParameterRange>;
  /** Names of the parameters of each storage, in order. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

/**
 * Parameters with the same (stage, objective, optimizer) for every stage share a storage, so that an update is one kernel
 * over a contiguous range; what exceeds a binding begins another.
 */
export function layOut(model: TypedModel): StorageLayout {
  const keys = selectionKeys(model);
  const bySelection = new Map<string, ParameterDeclaration[]>();
  for (const declaration of model.parameters) {
    const trained = declaration.role !== "state" && declaration.role !== "fitted";
    const selection = trained ? (keys.get(declaration.name) ?? "fixed") : declaration.role;
    const key = `${selection} ${declaration.type}${declaration.half ? " in halves" : ""}`;
    bySelection.set(key, [...(bySelection.get(key) ?? []), declaration]);
  }
  const storages: BuiltStorage[] = [];
  const ranges = new Map<string, ParameterRange>();
  const members = new Map<string, string[]>();
  for (const selected of bySelection.values()) {
    for (const part of storageParts(selected)) {
      const name = `parameters.${storages.length}`;
      let offset = 0;
      for (const declaration of part) {
        ranges.set(declaration.name, { declaration, storage: name, offset });
        offset += elementCount(declaration.shape);
      }
      members.set(
        name,
        part.map((declaration) => declaration.name),
      );
      const type = part[0]?.type ?? "f32";
      storages.push({ name, type, elements: offset, kind: "parameters" });
    }
  }
  return { storages, ranges, members };
}

/** For each trained parameter, which updates select it. */
function selectionKeys(model: TypedModel): Map<string, string> {
  const keys = new Map<string, string>();
  model.stages.forEach((stage, at) => {
    stage.objectives.forEach((objective, turn) => {
      objective.updates.forEach((update, line) => {
        for (const name of update.parameters) {
          keys.set(name, `${keys.get(name) ?? ""}${at}.${turn}.${line};`);
        }
      });
    });
  });
  return keys;
}

function storageParts(selected: readonly ParameterDeclaration[]): ParameterDeclaration[][] {
  const result: ParameterDeclaration[][] = [];
  let current: ParameterDeclaration[] = [];
  let elements = 0;
  for (const declaration of selected) {
    const count = elementCount(declaration.shape);
    if (current.length > 0 && elements + count > maximumElements) {
      result.push(current);
      current = [];
      elements = 0;
    }
    current.push(declaration);
    elements += count;
  }
  if (current.length > 0) result.push(current);
  return result;
}
