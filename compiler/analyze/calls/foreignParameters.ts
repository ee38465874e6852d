// Takes no input, gives the names that parameters have in other libraries, without underscores, and those that they may have here.

export const foreignParameters: Readonly<Record<string, readonly string[]>> = {
  dim: ["axis"],
  axes: ["axis"],
  keepdim: ["keep"],
  keepdims: ["keep"],
  learningrate: ["lr"],
  alpha: ["lr", "slope"],
  negativeslope: ["slope"],
  rho: ["decay"],
  filters: ["channels"],
  outchannels: ["channels"],
  kernelsize: ["kernel"],
  poolsize: ["window"],
  size: ["window", "kernel", "units"],
  strides: ["stride"],
  dilationrate: ["dilation"],
  dilations: ["dilation"],
  ceilmode: ["ceil"],
  countincludepad: ["count_padding"],
  units: ["units", "channels"],
  outputsize: ["units"],
  hiddensize: ["units"],
  outfeatures: ["units"],
  numunits: ["units"],
  features: ["units", "channels"],
  bias: ["use_bias"],
  usebias: ["use_bias"],
  initializer: ["init"],
  weightinitializer: ["init"],
  kernelinitializer: ["init"],
  act: ["activation"],
  nonlinearity: ["activation"],
  p: ["rate"],
  prob: ["rate"],
  probability: ["rate"],
  eps: ["epsilon"],
  numembeddings: ["count"],
  inputdim: ["count"],
  embeddingdim: ["width"],
  outputdim: ["width"],
  numclasses: ["classes", "count"],
  numheads: ["heads"],
  nhead: ["heads"],
  numgroups: ["groups"],
  scalefactor: ["factor"],
  lambda: ["strength"],
  weight: ["strength"],
  std: ["deviation"],
  stddev: ["deviation"],
  sigma: ["deviation"],
  stepsize: ["every"],
};

interface Expressed {
  /** The parameters that a call must have for it to be so. */
  readonly beside: readonly string[];
  readonly hint: string;
}

const penalty = "a penalty stands in a line of its own: `regularize l2(0.01) on weights`";
const limit = "a limit stands in a line of its own: `project max_norm(3) on weights`";
const found = "how large the input is is seen from it: leave the argument out";

/** What is said here with several words, or with none. */
export const expressedParameters: Readonly<Record<string, Expressed>> = {
  betas: {
    beside: ["beta1", "beta2"],
    hint: "they are two numbers: `beta1: 0.9, beta2: 0.999`",
  },
  kernelregularizer: { beside: [], hint: penalty },
  biasregularizer: { beside: [], hint: penalty },
  activityregularizer: { beside: [], hint: penalty },
  kernelconstraint: { beside: [], hint: limit },
  inputshape: { beside: [], hint: found },
  infeatures: { beside: [], hint: found },
  inchannels: { beside: [], hint: found },
  inputsize: { beside: [], hint: found },
  numfeatures: { beside: [], hint: found },
  normalizedshape: { beside: [], hint: found },
};
