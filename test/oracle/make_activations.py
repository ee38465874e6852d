"""Activations and elementary functions: values and derivatives on a grid that reaches to the extremes."""

import torch
import torch.nn.functional as F

from records import draw, model_record, write

GRID = [0.0, 1e-3, 0.1, 0.5, 1.0, 1.5, 2.0, 2.9, 3.1, 5.0, 8.0, 15.0, 20.5, 88.0, 89.0, 1e4, 3e38]
# -0 is no value of its own here, and the kinks of hard_sigmoid (±3) are a record of their own
POINTS = torch.tensor([*[-x for x in reversed(GRID[1:])], *GRID])

POINTWISE = {
    "linear(x)": lambda x: x * 1,
    "sigmoid(x)": torch.sigmoid,
    "tanh(x)": torch.tanh,
    "relu(x)": F.relu,
    "leaky_relu(x)": F.leaky_relu,
    "leaky_relu(x, slope: 0.2)": lambda x: F.leaky_relu(x, 0.2),
    "elu(x)": F.elu,
    "elu(x, alpha: 0.7)": lambda x: F.elu(x, 0.7),
    "selu(x)": F.selu,
    "gelu(x)": F.gelu,
    "silu(x)": F.silu,
    "softplus(x)": F.softplus,
    "softsign(x)": F.softsign,
    "hard_sigmoid(x)": F.hardsigmoid,
}

WITHIN = torch.tensor([-0.99, -0.5, -1e-3, 0.0, 1e-5, 0.25, 0.75, 0.999])
BEYOND = torch.tensor([1.001, 1.5, 2.0, 10.0, 1e4, 1e12, 3e38])
REAL = torch.tensor([-8.0, -2.5, -0.5, -1e-3, 0.0, 1e-5, 0.5, 1.0, 3.0, 20.0])
SIGNED = torch.tensor([-1e4, -8.0, -2.5, -0.5, -1e-3, 0.0, 1e-5, 0.5, 1.0, 3.0, 20.0, 1e12, 3e38])
OF_GAMMA = torch.tensor([-2.7, -1.5, -0.3, 1e-4, 0.2, 0.5, 0.999, 1.0, 1.5, 2.0, 2.001, 2.5, 7.9, 8.0, 30.0, 1e4])

ELEMENTARY = {
    "tan(x)": (torch.tan, REAL),
    "asin(x)": (torch.asin, WITHIN),
    "acos(x)": (torch.acos, WITHIN),
    "atan(x)": (torch.atan, torch.clamp(SIGNED, max=1e12)),
    "sinh(x)": (torch.sinh, REAL),
    "cosh(x)": (torch.cosh, REAL),
    "asinh(x)": (torch.asinh, torch.clamp(SIGNED, min=-8, max=1e12)),
    "acosh(x)": (torch.acosh, BEYOND[:-1]),
    "atanh(x)": (torch.atanh, WITHIN),
    "lgamma(x)": (torch.lgamma, OF_GAMMA),
    "digamma(x)": (torch.digamma, OF_GAMMA),
}


def maxout(x, groups):
    return x.reshape(*x.shape[:-1], groups, -1).max(-1).values


def pointwise(call, function, points=POINTS):
    # the derivative at each point is the one for cotangent 1, scaled
    return model_record(call, call, {"x": points}, lambda inputs, _: function(inputs["x"]))


EXTREME_ROWS = torch.tensor(
    [
        [0.0, 0.0, 0.0, 0.0],
        [15.0, -15.0, 88.0, 0.0],
        [-88.0, -89.0, -88.5, -89.0],
        [89.0, 88.0, 89.0, 0.0],
        [1e4, -1e4, 9999.0, 0.0],
        [3e38, 3e38, 1e38, 0.0],
        [-3e38, -3e38, -3e38, -3e38],
    ]
)


def rows(call, function, x):
    return model_record(call, call, {"x": x}, lambda inputs, _: function(inputs["x"]))


def main():
    records = [pointwise(call, function) for call, function in POINTWISE.items()]
    records += [pointwise(call, *rest) for call, rest in ELEMENTARY.items()]
    records.append(rows("softmax(x)", lambda x: torch.softmax(x, -1), EXTREME_ROWS))
    records.append(rows("log_softmax(x)", lambda x: torch.log_softmax(x, -1), EXTREME_ROWS))
    x = draw("softmax axis", 2, 3, 4)
    records.append(rows("softmax(x, axis: 1)", lambda x: torch.softmax(x, 1), x))
    records.append(rows("log_softmax(x, axis: 1)", lambda x: torch.log_softmax(x, 1), x))
    records.append(rows("maxout(x, groups: 3)", lambda x: maxout(x, 3), draw("maxout", 4, 6)))
    kinks = torch.tensor([-3.0, 3.0])
    record = model_record(
        "hard_sigmoid(x) at its ends",
        "hard_sigmoid(x)",
        {"x": kinks},
        lambda inputs, _: F.hardsigmoid(inputs["x"]),
    )
    records.append(record)
    for record in records:
        # f32 must hold what is asked of it
        assert all(abs(value) <= 3.4e38 for value in record["gradients"]["x"]["data"]), record[
            "name"
        ]
    write("activations.json", records)


main()
