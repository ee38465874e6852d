"""Five steps of a net and its optimizer in torch come in; their record goes out."""

import torch

from records import draw, number, tensors

STEPS = 5


def run(
    name,
    source,
    weights,
    states,
    batches,
    loss,
    optimizer,
    outputs,
    penalty=None,
    before=None,
    each=False,
):
    """loss(parameters, states, batch) -> {loss name: scalar}, in training: it updates the states in place.
    penalty(parameters, batch) -> scalar; each: whether the weights after each step are told.
    outputs(parameters, states, batch) -> {output name: tensor}, after the five steps, for the first batch.
    """
    parameters = {key: value.clone().requires_grad_() for key, value in weights.items()}
    states = {key: value.clone() for key, value in states.items()}
    start = tensors({**weights, **states})
    stepper = optimizer(list(parameters.values()))
    losses, parts, penalties, after_each = [], [], [], []
    for step, batch in enumerate(batches, 1):
        if before:
            before(stepper, step)
        stepper.zero_grad()
        named = loss(parameters, states, batch)
        extra = penalty(parameters, batch) if penalty else torch.tensor(0.0)
        total = sum(named.values())
        (total + extra).backward()
        stepper.step()
        losses.append(number(total.item()))
        parts.append({key: number(value.item()) for key, value in named.items()})
        penalties.append(number(extra.item()))
        after_each.append(tensors({**parameters, **states}))
    with torch.no_grad():
        predicted = outputs(parameters, states, batches[0])
    return {
        "name": name,
        "source": source,
        "weights": start,
        "batches": [tensors(batch) for batch in batches],
        "losses": losses,
        "loss_parts": parts,
        "penalties": penalties,
        **({"after_each": after_each} if each else {"after": after_each[-1]}),
        "predicted_after": tensors(predicted),
    }


def dense(x, p, name):
    return x @ p[f"{name}.W"] + p[f"{name}.b"]


def dense_weights(name, n, out):
    return {
        f"{name}.W": draw(name + "W", n, out, scale=n**-0.5),
        f"{name}.b": draw(name + "b", out, scale=0.1),
    }
