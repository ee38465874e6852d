// jax-js in; its first prediction of w1 in a page out.

import { openJax } from "../contestants/jax/library.mjs";
import { mlp } from "../contestants/jax/network.mjs";
import { createPredictor } from "../contestants/jax/predictor.mjs";
import { reportFirstPrediction } from "./page.mjs";

await reportFirstPrediction(async (backend) =>
  createPredictor(await openJax(backend), { network: "mlp", shape: [1, 784], outputOf: mlp }),
);
