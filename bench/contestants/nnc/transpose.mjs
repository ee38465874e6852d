// A tensor and an order of its axes in; the tensor with its axes in that order out.

export function transpose({ shape, data }, order) {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const extents = order.map((axis) => shape[axis]);
  const result = new Float32Array(data.length);
  for (let at = 0; at < data.length; at++) {
    let rest = at;
    let source = 0;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      source += (rest % extents[axis]) * strides[order[axis]];
      rest = Math.floor(rest / extents[axis]);
    }
    result[at] = data[source];
  }
  return { shape: extents, data: result };
}
