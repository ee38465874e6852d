"""Tensor functions and the layers made of them: values, and derivatives with respect to inputs."""

import torch

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


def main():
    write("tensors.json", [*places(), *runs()])


main()
