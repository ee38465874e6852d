"""Optimizers: the weights after each of five steps along given gradients."""

import math

import torch

from optimizers_by_hand import Lamb, Lion, Lookahead, Muon, NAdam
from records import draw, number, tensor, tensors, write

STEPS = 5
W, B = draw("w", 3, 4), draw("b", 4)
GRADIENTS = [
    (draw(f"gw{i}", 3, 4, scale=s), draw(f"gb{i}", 4, scale=s))
    for i, s in enumerate([1, 0.3, 2, 0.01, 1])
]
GRADIENTS[2][0][0] = 0.0  # a row without a gradient for once
GRADIENTS[0][1][1] = 0.0

MODEL = """model P {
  input to_W: [batch, 3, 4]
  input to_b: [batch, 4]
  weight W: [3, 4] = 0
  bias b: [4] = 0
  loss sum(W * to_W, axis: [1, 2]) + sum(b * to_b, axis: 1)
}
"""


def record(
    name, settings, update, extra="", statement="", project=None, penalty=None, start=(W, B)
):
    """update(parameters) gives step_of(gradients, step), which changes them in place; step counts from 1. `statement`
    stands in the model: project(W) after each update, or penalty(W) added to what is minimised."""
    parameters = [value.clone().requires_grad_() for value in start]
    step_of = update(parameters)
    losses, penalties, each = [], [], []
    for step, gradients in enumerate(GRADIENTS, 1):
        losses.append(
            number(sum((p.detach() * g).sum().item() for p, g in zip(parameters, gradients)))
        )
        added = [torch.zeros(3, 4), torch.zeros(4)]
        if penalty:
            amount = penalty(parameters[0])
            added[0] = torch.autograd.grad(amount, parameters[0])[0]
            penalties.append(number(amount.item()))
        step_of([g + more for g, more in zip(gradients, added)], step)
        if project:
            with torch.no_grad():
                parameters[0].copy_(project(parameters[0]))
        each.append(tensors({"W": parameters[0], "b": parameters[1]}))
    return {
        "name": name,
        "source": f"{MODEL[:-2]}{statement}}}\ntrain P {{ optimizer {settings}  batch 1  epochs 1  seed 1{extra} }}\n",
        "weights": tensors({"W": start[0], "b": start[1]}),
        "batches": [{"to_W": tensor(gw[None]), "to_b": tensor(gb[None])} for gw, gb in GRADIENTS],
        "losses": losses,
        "penalties": penalties or [0] * STEPS,
        "after_each": each,
    }


def of_torch(make, before=None):
    def update(parameters):
        optimizer = make(parameters)

        def step_of(gradients, step):
            if before:
                before(optimizer, gradients, step)
            for parameter, gradient in zip(parameters, gradients):
                parameter.grad = gradient
            optimizer.step()

        return step_of

    return update


def clip_norm(limit):
    def before(_, gradients, __):
        norm = math.sqrt(sum((g**2).sum().item() for g in gradients))
        for gradient in gradients:
            gradient.mul_(min(1, limit / norm))

    return before


def clip_value(limit):
    def before(_, gradients, __):
        for gradient in gradients:
            gradient.clamp_(-limit, limit)

    return before


def ramp_momentum(optimizer, _, step):
    optimizer.param_groups[0]["momentum"] = 0.5 + 0.4 * min((step - 1) / 3, 1)


def falling_rate(optimizer, _, step):
    optimizer.param_groups[0]["lr"] = 0.1 * min(step / 3, 1)


def ramp_beta(optimizer, _, step):
    optimizer.param_groups[0]["betas"] = (0.5 + 0.4 * min((step - 1) / 3, 1), 0.999)


def ramp_decay(optimizer, _, step):
    optimizer.param_groups[0]["weight_decay"] = 0.2 * min(step / 4, 1)


def kernels():
    """muon on a kernel, a scalar and a matrix with more columns than rows, which the model of the other records has not."""
    shapes = {"K": (2, 2, 2, 3), "A": (2, 5), "s": ()}
    given = {name: draw(f"muon {name}", *shape) for name, shape in shapes.items()}
    batches = [
        {name: draw(f"muon gradient {name} {step}", *shape) for name, shape in shapes.items()}
        for step in range(STEPS)
    ]
    parameters = {name: value.clone().requires_grad_() for name, value in given.items()}
    optimizer = Muon(parameters.values(), lr=0.1, momentum=0.6, weight_decay=0.3)
    losses, each = [], []
    for gradients in batches:
        losses.append(
            number(sum((p.detach() * gradients[n]).sum().item() for n, p in parameters.items()))
        )
        for name, parameter in parameters.items():
            parameter.grad = gradients[name]
        optimizer.step()
        each.append(tensors(parameters))
    lines = [
        *(f"  input to_{n}: [{', '.join(map(str, ('batch', *s)))}]" for n, s in shapes.items()),
        *(f"  weight {n}: [{', '.join(map(str, s))}] = 0" for n, s in shapes.items()),
        "  loss sum(K * to_K, axis: [1, 2, 3, 4]) + sum(A * to_A, axis: [1, 2]) + s * to_s",
    ]
    model = "\n".join(["model P {", *lines, "}"])
    settings = "muon(lr: 0.1, momentum: 0.6, weight_decay: 0.3)"
    return {
        "name": "muon of a kernel, a flat matrix and a scalar",
        "source": f"{model}\ntrain P {{ optimizer {settings}  batch 1  epochs 1  seed 1 }}\n",
        "weights": tensors(given),
        "batches": [{f"to_{n}": tensor(g[None]) for n, g in one.items()} for one in batches],
        "losses": losses,
        "penalties": [0] * STEPS,
        "after_each": each,
    }


def newer():
    t = torch.optim
    return [
        record(
            "adam with a ramp of beta1",
            "adam(lr: 0.05, beta1: ramp(from: 0.5, to: 0.9, steps: 3))",
            of_torch(lambda p: t.Adam(p, lr=0.05, betas=(0.5, 0.999)), ramp_beta),
        ),
        record(
            "adamw with a warmup of weight_decay",
            "adamw(lr: 0.05, weight_decay: 0.2 * warmup(4))",
            of_torch(lambda p: t.AdamW(p, lr=0.05, weight_decay=0.05), ramp_decay),
        ),
        record("adamax", "adamax()", of_torch(lambda p: t.Adamax(p))),
        record(
            "adamax with other numbers",
            "adamax(lr: 0.05, beta1: 0.5, beta2: 0.7, epsilon: 0.1)",
            of_torch(lambda p: t.Adamax(p, lr=0.05, betas=(0.5, 0.7), eps=0.1)),
        ),
        record("lamb", "lamb(lr: 0.05)", of_torch(lambda p: Lamb(p, lr=0.05))),
        record(
            "lamb with other numbers",
            "lamb(beta1: 0.5, beta2: 0.8, epsilon: 0.1, weight_decay: 0.3)",
            of_torch(lambda p: Lamb(p, betas=(0.5, 0.8), eps=0.1, weight_decay=0.3)),
        ),
        record(
            "lamb from zero",
            "lamb(lr: 0.01)",
            of_torch(lambda p: Lamb(p, lr=0.01)),
            start=(torch.zeros_like(W), B),
        ),
        record(
            "lookahead, every second step",
            "lookahead(lr: 0.1, every: 2)",
            of_torch(lambda p: Lookahead(t.Adam(p, lr=0.1), k=2)),
        ),
        record(
            "lookahead with other numbers",
            "lookahead(beta1: 0.5, beta2: 0.9, epsilon: 1e-3, every: 3, share: 0.8)",
            of_torch(lambda p: Lookahead(t.Adam(p, betas=(0.5, 0.9), eps=1e-3), k=3, alpha=0.8)),
        ),
        record("muon", "muon()", of_torch(lambda p: Muon(p))),
        kernels(),
    ]


def norms(w):
    return torch.sqrt((w**2).sum(0, keepdim=True))


def constrained():
    """Projections and regularizers on the weights, the bias left alone."""
    plain = of_torch(lambda p: torch.optim.SGD(p, lr=0.1))

    def projected(call, project):
        line = f"  project {call} on weights\n"
        return record(f"sgd with {call}", "sgd(lr: 0.1)", plain, statement=line, project=project)

    def penalised(call, penalty):
        line = f"  regularize {call} on weights\n"
        return record(f"sgd with {call}", "sgd(lr: 0.1)", plain, statement=line, penalty=penalty)

    return [
        projected("max_norm(limit: 1.5)", lambda w: w * torch.clamp(1.5 / norms(w), max=1)),
        projected("unit_norm()", lambda w: w / norms(w)),
        projected("non_negative()", lambda w: torch.clamp(w, min=0)),
        penalised("l1(0.2)", lambda w: 0.2 * w.abs().sum()),
        penalised("l2(0.2)", lambda w: 0.2 * (w**2).sum()),
        penalised("elastic_net(0.1, 0.3)", lambda w: 0.1 * w.abs().sum() + 0.3 * (w**2).sum()),
    ]


def main():
    t = torch.optim
    records = [
        record("sgd", "sgd(lr: 0.1)", of_torch(lambda p: t.SGD(p, lr=0.1))),
        record(
            "sgd with momentum",
            "sgd(lr: 0.1, momentum: 0.9)",
            of_torch(lambda p: t.SGD(p, lr=0.1, momentum=0.9)),
        ),
        record(
            "sgd with nesterov",
            "sgd(lr: 0.1, momentum: 0.9, nesterov: true)",
            of_torch(lambda p: t.SGD(p, lr=0.1, momentum=0.9, nesterov=True)),
        ),
        record(
            "sgd with a ramp of momentum",
            "sgd(lr: 0.1, momentum: ramp(from: 0.5, to: 0.9, steps: 3))",
            of_torch(lambda p: t.SGD(p, lr=0.1, momentum=0.5), ramp_momentum),
        ),
        record("adagrad", "adagrad()", of_torch(lambda p: t.Adagrad(p))),
        record("adagrad, faster", "adagrad(lr: 0.5)", of_torch(lambda p: t.Adagrad(p, lr=0.5))),
        record(
            "adagrad, epsilon 0.2",
            "adagrad(epsilon: 0.2)",
            of_torch(lambda p: t.Adagrad(p, eps=0.2)),
        ),
        record("rmsprop", "rmsprop()", of_torch(lambda p: t.RMSprop(p))),
        record(
            "rmsprop with momentum",
            "rmsprop(lr: 0.02, decay: 0.9, momentum: 0.8)",
            of_torch(lambda p: t.RMSprop(p, lr=0.02, alpha=0.9, momentum=0.8)),
        ),
        record(
            "rmsprop, epsilon 0.2",
            "rmsprop(epsilon: 0.2)",
            of_torch(lambda p: t.RMSprop(p, eps=0.2)),
        ),
        record("adadelta", "adadelta()", of_torch(lambda p: t.Adadelta(p))),
        record(
            "adadelta with other numbers",
            "adadelta(lr: 0.4, decay: 0.6, epsilon: 1e-2)",
            of_torch(lambda p: t.Adadelta(p, lr=0.4, rho=0.6, eps=1e-2)),
        ),
        record("adam", "adam()", of_torch(lambda p: t.Adam(p))),
        record(
            "adam with other numbers",
            "adam(lr: 0.05, beta1: 0.5, beta2: 0.9, epsilon: 1e-3)",
            of_torch(lambda p: t.Adam(p, lr=0.05, betas=(0.5, 0.9), eps=1e-3)),
        ),
        record(
            "adam with a warmup",
            "adam(lr: warmup(3) * 0.1)",
            of_torch(lambda p: t.Adam(p), falling_rate),
        ),
        record(
            "adamw",
            "adamw(lr: 0.05, weight_decay: 0.1)",
            of_torch(lambda p: t.AdamW(p, lr=0.05, weight_decay=0.1)),
        ),
        record(
            "adamw with other numbers",
            "adamw(beta1: 0.4, beta2: 0.8, epsilon: 0.1)",
            of_torch(lambda p: t.AdamW(p, betas=(0.4, 0.8), eps=0.1)),
        ),
        record("nadam", "nadam()", of_torch(lambda p: NAdam(p))),
        record("nadam, faster", "nadam(lr: 0.1)", of_torch(lambda p: NAdam(p, lr=0.1))),
        record(
            "nadam with other numbers",
            "nadam(beta1: 0.7, beta2: 0.8, epsilon: 0.1, momentum_decay: 5)",
            of_torch(lambda p: NAdam(p, betas=(0.7, 0.8), eps=0.1, momentum_decay=5)),
        ),
        record(
            "lion with other numbers",
            "lion(lr: 0.01, beta1: 0.3, beta2: 0.6)",
            of_torch(lambda p: Lion(p, lr=0.01, betas=(0.3, 0.6))),
        ),
        record(
            "lion",
            "lion(lr: 0.01, weight_decay: 0.1)",
            of_torch(lambda p: Lion(p, lr=0.01, weight_decay=0.1)),
        ),
        record(
            "sgd with clip_norm",
            "sgd(lr: 0.1)",
            of_torch(lambda p: t.SGD(p, lr=0.1), clip_norm(2)),
            "  clip_norm 2",
        ),
        record(
            "sgd with clip_value",
            "sgd(lr: 0.1)",
            of_torch(lambda p: t.SGD(p, lr=0.1), clip_value(0.5)),
            "  clip_value 0.5",
        ),
        record(
            "adam with clip_norm",
            "adam(lr: 0.05)",
            of_torch(lambda p: t.Adam(p, lr=0.05), clip_norm(1)),
            "  clip_norm 1",
        ),
    ]
    records += newer()
    records += constrained()
    write("optimizers.json", records)


main()
