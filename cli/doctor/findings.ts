// In: what short runs measured; out: what is to be changed before a long one, causes before what follows from them.
import { activationMeasured, deadFindings, saturationFindings } from "./activations.js";
import { chanceFindings, chanceMeasured, isAtChance } from "./chance.js";
import type { Advice, Finding, FindingKind, Measured } from "./finding.js";
import { firstWeightFindings, hasSize } from "./firstWeights.js";
import type { FirstWeight } from "./firstWeights.js";
import {
  alikeFindings,
  divergingFindings,
  fewMeasured,
  fitFindings,
  learnedNothing,
  notLearned,
} from "./fitting.js";
import type { Measurements } from "./measure.js";
import { scaleFindings, scaleMeasured } from "./scale.js";
import { targetFindings, targetMeasured } from "./targets.js";
import { unreachedFindings, updateFindings, updateMeasured } from "./updates.js";
import type { UpdateRatios } from "./updates.js";
import { gradientMeasured, vanishingFindings } from "./vanishing.js";

interface Examination {
  readonly find: (measurements: Measurements) => readonly Advice[];
  /** Findings that it would follow from: beside these it is no second mistake. */
  readonly unless?: readonly FindingKind[];
}

/** In the order in which they are told. */
const examinations: Readonly<Record<FindingKind, Examination>> = {
  scale: { find: ({ scales }) => scales.flatMap(scaleFindings) },
  targets: {
    find: (all) => (learnedLittle(all) ? all.targetScales.flatMap(targetFindings).slice(0, 1) : []),
  },
  dead: { find: ({ activations }) => activations.flatMap(deadFindings) },
  saturation: { find: ({ activations }) => activations.flatMap(saturationFindings) },
  weights: {
    find: ({ firstWeights, activations }) => firstWeightFindings(firstWeights, activations),
    unless: ["scale", "dead"],
  },
  vanishing: {
    find: (all) =>
      learnedLittle(all) ? vanishingFindings(all.activations, all.firstGradients) : [],
    unless: ["scale", "dead", "saturation", "weights"],
  },
  updates: {
    find: ({ ratios, firstWeights, unreached, activations }) => [
      ...updateFindings(withSize(ratios, firstWeights)),
      // Behind dead units nothing has a gradient.
      ...(activations.some((one) => deadFindings(one).length > 0)
        ? []
        : unreachedFindings(unreached)),
    ],
    unless: ["targets", "weights", "vanishing"],
  },
  diverges: { find: ({ few }) => (few ? divergingFindings(few) : []) },
  alike: { find: ({ few }) => (few ? alikeFindings(few) : []) },
  fit: { find: ({ few }) => (few ? fitFindings(few) : []) },
  chance: {
    // What cannot learn a few examples is at chance for others too.
    find: ({ few, unseen }) =>
      unseen === undefined || (few !== undefined && learnedNothing(few))
        ? []
        : chanceFindings(unseen),
    unless: ["targets", "weights", "vanishing", "alike"],
  },
};

export function findingsOf(measurements: Measurements): Finding[] {
  const found: Finding[] = [];
  const kinds = Object.keys(examinations) as FindingKind[];
  for (const kind of kinds) {
    const { find, unless = [] } = examinations[kind];
    if (found.some((one) => unless.includes(one.kind))) continue;
    found.push(...find(measurements).map((advice) => ({ kind, ...advice })));
  }
  return found;
}

export function measuredOf(measurements: Measurements): Measured[] {
  const { scales, targetScales, activations, firstGradients, few, unseen } = measurements;
  const ratios = withSize(measurements.ratios, measurements.firstWeights);
  return [
    ...scales.map(scaleMeasured),
    ...targetScales.map(targetMeasured),
    ...activations.map(activationMeasured),
    ...gradientMeasured(firstGradients),
    ...updateMeasured(ratios),
    ...(few === undefined ? [] : [fewMeasured(few)]),
    ...(unseen === undefined ? [] : [chanceMeasured(unseen)]),
  ];
}

/** A few examples not by heart, nothing of others, or, of what is drawn, hardly less loss than at first. */
function learnedLittle({ few, unseen, drawn }: Measurements): boolean {
  if (few !== undefined && notLearned(few)) return true;
  if (unseen !== undefined && isAtChance(unseen)) return true;
  const [first, ...later] = drawn;
  const last = later.at(-1);
  return first !== undefined && last !== undefined && first > 0 && !(last < 0.9 * first);
}

/** Beside first weights of next to no size every update is large: where there are others, these tell. */
function withSize(ratios: UpdateRatios, weights: readonly FirstWeight[]): UpdateRatios {
  const sized = new Set(weights.filter(hasSize).map(({ name }) => name));
  if (sized.size === 0) return ratios;
  return ratios.map((epoch) =>
    Object.fromEntries(Object.entries(epoch).filter(([name]) => sized.has(name))),
  );
}
