// The prelude's files and the sources of the oracle's records come in; none may hold a mistake of syntax.

import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "../../grammar/parse.js";

const prelude = new URL("../../compiler/prelude/", import.meta.url);
const data = new URL("./data/", import.meta.url);

function mistakes(file: string, source: string): readonly string[] {
  const { diagnostics } = parse({ name: file, text: source });
  return diagnostics.map(({ code, message, span }) => {
    const around = source.slice(Math.max(0, span.start - 20), span.end + 20);
    return `${code} ${message} at: ${around}`;
  });
}

function preludeFiles(): readonly string[] {
  return readdirSync(prelude).filter((file) => file.endsWith(".nn"));
}

function declaredNames(): readonly string[] {
  return preludeFiles().flatMap((file) => {
    const text = readFileSync(new URL(file, prelude), "utf8");
    const { declarations } = parse({ name: file, text }).file;
    return declarations.flatMap((declaration) => ("name" in declaration ? [declaration.name] : []));
  });
}

/** Section 9 of the language, less what is a primitive or built in. */
const standardLibrary = `
  linear sigmoid relu leaky_relu prelu elu selu gelu silu softplus softsign hard_sigmoid maxout softmax log_softmax
  dense conv1d conv2d conv3d depthwise_conv2d conv2d_transpose tiled_conv2d max_pool1d max_pool2d max_pool3d
  mean_pool1d mean_pool2d mean_pool3d global_mean_pool dropout gaussian_noise local_response_norm batch_norm
  layer_norm group_norm rms_norm embedding positional_encoding rnn lstm gru rnn_cell lstm_cell gru_cell
  bidirectional attention multi_head_attention transformer_block memory_read residual standardize random_shift
  random_rotate random_flip mse mae huber cross_entropy binary_cross_entropy nll gaussian_nll kl_divergence hinge
  cosine_distance l1 l2 elastic_net sparsity max_norm unit_norm non_negative truncated_normal glorot_uniform
  glorot_normal he_uniform he_normal lecun_normal orthogonal identity sgd adagrad rmsprop adadelta adam adamw
  nadam lion constant step_decay exponential_decay cosine ramp warmup one_cycle accuracy top_k_accuracy
  binary_accuracy mean_absolute_error r2 perplexity pi`
  .trim()
  .split(/\s+/);

describe("the prelude", () => {
  it.each(preludeFiles())("%s parses", (file) => {
    expect(mistakes(file, readFileSync(new URL(file, prelude), "utf8"))).toEqual([]);
  });

  it("declares all of the standard library, each name once", () => {
    const names = declaredNames();
    expect(standardLibrary.filter((name) => !names.includes(name))).toEqual([]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

interface Sources {
  readonly name: string;
  readonly source: string;
  readonly gradient_source?: string;
}

describe("the oracle's sources", () => {
  it("remaining.nn parses", () => {
    const text = readFileSync(new URL("./remaining.nn", import.meta.url), "utf8");
    expect(mistakes("remaining.nn", text)).toEqual([]);
  });

  it.each(readdirSync(data))("%s parse", (file) => {
    const records = JSON.parse(readFileSync(new URL(file, data), "utf8")) as readonly Sources[];
    expect(records.length).toBeGreaterThan(4);
    for (const { name, source, gradient_source: gradients } of records) {
      expect(mistakes(name, source)).toEqual([]);
      if (gradients !== undefined) expect(mistakes(name, gradients)).toEqual([]);
    }
  });
});
