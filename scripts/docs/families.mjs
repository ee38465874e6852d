// Nothing in; the pages of the reference, each with its title, what it tells first, and the files of the standard library that it is made of, out.

/** Every file of the library stands on one page: `reference.mjs` refuses one that does not. */
export const families = [
  {
    page: "dense",
    title: "Dense layers",
    group: "Layers",
    about:
      "Layers without neighbourhoods, gates, and what a layer makes of its weight before it uses it.",
    files: ["dense.nn", "gating.nn", "reparametrizations.nn"],
  },
  {
    page: "convolution",
    title: "Convolution and pooling",
    group: "Layers",
    about:
      "Layers over one, two or three spatial axes. Tensors are channels-last: `[batch, height, width, channels]`.",
    files: ["convolution.nn", "pooling.nn", "resampling.nn"],
  },
  {
    page: "recurrent",
    title: "Recurrent layers",
    group: "Layers",
    about: "Layers that go through a sequence `[batch, time, n]` step by step.",
    files: ["recurrent.nn"],
  },
  {
    page: "attention",
    title: "Attention and positions",
    group: "Layers",
    about:
      "Layers in which all places of a sequence read each other, and what tells them where they are.",
    files: ["attention.nn", "positions.nn"],
  },
  {
    page: "normalization",
    title: "Normalization, noise and augmentation",
    group: "Layers",
    about:
      "Layers that keep the scale of activations, and what disturbs or changes examples while training.",
    files: ["normalization.nn", "regularization_layers.nn", "augmentation.nn"],
  },
  {
    page: "activations",
    title: "Activations",
    group: "Functions",
    about: "Functions of one tensor: `activation: relu`, `x |> softmax`.",
    files: ["activations.nn"],
  },
  {
    page: "functions",
    title: "Functions and constants",
    group: "Functions",
    about:
      "Elementary functions, tensors repeated and read between their entries, small matrices, and numbers with a name.",
    files: ["elementary.nn", "sampling.nn", "linear_algebra.nn", "constants.nn"],
  },
  {
    page: "losses",
    title: "Losses",
    group: "What is minimised and watched",
    about: "What a `loss` line minimises. A loss is averaged over all of its entries.",
    files: ["losses.nn"],
  },
  {
    page: "metrics",
    title: "Metrics",
    group: "What is minimised and watched",
    about: "What a `metric` line reports. Metrics are never differentiated.",
    files: ["metrics.nn"],
  },
  {
    page: "regularizers",
    title: "Regularizers",
    group: "What is minimised and watched",
    about: "Penalties on parameters: `regularize l2(1e-4) on weights`.",
    files: ["regularizers.nn"],
  },
  {
    page: "initializers",
    title: "Initializers",
    group: "How training starts and moves",
    about:
      "What first weights are drawn from: `init: he_normal()`, `weight W: [n, 8] ~ glorot_uniform()`.",
    files: ["initializers.nn"],
  },
  {
    page: "distributions",
    title: "Distributions",
    group: "How training starts and moves",
    about:
      "What `~` draws from, beside the compiler's own `uniform`, `normal`, `bernoulli`, `randint` and `categorical`.",
    files: ["distributions.nn"],
  },
  {
    page: "optimizers",
    title: "Optimizers",
    group: "How training starts and moves",
    about:
      "Update rules: `optimizer adam(lr: 1e-3)`. `w` is a parameter, `g` its gradient, and other letters are kept with each parameter, 0 at first.",
    files: ["optimizers.nn"],
  },
  {
    page: "schedules",
    title: "Schedules",
    group: "How training starts and moves",
    about:
      "Numbers that change while training, for any argument of an optimizer: `adam(lr: warmup(100) * cosine(3e-3))`.",
    files: ["schedules.nn"],
  },
  {
    page: "projections",
    title: "Projections",
    group: "How training starts and moves",
    about: "What is done to a parameter after each update: `project max_norm(3) on weights`.",
    files: ["projections.nn"],
  },
];
