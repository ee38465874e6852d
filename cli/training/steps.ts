// In: the steps of a run, one by one; out: its loss step by step, as means of neighbours, for runs of few epochs.
import type { StepReport } from "../../runtime/api.js";
import type { Curve } from "../page.js";

/** Points of the curve at most: twice as many are averaged in pairs. */
const most = 256;

interface Bucket {
  /** The last of its steps, counted through all stages. */
  step: number;
  sum: number;
  count: number;
}

export interface StepCurve {
  readonly add: (report: Pick<StepReport, "loss">) => void;
  readonly curve: () => Curve;
}

export function collectSteps(): StepCurve {
  let buckets: Bucket[] = [];
  let width = 1;
  let step = 0;
  return {
    add: ({ loss }) => {
      step++;
      const last = buckets.at(-1);
      if (last === undefined || last.count >= width) buckets.push({ step, sum: loss, count: 1 });
      else Object.assign(last, { step, sum: last.sum + loss, count: last.count + 1 });
      if (buckets.length <= 2 * most) return;
      buckets = inPairs(buckets);
      width *= 2;
    },
    curve: () => ({
      name: "loss",
      points: buckets.map(({ step: at, sum, count }) => [at, sum / count] as const),
    }),
  };
}

function inPairs(buckets: readonly Bucket[]): Bucket[] {
  const pairs: Bucket[] = [];
  buckets.forEach((bucket, at) => {
    const last = pairs.at(-1);
    if (at % 2 === 0 || last === undefined) pairs.push({ ...bucket });
    else {
      last.step = bucket.step;
      last.sum += bucket.sum;
      last.count += bucket.count;
    }
  });
  return pairs;
}
