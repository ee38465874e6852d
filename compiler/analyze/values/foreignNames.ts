// Takes no input, gives the words of other libraries and languages for what the language has itself, and what is said here instead.

/** For primitives and signs of the language. */
export const foreignNames: Readonly<Record<string, string>> = {
  average: "mean",
  reduce_sum: "sum",
  reduce_mean: "mean",
  reduce_max: "max",
  reduce_min: "min",
  maximum: "max",
  minimum: "min",
  pow: "^",
  square: "^ 2",
  add: "+",
  multiply: "*",
  dot: "@",
  mm: "@",
  bmm: "@",
  cat: "concat",
  concatenate: "concat",
  Concatenate: "concat",
  hstack: "concat",
  vstack: "stack",
  view: "reshape",
  permute: "transpose",
  swapaxes: "transpose",
  arange: "range",
  detach: "stop_gradient",
  clone: "stop_gradient",
  take_along_axis: "take_along",
  index_select: "take",
  index_add: "scatter_add",
  segment_sum: "scatter_add",
  segment_max: "scatter_max",
  segment_min: "scatter_min",
  logcumsumexp: "cumlogsumexp",
  ReduceLROnPlateau: "plateau",
  True: "true",
  False: "false",
};

const pooledTo =
  "`global_mean_pool` gives one value a channel; for more of them, `mean_pool2d` with the window that leaves so many";
const nothing =
  "there is no value for nothing: leave the argument out, or write the value that is meant";
const squeezed = "`x[:, 0]` takes away an axis of 1, `reshape` all of them";
const cast = "a cast is a call: `f32(x)`, `i32(x)`";
const deviation =
  "the deviation is `sqrt(mean((x - mean(x)) ^ 2))`, of each column with `axis: 0` in both";
const chosen = "a choice is written `if c then a else b`, entry by entry of tensors too";
const lengths = "name the dimensions in a signature: `x: [batch, n]`";
const clamped = "a value is held within bounds by `min(max(x, low), high)`";

/** For what the language says with several words. */
export const expressedAs: Readonly<Record<string, string>> = {
  ...{ adaptive_avg_pool2d: pooledTo, AdaptiveAvgPool2d: pooledTo },
  ...{ None: nothing, null: nothing, nil: nothing, undefined: nothing },
  ...{ clamp: clamped, clip: clamped },
  ...{ shape: lengths, size: lengths, len: lengths },
  squeeze: squeezed,
  unsqueeze: "`x[:, new]` adds an axis of 1",
  expand_dims: "`x[:, new]` adds an axis of 1",
  where: chosen,
  select: chosen,
  ...{ std: deviation, stddev: deviation },
  var: "the variance is `mean((x - mean(x)) ^ 2)`, of each column with `axis: 0` in both",
  variance: "the variance is `mean((x - mean(x)) ^ 2)`, of each column with `axis: 0` in both",
  norm: "a tensor's length is `sqrt(sum(x ^ 2))`, a row's with `axis: -1`",
  rmse: "the root of the mean square is `sqrt(mean((prediction - target) ^ 2))`",
  normalize:
    "`x |> standardize` brings each column to mean 0 and deviation 1, as they are over all examples trained on",
  einsum:
    "`x @ W` is the product over the last axis of one and the last but one of the other; `transpose` orders axes before it",
  lambda: "a function is declared beside the models: `fn f(x) = …`, and given as `f`",
  weights:
    "all weights are named behind `on`, in a line of its own: `regularize l2(0.01) on weights`",
  biases: "all biases are named behind `on`, in a line of its own: `regularize l2(0.01) on biases`",
  ...{ astype: cast, float: cast, int: cast, float32: cast },
  Input: "an input is declared: `input x: [batch, 8]`",
  Sequential: "layers follow each other with `|>`: `h = x |> dense(64) |> relu`",
  Lambda: "a function is declared beside the models: `fn f(x) = …`",
  print: "what a model gives out is an `output`: `output h`",
  gather:
    "`take(x, places)` takes entries of an axis, `take_along(x, places)` one for each element",
  scatter:
    "`scatter_add` adds what meets; `scatter_set`, `scatter_min` and `scatter_max` keep one, with `_along` by a place for each element",
};

/** What follows a tensor and a dot elsewhere. */
export const foreignMembers: Readonly<Record<string, string>> = {
  shape: lengths,
  T: "the transpose of a matrix is `transpose(W, [1, 0])`",
  mT: "the transpose of a matrix is `transpose(W, [1, 0])`",
  t: "the transpose of a matrix is `transpose(W, [1, 0])`",
  view: "`reshape(x, [batch, …])` gives another shape; `flatten(x)` joins all axes but the first",
  size: lengths,
  item: "values stay tensors: a scalar is one of shape `[]`",
  numpy: "values stay tensors",
  to: cast,
  float: "a cast is a call: `f32(x)`",
  long: "a cast is a call: `i32(x)`",
  int: "a cast is a call: `i32(x)`",
};

/** Modules and objects before a dot: here names stand alone. */
export const foreignModules: ReadonlySet<string> = new Set([
  ...["nn", "F", "torch", "tf", "keras", "layers", "losses", "optim", "optimizers", "np", "numpy"],
  ...[
    "jnp",
    "jax",
    "tensorflow",
    "activations",
    "self",
    "this",
    "model",
    "math",
    "Math",
    "functional",
  ],
]);

/** Layers that are given the width of their input first elsewhere; here no layer is. */
export const givenWidths: ReadonlySet<string> = new Set([
  ...["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"],
  ...["BatchNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "RMSNorm"],
  ...["InstanceNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "Linear"],
  ...["LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell"],
  ...["MultiheadAttention", "TransformerEncoderLayer"],
]);
