// Words that lines begin with in; an example of each such line, out.

/** What must follow the first word of a statement. */
export const statementForms: Readonly<Record<string, string>> = {
  input: "input image: [batch, 28, 28]",
  target: "target digit: category(10)[batch]",
  output: "output probability = softmax(logits)",
  loss: "loss cross_entropy(logits, digit)",
  metric: "metric accuracy(logits, digit)",
  regularize: "regularize l2(1e-4) on weights",
  project: "project max_norm(3) on weights",
  check: 'check n % groups == 0, "groups divides the channels"',
  weight: "weight W: [n, units] ~ glorot_uniform()",
  bias: "bias b: [units] = 0",
  param: "param scale: [n] = 1",
  state: "state mean: [n] = 0",
  fitted: "fitted mean: [n] = mean(x, axis: 0)",
  carry: "carry h: [batch, units] = 0",
  shared: "shared encoder = mlp(64)",
  fn: "fn square(x) = x ^ 2",
  for: "for units in [256, 128] { … }",
  if: "if training { … } else { … }",
  return: "return x",
  yield: "yield h",
};

export const trainForms: Readonly<Record<string, string>> = {
  optimizer: "optimizer adam(lr: 1e-3)",
  start: 'start conv2d_1.* from "earlier.safetensors"',
  freeze: "freeze conv2d_1.*",
  minimize: "minimize critic_loss on critic.* with adam(lr: 1e-3)",
  monitor: "monitor update_ratio, gradient_norm",
  stop_early: "stop_early(patience: 5)",
  batch: "batch 64",
  epochs: "epochs 20",
  steps: "steps 2000",
  seed: "seed 7",
  validation: "validation 0.1",
  clip_norm: "clip_norm 5",
  clip_value: "clip_value 1",
  loss_scale: "loss_scale 1024",
  accumulate: "accumulate 4",
  drop_last: "drop_last true",
  ensemble: "ensemble 5",
};

export const searchForms: Readonly<Record<string, string>> = {
  strategy: "strategy random",
  trials: "trials 50",
  minimize: "minimize validation.loss",
  maximize: "maximize accuracy",
  seed: "seed 7",
  median_stopping: "median_stopping 3",
};
