// The predictive autoencoder in; that its code components keep all that it is shown and say nothing of each other, out.

import { expect } from "vitest";
import { checksDerivatives, learns, program } from "./learning.js";

checksDerivatives("predictive.nn");

learns(program("predictive.nn"), async (net) => {
  const before = await net.evaluate({}, { examples: 500 });
  await net.fit({}, { steps: 500 });
  const { metrics } = await net.evaluate({}, { examples: 500 });
  // Of the mixtures, whose squares sum to more than one.
  expect(before.metrics["error"]).toBeGreaterThan(1);
  expect(metrics["error"]).toBeLessThan(0.02);
  // A predictor that did not learn guesses worse than the mean does; of an encoder that did not, it knows a third of the variance.
  expect(metrics["unpredictable"]).toBeLessThan(1.1);
  expect(metrics["unpredictable"]).toBeGreaterThan(0.93);
});
