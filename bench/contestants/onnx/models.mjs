// First weights and a batch size in; ONNX files of the networks that predict out.

import { integerField, joinBytes, lengthField } from "./protobuf.mjs";

const float = 1;
const formatVersion = 8;
const operatorVersion = 17;

export function mlpModel(weights, batch) {
  const nodes = [
    node("Gemm", ["x", "w1", "b1"], "sum1"),
    node("Relu", ["sum1"], "active1"),
    node("Gemm", ["active1", "w2", "b2"], "sum2"),
    node("Relu", ["sum2"], "active2"),
    node("Gemm", ["active2", "w3", "b3"], "y"),
  ];
  return model(nodes, weights, [batch, 784], [batch, 10]);
}

export function productModel(weights, size) {
  return model([node("MatMul", ["x", "w"], "y")], weights, [size, size], [size, size]);
}

function model(nodes, weights, inputShape, outputShape) {
  const graph = [
    ...nodes,
    lengthField(2, "network"),
    ...Object.entries(weights).map(([name, { shape, data }]) => initializer(name, shape, data)),
    valueInfo(11, "x", inputShape),
    valueInfo(12, "y", outputShape),
  ];
  const operators = lengthField(8, [integerField(2, operatorVersion)]);
  return joinBytes([integerField(1, formatVersion), lengthField(7, graph), operators]);
}

function node(operator, inputs, output) {
  const names = inputs.map((name) => lengthField(1, name));
  return lengthField(1, [...names, lengthField(2, output), lengthField(4, operator)]);
}

function initializer(name, shape, data) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return lengthField(5, [
    ...shape.map((extent) => integerField(1, extent)),
    integerField(2, float),
    lengthField(8, name),
    lengthField(9, bytes),
  ]);
}

function valueInfo(field, name, shape) {
  const extents = shape.map((extent) => lengthField(1, [integerField(1, extent)]));
  const tensor = lengthField(1, [integerField(1, float), lengthField(2, extents)]);
  return lengthField(field, [lengthField(1, name), lengthField(2, [tensor])]);
}
