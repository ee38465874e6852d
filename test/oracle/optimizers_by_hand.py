"""Optimizers that PyTorch 1.13 lacks (Lion), or has with a mistake that later versions mended (NAdam)."""

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
