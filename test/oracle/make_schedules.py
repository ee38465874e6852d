"""Schedules: their values at some places of a training of 40 steps in 4 epochs."""

import math
import warnings

import torch

from records import number, write

STEPS, EPOCHS = 40, 4
PLACES = [1, 2, 3, 10, 11, 12, 13, 20, 21, 31, 40]


def half_cosine(low, high, share):
    """high at share 0, low at share 1"""
    return low + (high - low) * (1 + math.cos(math.pi * share)) / 2


def one_cycle(progress, rise=0.3, division=25, fall=1e4):
    low, peak = 0.4 / division, 0.4
    if progress < rise:
        return half_cosine(peak, low, progress / rise)
    return half_cosine(low / fall, peak, (progress - rise) / (1 - rise))


def of_torch(schedule, turns):
    """The rates of a scheduler of PyTorch that starts from 0.4, turn by turn."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler = schedule(optimizer)
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there are no updates between
        for _ in range(turns):
            rates.append(optimizer.param_groups[0]["lr"])
            scheduler.step()
    return rates


def milestones(at, rate):
    rates = of_torch(lambda o: torch.optim.lr_scheduler.MultiStepLR(o, at, gamma=rate), EPOCHS)
    return lambda step, epoch, progress: rates[epoch]


def warm_restarts(steps, growth=1, floor=0.0):
    kind = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts
    rates = of_torch(lambda o: kind(o, steps, growth, floor), STEPS)
    return lambda step, epoch, progress: rates[step - 1]


SCHEDULES = {
    "constant(0.3)": lambda step, epoch, progress: 0.3,
    "step_decay(0.8, rate: 0.5, every: 2)": lambda step, epoch, progress: 0.8 * 0.5 ** (epoch // 2),
    "exponential_decay(2e-3, rate: 0.97)": lambda step, epoch, progress: 2e-3 * 0.97**epoch,
    "cosine(0.4)": lambda step, epoch, progress: half_cosine(0, 0.4, progress),
    "cosine(0.4, floor: 0.1)": lambda step, epoch, progress: half_cosine(0.1, 0.4, progress),
    "ramp(from: 0.5, to: 0.9, steps: 20)": lambda step, epoch, progress: 0.5
    + 0.4 * min((step - 1) / 20, 1),
    "warmup(12)": lambda step, epoch, progress: min(step / 12, 1),
    "warmup(12) * cosine(0.4)": lambda step, epoch, progress: min(step / 12, 1)
    * half_cosine(0, 0.4, progress),
    "one_cycle(0.4)": lambda step, epoch, progress: one_cycle(progress),
    "one_cycle(0.4, rise: 0.6, division: 5, fall: 2)": lambda step, epoch, progress: one_cycle(
        progress, 0.6, 5, 2
    ),
    "milestones(0.4, at: [1, 3])": milestones([1, 3], 0.1),
    "milestones(0.4, at: [2, 2, 3], rate: 0.5)": milestones([2, 2, 3], 0.5),
    "milestones(0.4, at: [])": milestones([], 0.1),
    "warm_restarts(0.4, steps: 10)": warm_restarts(10),
    "warm_restarts(0.4, steps: 3, growth: 2, floor: 0.1)": warm_restarts(3, 2, 0.1),
    "warm_restarts(0.4, steps: 1, growth: 3)": warm_restarts(1, 3),
}


def points(schedule):
    for step in PLACES:
        epoch, progress = (step - 1) * EPOCHS // STEPS, (step - 1) / STEPS
        yield {
            "step": step,
            "epoch": epoch,
            "progress": progress,
            "value": number(schedule(step, epoch, progress)),
        }


def source(expression):
    return f"""model M {{
  input x: [batch]
  weight w: [] = 1
  loss w * x
}}
train M {{ optimizer sgd(lr: {expression})  batch 1  epochs {EPOCHS}  seed 1 }}
"""


write(
    "schedules.json",
    [
        {"name": expression, "source": source(expression), "points": list(points(schedule))}
        for expression, schedule in SCHEDULES.items()
    ],
)
