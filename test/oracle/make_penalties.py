"""Losses and penalties made of derivatives: five steps of each by PyTorch's double backward, with the weights after each."""

import torch
import torch.nn.functional as F

import layers_by_hand as hand
from records import draw, write
from runs import STEPS, dense, dense_weights, run


def penalized(name, source, weights, batches, loss, optimizer, outputs, penalty=None):
    def named(p, _, batch):
        return {"loss": loss(p, batch)}

    def predicted(p, _, batch):
        return outputs(p, batch)

    return run(
        name, source, weights, {}, batches, named, optimizer, predicted, penalty, each=True
    )


def slope_of(value, x):
    """By the inputs, to be differentiated again."""
    return torch.autograd.grad(value.sum(), x, create_graph=True)[0]


def jacobian(code, x):
    """[batch, out, …x]: of each entry of code: [batch, out] by its own example."""
    return torch.stack([slope_of(code[:, unit], x) for unit in range(code.shape[1])], 1)


def adam(values):
    return torch.optim.Adam(values, lr=0.02, betas=(0.5, 0.9))


def descent(values):
    return torch.optim.SGD(values, lr=0.1)


def points(name, *shape):
    return [{"x": draw(f"{name}{i}", *shape)} for i in range(STEPS)]


def critic_of_points():
    source = """layer critic(x: [batch, n]): [batch] {
  x = x |> dense(6, activation: tanh) |> dense(5, activation: softplus) |> dense(1)
  return x[:, 0]
}
model Critic {
  input real: [batch, 3]
  input fake: [batch, 3]
  input share: [batch, 1]
  shared score = critic()
  between = share * real + (1 - share) * fake
  slope = grad(score(between), between)
  output rated = score(real)
  loss score(fake) - score(real)
  regularize 10 * mean((sqrt(sum(slope ^ 2, axis: 1)) - 1) ^ 2)
}
train Critic { optimizer adam(lr: 0.02, beta1: 0.5, beta2: 0.9)  batch 4  epochs 1  seed 1 }
"""
    weights = {
        **dense_weights("score.dense_1", 3, 6),
        **dense_weights("score.dense_2", 6, 5),
        **dense_weights("score.dense_3", 5, 1),
    }
    batches = [
        {
            "real": draw(f"real{i}", 4, 3),
            "fake": draw(f"fake{i}", 4, 3) + 1,
            "share": draw(f"share{i}", 4, 1).abs() % 1,
        }
        for i in range(STEPS)
    ]

    def score(p, x):
        h = F.softplus(dense(torch.tanh(dense(x, p, "score.dense_1")), p, "score.dense_2"))
        return dense(h, p, "score.dense_3")[:, 0]

    def penalty(p, batch):
        share = batch["share"]
        x = (share * batch["real"] + (1 - share) * batch["fake"]).requires_grad_()
        return 10 * ((slope_of(score(p, x), x).pow(2).sum(1).sqrt() - 1) ** 2).mean()

    return penalized(
        "gradient penalty: a critic between real and fake",
        source,
        weights,
        batches,
        lambda p, batch: (score(p, batch["fake"]) - score(p, batch["real"])).mean(),
        adam,
        lambda p, batch: {"rated": score(p, batch["real"])},
        penalty,
    )


def critic_of_sequences():
    source = """model Critic {
  input x: [batch, 4, 2]
  target wanted: [batch]
  h = x |> gru(3)
  score = (h[:, -1] |> dense(1))[:, 0]
  slope = grad(score, x)
  output rated = score
  loss mse(score, wanted)
  regularize mean((sqrt(sum(slope ^ 2, axis: [1, 2])) - 1) ^ 2)
}
train Critic { optimizer adam(lr: 0.02, beta1: 0.5, beta2: 0.9)  batch 3  epochs 1  seed 1 }
"""
    weights = {**gru_weights(2, 3), **dense_weights("dense_1", 3, 1)}
    batches = [
        {"x": draw(f"walk{i}", 3, 4, 2), "wanted": draw(f"wanted{i}", 3)} for i in range(STEPS)
    ]

    def score(p, x):
        return dense(states(p, x)[:, -1], p, "dense_1")[:, 0]

    def penalty(p, batch):
        x = batch["x"].clone().requires_grad_()
        return ((slope_of(score(p, x), x).pow(2).sum((1, 2)).sqrt() - 1) ** 2).mean()

    return penalized(
        "gradient penalty: through a gru",
        source,
        weights,
        batches,
        lambda p, batch: F.mse_loss(score(p, batch["x"]), batch["wanted"]),
        adam,
        lambda p, batch: {"rated": score(p, batch["x"])},
        penalty,
    )


def gru_weights(n, units):
    return {
        "gru_1.W": draw("gru", n, 3 * units, scale=0.6),
        "gru_1.U": draw("gruU", units, 3 * units, scale=0.6),
        "gru_1.b": draw("grub", 3 * units, scale=0.1),
    }


def states(p, x):
    return hand.gru(x, p["gru_1.W"], p["gru_1.U"], p["gru_1.b"])


def contractive():
    source = """model Contractive {
  input x: [batch, 5]
  code = x |> dense(4, activation: tanh) |> dense(3, activation: sigmoid)
  output restored = code |> dense(5)
  loss sum((restored - x) ^ 2, axis: 1)
  regularize 0.5 * mean(sum(jacobian(code, x) ^ 2, axis: [1, 2]))
}
train Contractive { optimizer sgd(lr: 0.1)  batch 4  epochs 1  seed 1 }
"""
    weights = {
        **dense_weights("dense_1", 5, 4),
        **dense_weights("dense_2", 4, 3),
        **dense_weights("dense_3", 3, 5),
    }

    def code(p, x):
        return torch.sigmoid(dense(torch.tanh(dense(x, p, "dense_1")), p, "dense_2"))

    def penalty(p, batch):
        x = batch["x"].clone().requires_grad_()
        return 0.5 * jacobian(code(p, x), x).pow(2).sum((1, 2)).mean()

    return penalized(
        "contractive penalty: an encoder's jacobian",
        source,
        weights,
        points("contractive", 4, 5),
        lambda p, batch: ((dense(code(p, batch["x"]), p, "dense_3") - batch["x"]) ** 2).sum(1).mean(),
        descent,
        lambda p, batch: {"restored": dense(code(p, batch["x"]), p, "dense_3")},
        penalty,
    )


def contractive_sequence():
    source = """model Contractive {
  input x: [batch, 3, 2]
  h = x |> gru(3)
  code = h[:, -1]
  output restored = code |> dense(6)
  loss sum((restored - flatten(x)) ^ 2, axis: 1)
  regularize 0.5 * mean(sum(jacobian(code, x) ^ 2, axis: [1, 2, 3]))
}
train Contractive { optimizer sgd(lr: 0.1)  batch 3  epochs 1  seed 1 }
"""
    weights = {**gru_weights(2, 3), **dense_weights("dense_1", 3, 6)}

    def restored(p, x):
        return dense(states(p, x)[:, -1], p, "dense_1")

    def penalty(p, batch):
        x = batch["x"].clone().requires_grad_()
        return 0.5 * jacobian(states(p, x)[:, -1], x).pow(2).sum((1, 2, 3)).mean()

    return penalized(
        "contractive penalty: the jacobian of a gru",
        source,
        weights,
        points("steps", 3, 3, 2),
        lambda p, batch: ((restored(p, batch["x"]) - batch["x"].flatten(1)) ** 2).sum(1).mean(),
        descent,
        lambda p, batch: {"restored": restored(p, batch["x"])},
        penalty,
    )


def curvature():
    source = """model Curvature {
  input x: [batch, 3]
  target wanted: [batch]
  z = x |> dense(5, activation: tanh) |> dense(1)
  slope = grad(z, x)
  bend = grad(slope ^ 2, x)
  output value = z[:, 0]
  output steepness = slope
  loss mse(value, wanted)
  regularize 0.1 * mean(sum(bend ^ 2, axis: 1))
}
train Curvature { optimizer sgd(lr: 0.1)  batch 4  epochs 1  seed 1 }
"""
    weights = {**dense_weights("dense_1", 3, 5), **dense_weights("dense_2", 5, 1)}
    batches = [
        {"x": draw(f"bend{i}", 4, 3), "wanted": draw(f"to{i}", 4)} for i in range(STEPS)
    ]

    def value(p, x):
        return dense(torch.tanh(dense(x, p, "dense_1")), p, "dense_2")[:, 0]

    def steepness(p, batch):
        with torch.enable_grad():
            x = batch["x"].clone().requires_grad_()
            return slope_of(value(p, x), x)

    def penalty(p, batch):
        x = batch["x"].clone().requires_grad_()
        bend = slope_of(slope_of(value(p, x), x) ** 2, x)
        return 0.1 * bend.pow(2).sum(1).mean()

    return penalized(
        "curvature penalty: a derivative of the third order",
        source,
        weights,
        batches,
        lambda p, batch: F.mse_loss(value(p, batch["x"]), batch["wanted"]),
        descent,
        lambda p, batch: {"value": value(p, batch["x"]), "steepness": steepness(p, batch)},
        penalty,
    )


def meta_learning():
    """Finn et al. 2017: two steps of each task on its own examples, from weights that all tasks begin with."""
    source = """fn net(x: [tasks, shots, 1], W, b, V) = sum(tanh(x @ W + b) * V, axis: -1)
model Meta(rate = 0.2) {
  input seen: [batch, 4, 1]
  input seen_value: [batch, 4]
  input unseen: [batch, 5, 1]
  target unseen_value: [batch, 5]
  weight W: [1, 6] ~ normal(0, 1)
  bias b: [6] = 0
  weight V: [6] ~ normal(0, 1)
  own_W = tile(W[new], [batch, 1, 1])
  own_b = tile(b[new, new], [batch, 1, 1])
  own_V = tile(V[new, new], [batch, 1, 1])
  for turn in range(2) {
    task_loss = mean((net(seen, own_W, own_b, own_V) - seen_value) ^ 2, axis: 1)
    slope_W, slope_b, slope_V = grad(task_loss, [own_W, own_b, own_V])
    own_W = own_W - rate * slope_W
    own_b = own_b - rate * slope_b
    own_V = own_V - rate * slope_V
  }
  output adapted = net(unseen, own_W, own_b, own_V)
  loss mse(adapted, unseen_value)
}
train Meta { optimizer adam(lr: 0.02, beta1: 0.5, beta2: 0.9)  batch 3  epochs 1  seed 1 }
"""
    weights = {"W": draw("meta", 1, 6), "b": draw("metab", 6, scale=0.3), "V": draw("metaV", 6)}
    batches = [
        {
            "seen": draw(f"seen{i}", 3, 4, 1),
            "seen_value": draw(f"seenv{i}", 3, 4),
            "unseen": draw(f"unseen{i}", 3, 5, 1),
            "unseen_value": draw(f"unseenv{i}", 3, 5),
        }
        for i in range(STEPS)
    ]

    def net(x, W, b, V):
        return (torch.tanh(x @ W + b) * V).sum(-1)

    def adapted(p, batch):
        found = []
        with torch.enable_grad():
            for task in range(3):
                own = [p["W"], p["b"], p["V"]]
                for _ in range(2):
                    error = net(batch["seen"][task], *own) - batch["seen_value"][task]
                    slopes = torch.autograd.grad((error**2).mean(), own, create_graph=True)
                    own = [value - 0.2 * slope for value, slope in zip(own, slopes)]
                found.append(net(batch["unseen"][task], *own))
        return torch.stack(found)

    return penalized(
        "meta-learning: a derivative through two steps of each task",
        source,
        weights,
        batches,
        lambda p, batch: F.mse_loss(adapted(p, batch), batch["unseen_value"]),
        adam,
        lambda p, batch: {"adapted": adapted(p, batch)},
    )


def main():
    records = [
        critic_of_points(),
        critic_of_sequences(),
        contractive(),
        contractive_sequence(),
        curvature(),
        meta_learning(),
    ]
    write("penalties.json", records)


main()
