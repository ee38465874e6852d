"""Tensor functions and the layers made of them: values, and derivatives with respect to inputs."""

import torch
import torch.nn.functional as F

import layers_by_hand as hand
from records import draw, draw_integers, model_record, write


def places():
    x, at = draw("take_along", 3, 5), draw_integers("take_along", 5, 3, 4)
    updates, to = draw("scatter", 3, 6), draw_integers("scatter", 4, 3, 6)

    return [
        model_record(
            "take_along(x, at)",
            "take_along(x, at)",
            {"x": x, "at": at},
            lambda i, _: torch.gather(i["x"], 1, i["at"].long()),
            types={"at": "i32"},
        ),
        model_record(
            "scatter_add_along(x, to, 4)",
            "scatter_add_along(x, to, 4)",
            {"x": updates, "to": to},
            lambda i, _: torch.zeros(3, 4).scatter_add(1, i["to"].long(), i["x"]),
            types={"to": "u32"},
        ),
        model_record(
            "scatter_max_along(x, to, 4, otherwise: 0.5)",
            "scatter_max_along(x, to, 4, otherwise: 0.5)",
            {"x": updates, "to": to},
            # Entries that no update names stay as they are.
            lambda i, _: torch.full((3, 4), 0.5).scatter_reduce(
                1, i["to"].long(), i["x"], "amax", include_self=False
            ),
            types={"to": "u32"},
        ),
    ]


def runs():
    x = draw("runs", 2, 7)
    # Zeros in a row, and two in another.
    zeros = x.clone()
    zeros[0, 2] = zeros[1, 1] = zeros[1, 4] = 0
    return [
        model_record(
            "cumprod(x) with zeros", "cumprod(x)", {"x": zeros}, lambda i, _: i["x"].cumprod(1)
        ),
        model_record(
            "cummax(x)", "cummax(x)", {"x": x}, lambda i, _: torch.cummax(i["x"], 1).values
        ),
        model_record(
            "cumlogsumexp(200 * x)",
            "cumlogsumexp(200 * x)",
            {"x": x},
            lambda i, _: torch.logcumsumexp(200 * i["x"], 1),
        ),
    ]


def pool(call, space, forward, n=2):
    return model_record(
        call,
        f"x |> {call}",
        {"x": draw(call, 2, *space, n)},
        lambda i, _: hand.channels_last(forward(hand.channels_first(i["x"]))),
    )


def dilated_mean(x, window, stride, padding, beyond, dilation, counts=False):
    """Sums of windows over how many of their elements count; beyond: what the last window of an axis reaches behind the padding."""
    rank, n = x.dim() - 2, x.shape[1]
    conv = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    ones = torch.ones(n, 1, *[window] * rank)

    def sums(y, inside):
        y = F.pad(y, [padding] * 2 * rank, value=inside)
        y = F.pad(y, [edge for own in reversed(beyond) for edge in (0, own)])
        return conv(y, ones, stride=stride, dilation=dilation, groups=n)

    return sums(x, 0) / sums(torch.ones_like(x), float(counts))


def pools():
    return [
        pool(
            "max_pool1d(3, stride: 2, padding: 1, dilation: 2, ceil: true)",
            [8],
            lambda x: F.max_pool1d(x, 3, 2, 1, 2, ceil_mode=True),
        ),
        pool(
            "max_pool2d([2, 3], stride: 2, dilation: [3, 1], ceil: true)",
            [7, 6],
            lambda x: F.max_pool2d(x, [2, 3], 2, 0, [3, 1], ceil_mode=True),
        ),
        # The last window would begin in the padding behind, and is left out.
        pool(
            "max_pool2d(2, stride: 3, padding: 1, ceil: true)",
            [4, 5],
            lambda x: F.max_pool2d(x, 2, 3, 1, ceil_mode=True),
        ),
        pool(
            "max_pool3d(2, dilation: 2, ceil: true)",
            [4, 3, 5],
            lambda x: F.max_pool3d(x, 2, 2, 0, 2, ceil_mode=True),
            n=1,
        ),
        pool(
            "mean_pool1d(3, stride: 2, padding: 1, dilation: 2, ceil: true, count_padding: false)",
            [8],
            lambda x: dilated_mean(x, 3, 2, 1, [1], 2),
        ),
        pool(
            "mean_pool2d(3, stride: 2, padding: 1, ceil: true)",
            [4, 6],
            lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True),
        ),
        pool(
            "mean_pool2d(3, stride: 2, padding: 1, ceil: true, count_padding: false)",
            [4, 6],
            lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
        ),
        pool(
            "mean_pool2d(2, stride: 1, padding: 1, dilation: 3)",
            [4, 5],
            lambda x: dilated_mean(x, 2, 1, 1, [0, 0], 3, counts=True),
        ),
        pool(
            "mean_pool3d(2, dilation: 2, ceil: true, count_padding: false)",
            [4, 3, 5],
            lambda x: dilated_mean(x, 2, 2, 0, [1, 0, 0], 2),
            n=1,
        ),
    ]


def transposed(call, space, n, out, kernel, activation=None, bias=True, groups=1, **how):
    """PyTorch's weights are [in, out / groups, …k]; the language's are [...k, in / groups, out]."""
    layer, rank = call.split("(")[0], len(space)
    conv = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    weights = {f"{layer}_1.W": draw(call + "W", *kernel, n // groups, out, scale=0.5)}
    if bias:
        weights[f"{layer}_1.b"] = draw(call + "b", out, scale=0.5)

    def forward(i, w):
        parts = w[f"{layer}_1.W"].chunk(groups, -1)
        weight = torch.cat([part.permute(rank, rank + 1, *range(rank)) for part in parts])
        z = conv(hand.channels_first(i["x"]), weight, w.get(f"{layer}_1.b"), groups=groups, **how)
        return hand.channels_last(activation(z) if activation else z)

    return model_record(call, f"x |> {call}", {"x": draw(call, 2, *space, n)}, forward, weights)


def transposed_convolutions():
    return [
        transposed(
            "conv1d_transpose(4, kernel: 3, stride: 2, padding: 1, dilation: 2, groups: 2, output_padding: 1)",
            [4],
            2,
            4,
            [3],
            **dict(stride=2, padding=1, dilation=2, groups=2, output_padding=1),
        ),
        transposed(
            "conv1d_transpose(2, kernel: 3, activation: tanh, use_bias: false, init: he_normal())",
            [4],
            2,
            2,
            [3],
            torch.tanh,
            bias=False,
        ),
        transposed(
            "conv2d_transpose(2, kernel: [2, 3], stride: [3, 2], output_padding: [2, 1])",
            [3, 2],
            2,
            2,
            [2, 3],
            **dict(stride=[3, 2], output_padding=[2, 1]),
        ),
        transposed(
            "conv3d_transpose(2, kernel: 2, stride: 2, padding: 1, dilation: 2, groups: 2, output_padding: 1)",
            [2, 2, 2],
            2,
            2,
            [2, 2, 2],
            **dict(stride=2, padding=1, dilation=2, groups=2, output_padding=1),
        ),
        transposed(
            "conv3d_transpose(1, kernel: [1, 2, 1], activation: tanh, use_bias: false, init: he_normal())",
            [2, 2, 1],
            2,
            1,
            [1, 2, 1],
            torch.tanh,
            bias=False,
        ),
    ]


def main():
    write("tensors.json", [*places(), *runs(), *pools(), *transposed_convolutions()])


main()
