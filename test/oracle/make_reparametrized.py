"""Layers with reparametrized weights: values and derivatives, and five steps of PyTorch's own weight_norm and spectral_norm."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, weight_norm

import layers_by_hand as hand
from records import draw, model_record, number, tensors, write


def changed(w, name):
    """The weight that a layer uses, by what stands below its name."""
    W, below = w[f"{name}.W"], f"{name}.reparametrize"
    if f"{below}.gain" in w:
        return W * w[f"{below}.gain"] / W.flatten(0, -2).norm(dim=0)
    if f"{below}.A" in w:
        A, B = w[f"{below}.A"], w[f"{below}.B"]
        return W + w["scale"] * (A @ B).reshape(W.shape)
    return W


def drawn(name, *shape, rank=None, bias=True):
    """A layer's parameters: with a rank those of lora, else those of weight_norm."""
    weights = {f"{name}.W": draw(name, *shape, scale=0.5)}
    if bias:
        weights[f"{name}.b"] = draw(name + "b", shape[-1], scale=0.5)
    below = f"{name}.reparametrize"
    if rank is None:
        weights[f"{below}.gain"] = draw(below, shape[-1]).abs() + 0.5
    else:
        rows = torch.Size(shape[:-1]).numel()
        weights[f"{below}.A"] = draw(below + "A", rows, rank, scale=0.5)
        weights[f"{below}.B"] = draw(below + "B", rank, shape[-1], scale=0.5)
    return weights


def record(name, call, shape, forward, *parts, scale=1.0):
    """`forward` takes x and the weights, of which `changed` finds the scale of lora."""
    weights = {key: value for part in parts for key, value in part.items()}

    def whole(inputs, w):
        return forward(inputs["x"], {**w, "scale": scale})

    return model_record(name, f"x |> {call}", {"x": draw(name, *shape)}, whole, weights)


def transposed(x, kernel, bias):
    """Kernels [...k, n, out], of one axis or three."""
    rank = x.dim() - 2
    weight = kernel.movedim(-2, 0).movedim(-1, 1)
    conv = {1: F.conv_transpose1d, 3: F.conv_transpose3d}[rank]
    return hand.channels_last(conv(hand.channels_first(x), weight)) + bias


def values():
    line = ["conv1d_1", "conv1d_transpose_1"]
    cube = ["conv3d_1", "conv3d_transpose_1"]

    def chain(names):
        def forward(x, w):
            first, second = names
            h = hand.conv(x, changed(w, first), w[f"{first}.b"])
            return transposed(h, changed(w, second), w[f"{second}.b"])

        return forward

    def gated(x, w):
        def dense(x, name):
            return x @ changed(w, name) + w[f"{name}.b"]

        h = F.silu(dense(x, "swiglu_1.gate")) * dense(x, "swiglu_1.value")
        return attention(h, w, "multi_head_attention_1")

    def attention(x, w, name):
        parts = ("query", "key", "value", "out")
        used = {f"m.{part}.W": changed(w, f"{name}.{part}") for part in parts}
        used |= {f"m.{part}.b": w[f"{name}.{part}.b"] for part in parts}
        return hand.multi_head_attention(x, used, "m", 1)

    def block(x, w):
        name = "transformer_block_1"

        def norm(x, part):
            scale, shift = (w[f"{name}.layer_norm_{part}.{one}"] for one in ("scale", "shift"))
            return F.layer_norm(x, x.shape[-1:], scale, shift)

        def dense(x, part):
            return x @ changed(w, f"{name}.dense_{part}") + w[f"{name}.dense_{part}.b"]

        x = x + attention(norm(x, 1), w, f"{name}.multi_head_attention_1")
        return x + dense(F.gelu(dense(norm(x, 2), 1)), 2)

    def heads(name, d):
        parts = [drawn(f"{name}.{part}", d, d, rank=1) for part in ("query", "key", "value", "out")]
        return {key: value for part in parts for key, value in part.items()}

    def norms(name, d):
        return {f"{name}.scale": draw(name, d) + 1, f"{name}.shift": draw(name + "t", d)}

    tiles = [f"tiled_conv2d_1.conv2d_{tile + 1}" for tile in range(4)]

    def tiled(x, w):
        """Kernels of one pixel: each of a 2 × 2 image's has its own."""
        used = torch.stack([changed(w, name)[0, 0] for name in tiles]).reshape(2, 2, 2, 1)
        return torch.einsum("bijn,ijno->bijo", x, used)

    own = "transformer_block_1"
    return [
        record(
            "lora of tiled convolutions",
            "tiled_conv2d(1, kernel: 1, use_bias: false, reparametrize: lora(1))",
            [1, 2, 2, 2],
            tiled,
            *(drawn(name, 1, 1, 2, 1, rank=1, bias=False) for name in tiles),
        ),
        record(
            "lora and weight_norm over one axis",
            "conv1d(2, kernel: 2, reparametrize: lora(1))"
            " |> conv1d_transpose(3, kernel: 2, reparametrize: weight_norm())",
            [2, 4, 2],
            chain(line),
            drawn(line[0], 2, 2, 2, rank=1),
            drawn(line[1], 2, 2, 3),
        ),
        record(
            "weight_norm and lora over three axes",
            "conv3d(2, kernel: [1, 2, 2], reparametrize: weight_norm())"
            " |> conv3d_transpose(1, kernel: [2, 1, 1], reparametrize: lora(rank: 2, alpha: 3))",
            [1, 2, 2, 3, 1],
            chain(cube),
            drawn(cube[0], 1, 2, 2, 1, 2),
            drawn(cube[1], 2, 1, 1, 2, 1, rank=2),
            scale=1.5,
        ),
        record(
            "lora of swiglu and attention",
            "swiglu(2, reparametrize: lora(1, init: normal(0, 1)))"
            " |> multi_head_attention(1, reparametrize: lora(1))",
            [1, 2, 2],
            gated,
            drawn("swiglu_1.gate", 2, 2, rank=1),
            drawn("swiglu_1.value", 2, 2, rank=1),
            heads("multi_head_attention_1", 2),
        ),
        record(
            "lora of a transformer_block",
            "transformer_block(1, expansion: 1, reparametrize: lora(1, alpha: 2))",
            [1, 2, 3],
            block,
            norms(f"{own}.layer_norm_1", 3),
            heads(f"{own}.multi_head_attention_1", 3),
            norms(f"{own}.layer_norm_2", 3),
            drawn(f"{own}.dense_1", 3, 3, rank=1),
            drawn(f"{own}.dense_2", 3, 3, rank=1),
            scale=2.0,
        ),
    ]


class Net(nn.Module):
    """Layers of x channels last, flattened before the last of them."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        x = hand.channels_first(x)
        for layer in self.layers[:-1]:
            x = layer(x)
        return self.layers[-1](hand.channels_last(x).flatten(1))


def kernel_of(layer, weight):
    """PyTorch's weight as ours, [...k, n, out]."""
    if isinstance(layer, nn.Linear):
        return weight.T
    if isinstance(layer, nn.ConvTranspose2d):
        return weight.permute(2, 3, 0, 1)
    return weight.permute(2, 3, 1, 0)


def run(name, calls, shape, net, names, read):
    """Five steps of descent on the squared error; `read(layer)` gives its parameters, ours by name."""
    lines = "\n".join(f"    |> {call}" for call in calls)
    source = f"""model M {{
  input  x: [batch, {", ".join(map(str, shape))}]
  target y: [batch, 2]
  h = x
{lines}
  output h
  loss mse(h, y)
}}
train M {{ optimizer sgd(lr: 0.1)  batch 3  epochs 1  seed 1 }}
"""
    batches = [
        {"x": draw(f"{name} x{i}", 3, *shape), "y": draw(f"{name} y{i}", 3, 2)} for i in range(5)
    ]

    def all_of():
        found = {}
        for own, layer in zip(names, net.layers):
            found |= {f"{own}.{key}": value.detach().clone() for key, value in read(layer).items()}
        return found

    start, losses = all_of(), []
    stepper = torch.optim.SGD(net.parameters(), lr=0.1)
    for batch in batches:
        stepper.zero_grad()
        loss = F.mse_loss(net(batch["x"]), batch["y"])
        loss.backward()
        stepper.step()
        losses.append(number(loss.item()))
    net.eval()
    return {
        "name": name,
        "source": source,
        "weights": tensors(start),
        "batches": [tensors(batch) for batch in batches],
        "losses": losses,
        "loss_parts": [{"mse": loss} for loss in losses],
        "penalties": [0] * 5,
        "after": tensors(all_of()),
        "predicted_after": tensors({"h": net(batches[0]["x"])}),
    }


def rounded(layer, name):
    """Short numbers, so that the file's are those that PyTorch began with."""
    with torch.no_grad():
        for key, value in layer.named_parameters():
            value.copy_(draw(name + key, *value.shape, scale=0.6))
    return layer


def runs():
    normal = [
        rounded(nn.Conv2d(2, 2, 2), "c"),
        rounded(nn.Conv2d(2, 2, 2, groups=2), "d"),
        rounded(nn.Linear(2, 2), "l"),
    ]
    spectral = [rounded(nn.ConvTranspose2d(2, 2, 2), "t"), rounded(nn.Linear(12, 2), "s")]

    def of_norm(layer):
        weight = kernel_of(layer, layer.weight_v)
        return {"W": weight, "b": layer.bias, "reparametrize.gain": layer.weight_g.flatten()}

    def of_spectrum(layer):
        own, weight = layer.parametrizations.weight[0], layer.parametrizations.weight.original
        kernel = kernel_of(layer, weight)
        # v goes through n, then the kernel; ours through the kernel, then n.
        k = len(kernel.shape) - 2
        v = own._v.reshape(kernel.shape[-2], *kernel.shape[:k]).movedim(0, -1).flatten()
        return {"W": kernel, "b": layer.bias, "reparametrize.u": own._u, "reparametrize.v": v}

    how = "reparametrize: weight_norm()"
    return [
        run(
            "weight_norm of convolutions and a dense layer",
            [
                f"conv2d(2, kernel: 2, {how})",
                f"depthwise_conv2d(2, {how})",
                "flatten()",
                f"dense(2, {how})",
            ],
            [3, 3, 2],
            Net(*(weight_norm(layer) for layer in normal)),
            ["conv2d_1", "depthwise_conv2d_1", "dense_1"],
            of_norm,
        ),
        run(
            "spectral_norm of a transposed convolution and a dense layer",
            [
                "conv2d_transpose(2, kernel: 2, reparametrize: spectral_norm())",
                "flatten()",
                "dense(2, reparametrize: spectral_norm(iterations: 2, epsilon: 1e-9))",
            ],
            [1, 2, 2],
            Net(
                parametrizations.spectral_norm(spectral[0]),
                parametrizations.spectral_norm(spectral[1], n_power_iterations=2, eps=1e-9),
            ),
            ["conv2d_transpose_1", "dense_1"],
            of_spectrum,
        ),
    ]


def main():
    torch.manual_seed(1)
    write("reparametrized.json", values())
    write("reparametrized_training.json", runs())


main()
