// Takes the nodes of a program, gives the set of nodes that are written to memory; all others are computed where they are read.
import { isContraction } from "../ops/table.js";
import { dimEqual, divideExactly, elementCount } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type { Costs } from "./cost.js";
import { dispatchCost, memoryCost } from "./cost.js";
import type { LevelFacts } from "./facts.js";
import { spare } from "./spare.js";
import {
  isGivenLeaf,
  isOfPieces,
  isPointwise,
  isRearrangement,
  isReducing,
  isScatter,
  isTake,
  isView,
  keepsPositions,
  loopOf,
  usesEachOnce,
} from "./families.js";

export interface Decisions {
  readonly materialized: ReadonlySet<Node>;
  readonly costs: Costs;
}

export interface DecideOptions {
  /** False: every node gets a buffer of its own, for tests that fused equals unfused. */
  readonly fuse: boolean;
  /** Nodes that must have a buffer because a kernel would otherwise exceed a limit. */
  readonly forced: ReadonlySet<Node>;
}

/** A reduction longer than this is never repeated, and stands alone in its kernel. */
const longReduction = 64;
const mostInlinedParts = 4;
/** No kernel holds a chain of more than this: it would be over the limit of operations, and its evaluation out of stack. */
const longestChain = 500;

export function decide(facts: LevelFacts, options: DecideOptions): Decisions {
  const { nodes, roots, isGiven } = facts;
  const [costs, longer] = facts.costs;
  const state: State = {
    ...{ facts, costs, options, users: facts.users },
    materialized: new Set(),
    weighings: [
      { costs, evaluations: new Map() },
      { costs: longer, evaluations: new Map() },
    ],
    home: new Map(),
    taken: new Set(),
    rows: new Map(),
    depth: new Map(),
  };
  for (const node of [...nodes].reverse()) {
    if (isGiven(node)) continue;
    const rows = sharesRows(state, node);
    for (const weighing of state.weighings)
      weighing.evaluations.set(node, rows ? 1 : countEvaluations(state, weighing, node));
    state.depth.set(node, depthOf(state, node));
    if (roots.has(node) || options.forced.has(node) || mustMaterialize(state, node, rows)) {
      if (!isGivenLeaf(node) || roots.has(node)) materialize(state, node);
    } else {
      settle(state, node, rows);
    }
  }
  if (options.fuse) spareWhatIsCheap(state);
  return { materialized: state.materialized, costs };
}

function spareWhatIsCheap(state: State): void {
  const { facts, users, options, weighings } = state;
  const { nodes, isGiven: isHost, roots } = facts;
  const stays = (node: Node): boolean => roots.has(node) || options.forced.has(node);
  spare({ nodes, users, isHost, stays, weighings, mostTimesDearer }, state.materialized, (node) => {
    const rows = !state.materialized.has(node) && sharesRows(state, node);
    for (const weighing of weighings)
      weighing.evaluations.set(node, rows ? 1 : countEvaluations(state, weighing, node));
    state.depth.set(node, depthOf(state, node));
    if (state.materialized.has(node)) state.home.set(node, node);
    else findHome(state, node);
  });
}

/** The only kernel that an inlined node is computed in, where there is one. */
function findHome(state: State, node: Node): void {
  const home = homeOfUsers(state, node);
  if (home !== undefined) state.home.set(node, home);
  else state.home.delete(node);
}

/** Where all users of a node are computed, if that is one kernel. */
function homeOfUsers({ users, home }: State, node: Node): Node | undefined {
  let only: Node | undefined;
  for (const user of users.get(node) ?? []) {
    const own = home.get(user);
    if (own === undefined || (only !== undefined && own !== only)) return undefined;
    only = own;
  }
  return only;
}

/** How many times dearer than the other a choice may get where free dimensions are much longer. */
const mostTimesDearer = 20;

interface Weighing {
  readonly costs: Costs;
  /** How often each element of the node is computed, on average, if nothing above it changes. */
  readonly evaluations: Map<Node, number>;
}

interface State {
  readonly facts: LevelFacts;
  /** With free dimensions as trained. */
  readonly costs: Costs;
  readonly users: ReadonlyMap<Node, readonly Node[]>;
  readonly options: DecideOptions;
  readonly materialized: Set<Node>;
  /** By what it costs to compute a node again: with free dimensions as trained, and much longer. */
  readonly weighings: readonly [trained: Weighing, longer: Weighing];
  /** The materialized node in whose kernel an inlined node is computed, where there is only one. */
  readonly home: Map<Node, Node>;
  /** Materialized nodes whose kernel holds a long reduction already. */
  readonly taken: Set<Node>;
  /** How many rows the kernel of a materialized node shares reductions along, where it does. */
  readonly rows: Map<Node, number>;
  /** How many nodes stand between a node and the value of its kernel. */
  readonly depth: Map<Node, number>;
}

function depthOf(state: State, node: Node): number {
  const users = state.users.get(node) ?? [];
  const above = (user: Node): number =>
    state.materialized.has(user) ? 0 : (state.depth.get(user) ?? 0);
  return users.reduce((deepest, user) => Math.max(deepest, above(user)), 0) + 1;
}

function materialize(state: State, node: Node): void {
  state.materialized.add(node);
  state.home.set(node, node);
  if (isLong(state, node)) state.taken.add(node);
}

/** Remembers in which kernel an inlined node lands; `ofRows`: see `sharesRows`. */
function settle(state: State, node: Node, ofRows: boolean): void {
  const users = state.users.get(node) ?? [];
  const [user] = users;
  if (
    users.length === 1 &&
    user !== undefined &&
    isOfPieces(user) &&
    state.materialized.has(user)
  ) {
    // Each piece has a kernel of its own.
    state.home.set(node, node);
    if (isLong(state, node)) state.taken.add(node);
    return;
  }
  const home = homeOfUsers(state, node);
  if (home !== undefined) {
    state.home.set(node, home);
    if (ofRows) state.rows.set(home, state.costs.size.get(node) ?? 1);
    else if (isLong(state, node)) state.taken.add(home);
  }
}

/** Rows longer than this keep too little of a device busy. */
const longestRow = 256;

/**
 * A reduction that is read all along its rows by one kernel, which then computes it once a row: softmax, normalizations,
 * losses. All such reductions of a kernel have the same rows, and no long one of another kind stands beside them.
 */
function sharesRows(state: State, node: Node): boolean {
  if (!state.facts.rowValues.has(node)) return false;
  const home = homeOfUsers(state, node);
  if (home === undefined || state.taken.has(home)) return false;
  if (isOfPieces(home) || isReducing(home)) return false;
  const rows = state.costs.size.get(node) ?? 1;
  const points = state.costs.size.get(home) ?? 1;
  if (rows >= points || points / rows > longestRow || !dividesInto(node, home)) return false;
  return (state.rows.get(home) ?? rows) === rows && !meetsOtherRows(state, node, rows);
}

/** Whether a reduction runs across the rows themselves, before anything was made of each along it: all of them, each time. */
function meetsOtherRows(state: State, node: Node, rows: number): boolean {
  return (state.users.get(node) ?? []).some((user) => {
    if (isReducing(user)) return true;
    const along = (state.costs.size.get(user) ?? 1) >= 2 * rows;
    if (along || state.materialized.has(user)) return false;
    return (isPointwise(user) || isView(user)) && meetsOtherRows(state, user, rows);
  });
}

/** Rows of a length of their own: blocks of what is then cut off are no rows, as no axis runs along them. */
function dividesInto(node: Node, home: Node): boolean {
  const axes = [...home.shape];
  const along = node.shape.every((extent) => {
    const axis = axes.findIndex((other) => dimEqual(other, extent));
    if (axis >= 0) axes.splice(axis, 1);
    return axis >= 0 || extent === 1;
  });
  return along || divideExactly(elementCount(home.shape), elementCount(node.shape)) !== undefined;
}

function isLong(state: State, node: Node): boolean {
  const length = state.costs.length.get(node);
  if (length === undefined) return false;
  return isContraction(node) || length > longReduction;
}

function mustMaterialize(state: State, node: Node, ofRows: boolean): boolean {
  if (isGivenLeaf(node)) return false;
  const users = state.users.get(node) ?? [];
  if (users.length === 0) return true;
  if (users.some((user) => loopOf(user) !== undefined) && !state.facts.givenViews.has(node))
    return true;
  if (!state.options.fuse || (state.depth.get(node) ?? 0) > longestChain) return true;
  if (isOfPieces(node) && node.inputs.length > mostInlinedParts) return true;
  if (isLong(state, node) && !ofRows && !fitsEpilogue(state, node, users)) return true;
  if (isReducing(node) && users.some((user) => isOfPieces(user) && !state.materialized.has(user))) {
    return true;
  }
  if (isAsGoodAsItsOperand(state, node)) return false;
  if (isBetterThanItsSum(state, node)) return true;
  const [trained, longer] = state.weighings.map((weighing) => gainOfStoring(weighing, node));
  if (trained === undefined || longer === undefined) return false;
  return longer > mostTimesDearer || (trained > 1 && longer > 1 / mostTimesDearer);
}

/** The same numbers in another shape, of which others read too: where storing pays, it is they that are stored, once. */
function isAsGoodAsItsOperand({ users }: State, node: Node): boolean {
  const [shown] = node.inputs;
  return shown !== undefined && keepsPositions(node) && (users.get(shown) ?? []).length > 1;
}

/**
 * Several kernels read what is made of a contraction that nothing else reads: one of both is stored, and what is made of it spares
 * them the rest.
 */
function isBetterThanItsSum(state: State, node: Node): boolean {
  const { users, home, costs } = state;
  if (!isPointwise(node)) return false;
  const homes = new Set((users.get(node) ?? []).map((user) => home.get(user)));
  if (homes.size < 2) return false;
  return node.inputs.some(
    (input) =>
      isContraction(input) &&
      users.get(input)?.length === 1 &&
      costs.size.get(input) === costs.size.get(node),
  );
}

/** How many times dearer it is to compute a node where it is read than to compute it once and store it. */
function gainOfStoring({ costs, evaluations }: Weighing, node: Node): number {
  const size = costs.size.get(node) ?? 1;
  const times = size * (evaluations.get(node) ?? 1);
  const element = costs.element.get(node) ?? 1;
  const once = size * (element + memoryCost) + times * memoryCost + dispatchCost;
  return (times * element) / once;
}

/** A long reduction may be computed inside its only consumer, if that consumes each element once and no other stands there. */
function fitsEpilogue(state: State, node: Node, users: readonly Node[]): boolean {
  const [user] = users;
  if (users.length !== 1 || user === undefined) return false;
  const size = state.costs.size.get(node);
  if (state.weighings[0].evaluations.get(node) !== 1) return false;
  const concatenated = isOfPieces(user) && state.materialized.has(user);
  const home = concatenated ? node : state.home.get(user);
  if (home === undefined || state.taken.has(home)) return false;
  return passesThrough(state, user, size);
}

/** Every step up to the kernel's own node is elementwise over the same number of elements, or puts them together in pieces. */
function passesThrough(state: State, user: Node, size: number | undefined): boolean {
  let at = user;
  for (;;) {
    if (isOfPieces(at)) return state.materialized.has(at);
    const elementwise = isPointwise(at) || isRearrangement(at);
    if (!elementwise || state.costs.size.get(at) !== size) return false;
    if (state.materialized.has(at)) return true;
    const [next] = state.users.get(at) ?? [];
    if (next === undefined) return false;
    at = next;
  }
}

/**
 * The sum over all readers of how often they read each element of `node`. Elementwise readers in one kernel that read it at
 * the same index share what they read.
 */
function countEvaluations(state: State, weighing: Weighing, node: Node): number {
  const users = state.users.get(node) ?? [];
  const runsOf = (user: Node): number =>
    state.materialized.has(user) ? 1 : (weighing.evaluations.get(user) ?? 1);
  const [user] = users;
  if (user !== undefined && users.length === 1)
    return runsOf(user) * (homeInPlace(state, user, node) ? 1 : readsBy(weighing, user, node));
  let sum = 0;
  const shared = new Map<Node, number>();
  for (const user of new Set(users)) {
    const home = homeInPlace(state, user, node);
    if (home === undefined) sum += runsOf(user) * readsBy(weighing, user, node);
    else shared.set(home, Math.max(runsOf(user), shared.get(home) ?? 0));
  }
  for (const runs of shared.values()) sum += runs;
  return sum;
}

/** The kernel in which a user reads `node` at its own index. */
function homeInPlace(state: State, user: Node, node: Node): Node | undefined {
  const home = state.home.get(user);
  return home !== undefined && readsInPlace(state, user, node) ? home : undefined;
}

/** How often each element of `node` is read by a user that is computed once. */
function readsBy(weighing: Weighing, user: Node, node: Node): number {
  let reads = 0;
  user.inputs.forEach((input, position) => {
    if (input === node) reads += readsOfEach(weighing, user, position, node);
  });
  return reads;
}

/** Whether each element of `user` is made from the element of `node` at the same index, and from no other. */
function readsInPlace({ costs }: State, user: Node, node: Node): boolean {
  if (costs.size.get(user) !== costs.size.get(node)) return false;
  return isPointwise(user) || (isTake(user) && user.inputs[0] !== node);
}

/** How often each element of `node` is read where every element of `user` is computed once: 1 exactly where it is once. */
function readsOfEach({ costs }: Weighing, user: Node, position: number, node: Node): number {
  if (usesEachOnce(user)) return 1;
  const share = (costs.size.get(user) ?? 1) / (costs.size.get(node) ?? 1);
  const length = costs.length.get(user);
  if (length === undefined) return share;
  if (isContraction(user)) return share * (length / 4); // registers hold four rows and columns
  if (isScatter(user) && position === 0) return share * 2; // read only where the index matches
  return share * length;
}
