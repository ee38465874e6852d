"""Optimizers that PyTorch 1.13 lacks (Lion, LAMB, lookahead, Muon), or has with a mistake that later versions mended (NAdam)."""

import torch


class NAdam(torch.optim.Optimizer):
    """As documented by PyTorch: 1.13 multiplies the product of the next step by the momentum of this one once more."""

    def __init__(self, values, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        super().__init__(values, dict(lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for value in group["params"]:
                self.update(value, group)

    def update(self, value, group):
        beta1, beta2 = group["betas"]
        state = self.state[value]
        if not state:
            zero = torch.zeros_like(value)
            state.update(t=0, product=1.0, m=zero.clone(), v=zero.clone())
        state["t"] += 1
        t, decay = state["t"], group["momentum_decay"]
        now = beta1 * (1 - 0.5 * 0.96 ** (t * decay))
        following = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * decay))
        state["product"] *= now
        m = state["m"] = beta1 * state["m"] + (1 - beta1) * value.grad
        v = state["v"] = beta2 * state["v"] + (1 - beta2) * value.grad**2
        m_hat = following * m / (1 - state["product"] * following)
        g_hat = (1 - now) * value.grad / (1 - state["product"])
        value -= group["lr"] * (m_hat + g_hat) / (torch.sqrt(v / (1 - beta2**t)) + group["eps"])


class Lion(torch.optim.Optimizer):
    """By its paper (Chen et al. 2023), algorithm 2."""

    def __init__(self, values, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(values, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for value in group["params"]:
                m = self.state[value].get("m", torch.zeros_like(value))
                direction = torch.sign(beta1 * m + (1 - beta1) * value.grad)
                value -= group["lr"] * (direction + group["weight_decay"] * value)
                self.state[value]["m"] = beta2 * m + (1 - beta2) * value.grad


class Lamb(torch.optim.Optimizer):
    """By its paper (You et al. 2019), algorithm 2, with φ the identity; the ratio is 1 where a norm is 0."""

    def __init__(self, values, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0):
        super().__init__(values, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for value in group["params"]:
                zero = torch.zeros_like(value)
                t, m, v = self.state[value].get("all", (0, zero, zero))
                t, g = t + 1, value.grad
                m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
                self.state[value]["all"] = (t, m, v)
                move = m / (1 - beta1**t) / (torch.sqrt(v / (1 - beta2**t)) + group["eps"])
                move = move + group["weight_decay"] * value
                length, moved = torch.linalg.norm(value), torch.linalg.norm(move)
                trust = length / moved if length > 0 and moved > 0 else 1.0
                value -= group["lr"] * trust * move


class Lookahead:
    """By its paper (Zhang et al. 2019), algorithm 1, around any optimizer: every k steps the slow weights move by alpha of the way."""

    def __init__(self, inner, k=5, alpha=0.5):
        self.inner, self.k, self.alpha, self.t = inner, k, alpha, 0
        self.slow = [value.detach().clone() for value in inner.param_groups[0]["params"]]

    @torch.no_grad()
    def step(self):
        self.inner.step()
        self.t += 1
        if self.t % self.k:
            return
        for slow, value in zip(self.slow, self.inner.param_groups[0]["params"]):
            slow += self.alpha * (value - slow)
            value.copy_(slow)


def orthogonalized(matrix):
    """Five steps of Newton and Schulz with the coefficients of Keller Jordan's Muon (2024), of which the larger side goes last."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (torch.linalg.norm(x) + 1e-7)
    for _ in range(5):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


class Muon(torch.optim.Optimizer):
    """By Keller Jordan (2024): of parameters as PyTorch lays them out, [out, …], here [k, …, in, out]; vectors are one row."""

    def __init__(self, values, lr=0.02, momentum=0.95, weight_decay=0.0):
        super().__init__(values, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for value in group["params"]:
                m = self.state[value].get("m", torch.zeros_like(value))
                m = self.state[value]["m"] = group["momentum"] * m + value.grad
                move = value.grad + group["momentum"] * m
                out = value.shape[-1] if value.dim() else 1
                matrix = move.reshape(-1, out).T
                step = orthogonalized(matrix) * max(1, matrix.shape[0] / matrix.shape[1]) ** 0.5
                value *= 1 - group["lr"] * group["weight_decay"]
                value -= group["lr"] * step.T.reshape(value.shape)
