// Our own bundle of w1 in; its first prediction in a page out.

import { W1 } from "./w1.js";
import { weightsFile } from "../contestants/nnc/weights.mjs";
import { reportFirstPrediction } from "./page.mjs";

await reportFirstPrediction(async (backend) => {
  const net = await W1.load({ backend, weights: weightsFile("w1") });
  return async (x) => (await net.predict({ x })).logits;
});
