"""A dense net and a net of convolutions in half precision: every result rounded to float16, sums in float32, as are masters and their gradients."""

import torch
import torch.nn.functional as F

from records import draw, draw_integers, tensors, write


class Half(torch.autograd.Function):
    """Rounds a value, and its cotangent on the way back."""

    @staticmethod
    def forward(ctx, x):
        return x.half().float()

    @staticmethod
    def backward(ctx, g):
        return g.half().float()


class Read(torch.autograd.Function):
    """A master as its half: the cotangent stays in single precision."""

    @staticmethod
    def forward(ctx, w):
        return w.half().float()

    @staticmethod
    def backward(ctx, g):
        return g


half, read = Half.apply, Read.apply


def dense(x, w, name):
    z = half(x @ read(w[f"{name}.W"]))
    return half(z + read(w[f"{name}.b"]))


def conv(x, w, name):
    kernel = read(w[f"{name}.W"]).permute(3, 2, 0, 1)
    z = half(F.conv2d(x.permute(0, 3, 1, 2), kernel).permute(0, 2, 3, 1))
    return half(z + read(w[f"{name}.b"]))


def record(name, body, shape, forward, weights, classes):
    """One step of sgd with a rate of 1 takes the gradient of the mean loss away."""
    x = draw(name, *shape).float()
    y = draw_integers(name, classes, shape[0])
    w = {key: value.float().requires_grad_() for key, value in weights.items()}
    logits = forward(half(x), w)
    loss = F.cross_entropy(logits, y)
    loss.backward()
    sizes = ", ".join(map(str, shape[1:]))
    lines = [
        "model M {",
        f"  input x: [batch, {sizes}]",
        f"  target t: category({classes})[batch]",
        f"  logits = f16(x) |> {body}",
        "  output y = logits",
        "  loss cross_entropy(f32(logits), t)",
        "}",
        f"train M {{ minimize cross_entropy with sgd(lr: 1); batch {shape[0]}; epochs 1 }}",
    ]
    return {
        "name": name,
        "source": "\n".join(lines),
        "weights": tensors(w),
        "inputs": tensors({"x": x, "t": y}),
        "outputs": tensors({"y": logits}),
        "losses": [float(f"{loss.item():.9g}")],
        "gradients": tensors({key: value.grad for key, value in w.items()}),
    }


def main():
    torch.manual_seed(0)
    deep = {
        "dense_1.W": draw("d1", 20, 32, scale=0.3),
        "dense_1.b": draw("d1b", 32, scale=0.1),
        "dense_2.W": draw("d2", 32, 5, scale=0.3),
        "dense_2.b": draw("d2b", 5, scale=0.1),
    }
    seen = {
        "conv2d_1.W": draw("c1", 3, 3, 2, 4, scale=0.3),
        "conv2d_1.b": draw("c1b", 4, scale=0.1),
        "conv2d_2.W": draw("c2", 3, 3, 4, 6, scale=0.3),
        "conv2d_2.b": draw("c2b", 6, scale=0.1),
        "dense_1.W": draw("c3", 96, 3, scale=0.3),
        "dense_1.b": draw("c3b", 3, scale=0.1),
    }

    def plain(x, w):
        return dense(half(torch.tanh(dense(x, w, "dense_1"))), w, "dense_2")

    def convolved(x, w):
        h = F.relu(conv(x, w, "conv2d_1"))
        h = F.relu(conv(h, w, "conv2d_2"))
        return dense(h.flatten(1), w, "dense_1")

    write(
        "halves.json",
        [
            record("dense", "dense(32, tanh) |> dense(5)", (16, 20), plain, deep, 5),
            record(
                "convolutions",
                "conv2d(4, 3, activation: relu) |> conv2d(6, 3, activation: relu) |> flatten |> dense(3)",
                (8, 8, 8, 2),
                convolved,
                seen,
                3,
            ),
        ],
    )


main()
