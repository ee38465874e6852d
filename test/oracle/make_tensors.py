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


def sample(call, grid, held=(), **how):
    def forward(i, _):
        image = hand.channels_first(i["x"])
        return hand.channels_last(F.grid_sample(image, i["grid"], **how))

    inputs = {"x": draw(call, 2, 4, 5, 2), "grid": grid}
    return model_record(call, call, inputs, forward, held=held)


def samples():
    x = draw("tile", 2, 3, 2)
    wide = draw("grid", 2, 3, 4, 2, scale=0.8)

    def padded(mode, edges, torch_mode):
        call = f'pad(x, [[0, 0], {edges}, [0, 0]], mode: "{mode}")'

        def forward(i, _):
            return hand.channels_last(F.pad(hand.channels_first(i["x"]), edges, mode=torch_mode))

        return model_record(call, call, {"x": draw("pad", 2, 4, 2)}, forward)

    return [
        model_record("tile", "tile(x, [1, 2, 3])", {"x": x}, lambda i, _: i["x"].tile(1, 2, 3)),
        padded("reflect", [3, 2], "reflect"),
        padded("edge", [1, 2], "replicate"),
        padded("wrap", [2, 3], "circular"),
        sample("grid_sample(x, grid)", wide, align_corners=False),
        sample(
            'grid_sample(x, grid, padding: "border", align_corners: true)',
            wide,
            padding_mode="border",
            align_corners=True,
        ),
        sample(
            'grid_sample(x, grid, mode: "nearest")',
            wide,
            held=("grid",),
            mode="nearest",
            align_corners=False,
        ),
    ]


def algebra():
    x, b = draw("solve", 2, 4, 4), draw("solve b", 2, 4, 2)
    # Without a pivot on the diagonal.
    x[0, 0, 0] = x[1, 1, 1] = 0
    square = x @ x.mT + 0.5 * torch.eye(4)
    definite = (square * 1000).round() / 1000
    return [
        model_record("cholesky(x)", "cholesky(x)", {"x": definite}, lambda i, _: torch.linalg.cholesky(i["x"])),
        model_record("solve(x, b)", "solve(x, b)", {"x": x, "b": b}, lambda i, _: torch.linalg.solve(i["x"], i["b"])),
        model_record(
            "solve(x, b, positive_definite: true)",
            "solve(x, b, positive_definite: true)",
            {"x": definite, "b": b},
            # The mean with the transpose, whose derivative is symmetric.
            lambda i, _: torch.linalg.solve((i["x"] + i["x"].mT) / 2, i["b"]),
        ),
    ]


def main():
    parts = [places(), runs(), pools(), transposed_convolutions(), samples(), algebra()]
    write("tensors.json", [record for part in parts for record in part])


main()
