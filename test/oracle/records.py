"""Builds the oracle's records: in come .nn text and torch functions, out go JSON files under data/."""

import json
import os
import random

import numpy
import torch

torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))


def draw(seed, *shape, scale=1.0):
    """Normal numbers with three decimals, so that they are short in JSON and (nearly) whole in f32."""
    generator = random.Random(seed)
    count = int(numpy.prod(shape))
    values = [round(generator.gauss(0, 1) * scale, 3) for _ in range(count)]
    return torch.tensor(values).reshape(shape)


def draw_integers(seed, high, *shape):
    generator = random.Random(seed)
    count = int(numpy.prod(shape))
    return torch.tensor([generator.randrange(high) for _ in range(count)]).reshape(shape)


def number(value):
    """Nine significant digits, whole numbers without a point."""
    if value == int(value) and abs(value) < 1e15:
        return int(value)
    return float(f"{value:.9g}")


def tensor(value):
    """{shape, data} of a torch tensor, row-major."""
    value = value.detach() if hasattr(value, "detach") else torch.tensor(value)
    flat = value.to(torch.float64).reshape(-1).tolist()
    return {"shape": list(value.shape), "data": [number(entry) for entry in flat]}


def tensors(values):
    return {name: tensor(value) for name, value in values.items()}


def write(name, records):
    names = [record["name"] for record in records]
    assert len(set(names)) == len(names), "two records share a name"
    with open(os.path.join(HERE, "data", name), "w") as file:
        lines = [
            json.dumps(record, separators=(",", ":"), ensure_ascii=False) for record in records
        ]
        file.write("[\n" + ",\n".join(lines) + "\n]\n")
    print(name, len(records), "records")


def is_float(value):
    return value.dtype.is_floating_point


def axes(rank):
    return "[" + ", ".join(str(axis) for axis in range(1, rank)) + "]"


def model_record(
    name, call, inputs, forward, weights=None, states=None, states_after=None, types=None, held=()
):
    """A model `y = call` with what it gives, and the derivatives of sum(y * cotangent).

    inputs and weights: name -> tensor; forward(inputs, weights) -> y, batch first; types: name -> declared type, for
    inputs that are not f32; held: inputs without a derivative; states: name -> value before;
    states_after: name -> value after a training step.
    """
    weights, states, types = weights or {}, states or {}, types or {}
    live = {
        key: value.clone().requires_grad_(is_float(value) and key not in held)
        for key, value in inputs.items()
    }
    trained = {key: value.clone().requires_grad_() for key, value in weights.items()}
    y = forward(live, trained)
    batch = y.shape[0]
    cotangent = draw(name, *y.shape)
    total = (y * cotangent).sum()
    total.backward()

    lines = []
    for key, value in inputs.items():
        rest = "".join(f", {size}" for size in value.shape[1:])
        lines.append(f"  input {key}: {types.get(key, '')}[batch{rest}]")
    rest = "".join(f", {size}" for size in y.shape[1:])
    lines.append(f"  input cotangent: [batch{rest}]")
    lines.append(f"  y = {call}")
    lines.append("  output y")
    product = "y * cotangent"
    gradients = {key: value.grad for key, value in live.items() if value.requires_grad}
    extra = [f"  output {key}_gradient = grad({product}, {key})" for key in gradients]
    tail = []
    if weights:
        loss = f"sum({product}, axis: {axes(y.dim())})" if y.dim() > 1 else product
        lines.append(f"  loss {loss}")
        tail = [f"train M {{ optimizer sgd(lr: {batch})  batch {batch}  epochs 1  seed 1 }}"]
    head = "model M {"
    record = {
        "name": name,
        "source": "\n".join([head, *lines, "}", *tail]) + "\n",
        "gradient_source": "\n".join([head, *lines, *extra, "}", *tail]) + "\n",
        "inputs": tensors({**inputs, "cotangent": cotangent}),
        "weights": tensors({**weights, **states}),
        "outputs": {"y": tensor(y)},
        "gradients": tensors({**gradients, **{key: value.grad for key, value in trained.items()}}),
    }
    if weights:
        after = {key: value - trained[key].grad for key, value in weights.items()}
        after.update(states_after or {})
        record["losses"] = [number((total / batch).item())]
        record["penalties"] = [0]
        record["after"] = tensors(after)
    return record
