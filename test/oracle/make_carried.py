"""Truncated backpropagation through time in PyTorch, the hidden state detached between batches: carried.json.

Five windows of three steps are two batches of two: window k of the first half and of the second stand in batch k, the fifth is
left out. Every pass begins with zeros. Losses of each step, weights at the end, and the loss of a pass without training."""

import json
from pathlib import Path

import torch

torch.set_default_dtype(torch.float64)
windows, batch, time, n, units, epochs, rate = 5, 2, 3, 2, 3, 2, 0.5


def numbers(count, phase):
    return torch.tensor([0.6 * torch.sin(torch.tensor(0.7 * i + phase)).item() for i in range(count)])


def lstm(x, h, c, W, U, b):
    outputs = []
    for step in range(x.shape[1]):
        i, f, g, o = (x[:, step] @ W + h @ U + b).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs, dim=1), h, c


def main():
    x = numbers(windows * time * n, 0.1).reshape(windows, time, n)
    y = numbers(windows * time * units, 0.2).reshape(windows, time, units)
    first = {
        "W": numbers(n * 4 * units, 0.3).reshape(n, 4 * units),
        "U": numbers(units * 4 * units, 0.4).reshape(units, 4 * units),
        "b": numbers(4 * units, 0.5),
    }
    weights = {name: value.clone().requires_grad_() for name, value in first.items()}
    optimizer = torch.optim.SGD(weights.values(), lr=rate)
    batches = windows // batch
    losses = []

    def one_pass(train):
        h = c = torch.zeros(batch, units)
        total = 0
        for k in range(batches):
            rows = [place * batches + k for place in range(batch)]
            outputs, h, c = lstm(x[rows], h, c, **weights)
            loss = ((outputs - y[rows]) ** 2).mean()
            total += loss.item() / batches
            h, c = h.detach(), c.detach()
            if train:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        return total

    for _ in range(epochs):
        one_pass(True)
    found = {
        "x": x.flatten().tolist(),
        "y": y.flatten().tolist(),
        "first": {name: value.flatten().tolist() for name, value in first.items()},
        "losses": losses,
        "last": {name: value.detach().flatten().tolist() for name, value in weights.items()},
        "evaluation": one_pass(False),
    }
    (Path(__file__).parent / "carried.json").write_text(json.dumps(found) + "\n")


main()
