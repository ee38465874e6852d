// Takes arrays in a workgroup's memory, writes what its invocations put there, between two barriers.
import { hoist } from "./hoist.js";
import { laneCount, splat, widthOf } from "./ir.js";
import type { BlockScope, Emission } from "./scope.js";
import { loopStatement, openScope } from "./scope.js";
import type { StagedArray } from "./value.js";

/** All have read what was there before, and none reads on before all is there. */
export function fillArrays(
  emission: Emission,
  arrays: readonly StagedArray[],
  home: BlockScope,
): void {
  home.statements.push({ kind: "barrier", memory: "workgroup" });
  for (const array of arrays) {
    declare(emission, array);
    if (!array.loop) {
      fillElement(emission, array, home);
      continue;
    }
    const { loop } = array;
    const scope = openScope(home);
    emission.depths.set(loop.variable, scope.depth);
    const from = hoist(emission, loop.from, home, home.depth);
    const below = hoist(emission, loop.below, home, home.depth);
    fillElement(emission, array, scope);
    emission.depths.delete(loop.variable);
    home.statements.push(loopStatement(loop, from, below, scope));
  }
  home.statements.push({ kind: "barrier", memory: "workgroup" });
}

function declare({ shared }: Emission, { name, type, length }: StagedArray): void {
  if (!shared.some((array) => array.name === name))
    shared.push({ name, type, width: laneCount, length });
}

function fillElement(emission: Emission, { name, index, value }: StagedArray, scope: BlockScope) {
  const element = hoist(emission, value, scope, scope.depth);
  scope.statements.push({
    ...{ kind: "share", array: name, index: hoist(emission, index, scope, scope.depth) },
    value: widthOf(element) === undefined ? splat(element) : element,
  });
}
