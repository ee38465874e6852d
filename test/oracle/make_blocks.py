"""Resampling, gates and normalization of instances: values, derivatives and one step of plain descent."""

import torch
import torch.nn.functional as F

import layers_by_hand as hand
from records import draw, model_record, write


def of_x(call, shape, forward, weights=None):
    """`x |> call`, where forward takes x with its channels first, and the weights."""

    def whole(inputs, w):
        return hand.channels_last(forward(hand.channels_first(inputs["x"]), w))

    return model_record(call, f"x |> {call}", {"x": draw(call, *shape)}, whole, weights)


def resized(call, shape, factor, mode):
    how = {} if mode == "nearest" else {"align_corners": False}
    factor = tuple(factor) if isinstance(factor, list) else factor

    def forward(x, _):
        return F.interpolate(x, scale_factor=factor, mode=mode, **how)

    return of_x(call, shape, forward)


def upsampling():
    return [
        resized("upsample1d(3)", [2, 3, 2], 3, "nearest"),
        resized('upsample1d(4, mode: "linear")', [2, 3, 2], 4, "linear"),
        resized("upsample2d(2)", [2, 2, 3, 2], 2, "nearest"),
        resized('upsample2d(3, mode: "bilinear")', [1, 2, 3, 2], 3, "bilinear"),
        resized('upsample1d(2, mode: "linear")', [1, 1, 2], 2, "linear"),
        resized("upsample3d([1, 2, 3])", [1, 2, 2, 1, 2], [1, 2, 3], "nearest"),
        resized('upsample3d([2, 1, 3], mode: "trilinear")', [1, 2, 2, 3, 1], [2, 1, 3], "trilinear"),
    ]


def shuffling():
    return [
        of_x("pixel_shuffle(2)", [2, 2, 3, 8], lambda x, _: F.pixel_shuffle(x, 2)),
        of_x("pixel_unshuffle(3)", [1, 3, 6, 2], lambda x, _: F.pixel_unshuffle(x, 3)),
    ]


def instance_norms():
    records = []
    for call, shape, epsilon in (
        ("instance_norm()", [2, 3, 2, 3], 1e-5),
        ("instance_norm(epsilon: 0.3)", [2, 4, 2], 0.3),
    ):
        n = shape[-1]
        weights = {
            "instance_norm_1.scale": draw(call + "s", n) + 1,
            "instance_norm_1.shift": draw(call + "t", n),
        }

        def forward(x, w, epsilon=epsilon):
            return F.instance_norm(x, None, None, *w.values(), eps=epsilon)

        records.append(of_x(call, shape, forward, weights))
    return records


def dense_weights(name, n, units, bias=True):
    weights = {f"{name}.W": draw(name + "W", n, units)}
    if bias:
        weights[f"{name}.b"] = draw(name + "b", units)
    return weights


def gates():
    first, second = "squeeze_excite_1.dense_1", "squeeze_excite_1.dense_2"
    squeezing = {**dense_weights(first, 4, 2), **dense_weights(second, 2, 4)}

    def squeeze_excite(activation, gate):
        def forward(x, w):
            means = x.mean(dim=tuple(range(2, x.dim())))
            narrow = activation(means @ w[f"{first}.W"] + w[f"{first}.b"])
            open_ = gate(narrow @ w[f"{second}.W"] + w[f"{second}.b"])
            return x * open_.reshape(*open_.shape, *[1] * (x.dim() - 2))

        return forward

    def swiglu(inputs, w):
        def dense(name):
            return inputs["x"] @ w[f"swiglu_1.{name}.W"] + w.get(f"swiglu_1.{name}.b", 0)

        return F.silu(dense("gate")) * dense("value")

    def gated(bias):
        return {
            **dense_weights("swiglu_1.gate", 4, 3, bias),
            **dense_weights("swiglu_1.value", 4, 3, bias),
        }

    x = {"x": draw("swiglu", 2, 3, 4)}
    return [
        of_x("squeeze_excite(2)", [2, 3, 2, 4], squeeze_excite(F.relu, torch.sigmoid), squeezing),
        of_x(
            "squeeze_excite(2, activation: silu, gate: tanh)",
            [2, 3, 4],
            squeeze_excite(F.silu, torch.tanh),
            squeezing,
        ),
        model_record("swiglu", "x |> swiglu(3)", x, swiglu, gated(True)),
        model_record(
            "swiglu without bias",
            "x |> swiglu(3, use_bias: false, init: normal(0, 1))",
            x,
            swiglu,
            gated(False),
        ),
    ]


def main():
    write("blocks.json", [*upsampling(), *shuffling(), *instance_norms(), *gates()])


main()
