// Shapes and positions come in; strides, flat offsets and filled tensors go out: what all loops of the reference share.

export interface Tensor {
  readonly data: readonly number[] | Float64Array;
  readonly shape: readonly number[];
}

export function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The entry of a list that must be there. */
export function at(list: ArrayLike<number>, index: number): number {
  const value = list[index];
  if (value === undefined) throw new Error(`the reference reads entry ${index} of ${list.length}`);
  return value;
}

/** The operand that an op must have. */
export function operand(inputs: readonly Tensor[], index: number): Tensor {
  const tensor = inputs[index];
  if (tensor === undefined) throw new Error(`the reference misses operand ${index}`);
  return tensor;
}

/** An axis counted from the front; negative ones count from behind. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The row-major position of a flat offset. */
export function positionAt(offset: number, shape: readonly number[]): number[] {
  const position = new Array<number>(shape.length).fill(0);
  let rest = offset;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const extent = at(shape, axis);
    position[axis] = rest % extent;
    rest = Math.floor(rest / extent);
  }
  return position;
}

/** The flat offset of a position, or -1 where it lies outside. */
export function offsetOf(position: readonly number[], shape: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis += 1) {
    const index = at(position, axis);
    const extent = at(shape, axis);
    if (index < 0 || index >= extent) return -1;
    offset = offset * extent + index;
  }
  return offset;
}

/** The value at a position; 0, or what is given, outside. */
export function valueAt(tensor: Tensor, position: readonly number[], outside = 0): number {
  const offset = offsetOf(position, tensor.shape);
  return offset < 0 ? outside : at(tensor.data, offset);
}

/** The tensor of a shape whose entries a function of the position gives. */
export function filled(
  shape: readonly number[],
  entry: (position: readonly number[]) => number,
): Tensor {
  const data: number[] = [];
  const count = size(shape);
  for (let offset = 0; offset < count; offset += 1) data.push(entry(positionAt(offset, shape)));
  return { data, shape: [...shape] };
}

/** Every position of a shape, in row-major order. */
export function positionsOf(shape: readonly number[]): number[][] {
  return Array.from({ length: size(shape) }, (_, offset) => positionAt(offset, shape));
}

/** The shape that operands broadcast to, as in NumPy. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let extent = 1;
    for (const shape of shapes) {
      const own = axis - rank + shape.length;
      const found = own < 0 ? 1 : at(shape, own);
      if (found !== 1 && extent !== 1 && found !== extent) throw new Error("shapes do not agree");
      if (found !== 1) extent = found;
    }
    return extent;
  });
}

/** The value that a broadcast operand has at a position of the result. */
export function broadcastAt(tensor: Tensor, position: readonly number[]): number {
  const skipped = position.length - tensor.shape.length;
  let offset = 0;
  for (let axis = 0; axis < tensor.shape.length; axis += 1) {
    const extent = at(tensor.shape, axis);
    offset = offset * extent + (extent === 1 ? 0 : at(position, axis + skipped));
  }
  return at(tensor.data, offset);
}
