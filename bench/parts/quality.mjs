// Names of runs in; what each full training reached, and how many seconds it took, out: one after the other, through the command.

import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { hasData } from "../quality/data.mjs";
import { qualityRuns } from "../quality/runs.mjs";

/** `{ measured, seconds }` of each run, `{ error }` where it failed, `{ missing }` where there is no data for it. */
export async function measureQuality({ quality, data, folder, least, say }) {
  const results = {};
  for (const name of quality) {
    const { needs, measure } = qualityRuns[name];
    if (needs !== undefined && !hasData(needs, data)) {
      results[name] = { missing: needs };
      say(`${name}: left out, there is no ${needs} in ${data} (--data DIR)`);
      continue;
    }
    const own = mkdtempSync(join(folder, `${name}-`));
    const begun = performance.now();
    results[name] = await measure({ folder: own, data, least }).then(
      (measured) => ({ measured, seconds: (performance.now() - begun) / 1000 }),
      (error) => ({ error: error.message }),
    );
    say(`${name}: ${words(qualityRuns[name].figures, results[name])}`);
  }
  return results;
}

function words(figures, { error, measured, seconds }) {
  if (error !== undefined) return error;
  const told = figures.map(
    ({ name, unit }, at) => `${name} ${measured[at].toPrecision(4)} ${unit}`,
  );
  return `${told.join(", ").trim()}, ${seconds.toFixed(0)} s`;
}
