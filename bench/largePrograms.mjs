// Nothing in; the texts of large programs, by name, for measuring how long the compiler takes, out.

function dense(layers) {
  return `model Dense {
  input x: [batch, 64]
  target y: category(10)[batch]
  h = x
  for i in range(${layers}) { h = h |> dense(64, activation: relu) }
  logits = h |> dense(10)
  output logits
  loss cross_entropy(logits, y)
}
train Dense { optimizer adam(lr: 1e-3)  batch 32  epochs 1 }
`;
}

function convolutions(layers) {
  return `model Convolutions {
  input x: [batch, 16, 16, 3]
  target y: category(10)[batch]
  h = x |> conv2d(16, kernel: 3, padding: "same", activation: relu)
  for i in range(${layers - 1}) { h = h |> conv2d(16, kernel: 3, padding: "same", activation: relu) }
  logits = h |> flatten() |> dense(10)
  output logits
  loss cross_entropy(logits, y)
}
train Convolutions { optimizer adam(lr: 1e-3)  batch 32  epochs 1 }
`;
}

function transformer(blocks) {
  return `layer attend(x: [batch, time, d], heads: int): [batch, time, d] {
  weight Wqkv: [d, 3 * d] ~ normal(0, 0.1)
  weight Wo: [d, d] ~ normal(0, 0.1)
  q, k, v = split(x @ Wqkv, 3, axis: -1)
  fn by_head(t) = transpose(reshape(t, [batch, time, heads, d / heads]), [0, 2, 1, 3])
  score = by_head(q) @ transpose(by_head(k), [0, 1, 3, 2]) / (d / heads) ^ 0.5
  earlier = reshape(range(time), [time, 1]) >= reshape(range(time), [1, time])
  mixed = softmax(if earlier then score else -1e9) @ by_head(v)
  return reshape(transpose(mixed, [0, 2, 1, 3]), [batch, time, d]) @ Wo
}
layer block(x: [batch, time, d], heads: int): [batch, time, d] {
  h = x + (x |> layer_norm() |> attend(heads))
  return h + (h |> layer_norm() |> dense(4 * d, activation: gelu) |> dense(d))
}
model Transformer {
  input x: category(64)[batch, 64]
  target y: category(64)[batch, 64]
  param position: [64, 64] ~ normal(0, 0.1)
  h = embedding(x, 64, 64) + position
  for i in range(${blocks}) { h = h |> block(4) }
  logits = h |> layer_norm() |> dense(64, use_bias: false)
  output logits
  loss cross_entropy(logits, y)
}
train Transformer { optimizer adam(lr: 1e-3)  batch 16  epochs 1 }
`;
}

export const largePrograms = {
  dense10: () => dense(10),
  dense100: () => dense(100),
  dense200: () => dense(200),
  dense400: () => dense(400),
  transformer24: () => transformer(24),
  convolutions101: () => convolutions(101),
};
