// jax-js, weights and an input in; the logits of the fully connected network of w1 and w4 out.

export function mlp({ numpy, nn }, { w1, b1, w2, b2, w3, b3 }, x) {
  const first = nn.relu(numpy.matmul(x, w1).add(b1));
  const second = nn.relu(numpy.matmul(first, w2).add(b2));
  return numpy.matmul(second, w3).add(b3);
}
