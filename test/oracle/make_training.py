"""Whole runs: the losses of five steps and the weights after them, for nets like the programs'."""

import torch
import torch.nn.functional as F

import layers_by_hand as hand
from optimizers_by_hand import NAdam
from records import draw, draw_integers, write
from runs import STEPS, dense, dense_weights, run


def mlp():
    source = """model Mlp {
  input  x: [batch, 6]
  target digit: category(4)[batch]
  logits = x |> dense(8, activation: relu) |> dense(5, activation: tanh) |> dense(4, name: "head")
  output probability = softmax(logits)
  loss cross_entropy(logits, digit)
  regularize l2(1e-2) on weights
  metric accuracy(logits, digit)
}
train Mlp { optimizer adam(lr: 0.01)  batch 8  epochs 1  seed 1 }
"""
    weights = {
        **dense_weights("dense_1", 6, 8),
        **dense_weights("dense_2", 8, 5),
        **dense_weights("head", 5, 4),
    }
    batches = [
        {"x": draw(f"mlp{i}", 8, 6), "digit": draw_integers(f"mlp{i}", 4, 8)} for i in range(STEPS)
    ]

    def logits(p, batch):
        return dense(
            torch.tanh(dense(F.relu(dense(batch["x"], p, "dense_1")), p, "dense_2")), p, "head"
        )

    def penalty(p, _):
        return 1e-2 * sum((value**2).sum() for key, value in p.items() if key.endswith(".W"))

    return run(
        "mlp: relu, cross_entropy, adam, l2",
        source,
        weights,
        {},
        batches,
        lambda p, _, batch: {"cross_entropy": F.cross_entropy(logits(p, batch), batch["digit"])},
        lambda values: torch.optim.Adam(values, lr=0.01),
        lambda p, _, batch: {"probability": torch.softmax(logits(p, batch), -1)},
        penalty,
    )


def cnn():
    source = """model Cnn {
  input  image: [batch, 12, 12, 1]
  target digit: category(3)[batch]
  logits = image / 255
    |> conv2d(3, kernel: 5, padding: "same", activation: relu)
    |> max_pool2d(2)
    |> conv2d(4, kernel: 3, activation: relu)
    |> max_pool2d(2)
    |> flatten()
    |> dense(3)
  output probability = softmax(logits)
  loss cross_entropy(logits, digit)
  regularize l2(1e-4) on weights
  metric accuracy(logits, digit)
}
train Cnn { optimizer sgd(lr: 0.1, momentum: 0.9)  batch 4  epochs 1  seed 1 }
"""
    weights = {
        "conv2d_1.W": draw("c1", 5, 5, 1, 3, scale=0.4),
        "conv2d_1.b": draw("c1b", 3, scale=0.1),
        "conv2d_2.W": draw("c2", 3, 3, 3, 4, scale=0.3),
        "conv2d_2.b": draw("c2b", 4, scale=0.1),
        **dense_weights("dense_1", 16, 3),
    }
    batches = [
        {
            "image": draw_integers(f"cnn{i}", 256, 4, 12, 12, 1).double(),
            "digit": draw_integers(f"cnnd{i}", 3, 4),
        }
        for i in range(STEPS)
    ]

    def logits(p, batch):
        h = F.relu(
            hand.conv(batch["image"] / 255, p["conv2d_1.W"], p["conv2d_1.b"], padding="same")
        )
        h = F.relu(hand.conv(hand.max_pool(h, 2), p["conv2d_2.W"], p["conv2d_2.b"]))
        return dense(hand.max_pool(h, 2).flatten(1), p, "dense_1")

    def penalty(p, _):
        return 1e-4 * sum((value**2).sum() for key, value in p.items() if key.endswith(".W"))

    return run(
        "cnn: like lenet, sgd with momentum, l2",
        source,
        weights,
        {},
        batches,
        lambda p, _, batch: {"cross_entropy": F.cross_entropy(logits(p, batch), batch["digit"])},
        lambda values: torch.optim.SGD(values, lr=0.1, momentum=0.9),
        lambda p, _, batch: {"probability": torch.softmax(logits(p, batch), -1)},
        penalty,
    )


def two_tasks():
    source = """model TwoTasks {
  input  image: [batch, 3, 3]
  target digit: category(4)[batch]
  target odd: category(2)[batch] = digit % 2
  trunk = image / 16 |> flatten() |> dense(7) |> batch_norm() |> prelu() |> dense(6) |> maxout(groups: 3)
  digit_logits = trunk |> dense(4, name: "digit")
  odd_logits = trunk |> dense(2, name: "odd")
  output digit_probability = softmax(digit_logits)
  output odd_probability = softmax(odd_logits)
  loss digit_loss = cross_entropy(digit_logits, digit)
  loss odd_loss = 0.3 * cross_entropy(odd_logits, odd)
  regularize elastic_net(1e-3, 2e-3) on weights
}
train TwoTasks { optimizer nadam(lr: 0.01)  batch 6  epochs 1  seed 1 }
"""
    weights = {
        **dense_weights("dense_1", 9, 7),
        "batch_norm_1.scale": draw("scale", 7, scale=0.1) + 1,
        "batch_norm_1.shift": draw("shift", 7, scale=0.1),
        "prelu_1.slope": torch.tensor(0.25),
        **dense_weights("dense_2", 7, 6),
        **dense_weights("digit", 3, 4),
        **dense_weights("odd", 3, 2),
    }
    states = {
        "batch_norm_1.running_mean": torch.zeros(7),
        "batch_norm_1.running_variance": torch.ones(7),
    }
    batches = [
        {
            "image": draw_integers(f"tasks{i}", 17, 6, 3, 3).double(),
            "digit": draw_integers(f"tasksd{i}", 4, 6),
        }
        for i in range(STEPS)
    ]

    def heads(p, states, batch, training):
        h = dense(batch["image"].flatten(1) / 16, p, "dense_1")
        mean, variance = (
            states["batch_norm_1.running_mean"],
            states["batch_norm_1.running_variance"],
        )
        given = () if training else (mean, variance)
        if training:
            flat = h.detach()
            states["batch_norm_1.running_mean"] = 0.9 * mean + 0.1 * flat.mean(0)
            states["batch_norm_1.running_variance"] = 0.9 * variance + 0.1 * flat.var(
                0, unbiased=False
            )
        h = hand.batch_norm(h, p["batch_norm_1.scale"], p["batch_norm_1.shift"], *given)
        h = torch.where(h > 0, h, p["prelu_1.slope"] * h)
        trunk = dense(h, p, "dense_2").reshape(-1, 3, 2).max(-1).values
        return dense(trunk, p, "digit"), dense(trunk, p, "odd")

    def loss(p, states, batch):
        digit, odd = heads(p, states, batch, True)
        return {
            "digit_loss": F.cross_entropy(digit, batch["digit"]),
            "odd_loss": 0.3 * F.cross_entropy(odd, batch["digit"] % 2),
        }

    def penalty(p, _):
        return sum(
            1e-3 * v.abs().sum() + 2e-3 * (v**2).sum() for k, v in p.items() if k.endswith(".W")
        )

    def outputs(p, states, batch):
        digit, odd = heads(p, states, batch, False)
        return {
            "digit_probability": torch.softmax(digit, -1),
            "odd_probability": torch.softmax(odd, -1),
        }

    return run(
        "two tasks: batch_norm, prelu, maxout, nadam, elastic_net",
        source,
        weights,
        states,
        batches,
        loss,
        lambda values: NAdam(values, lr=0.01),
        outputs,
        penalty,
    )


def susan():
    source = """model Susan {
  input  ratings: [batch, 2]
  target liked: [batch]
  h1 = ratings |> standardize() |> dense(2, activation: sigmoid)
  h2 = h1 |> dense(1, activation: sigmoid)
  output liking = h2[:, 0]
  loss binary_cross_entropy(h2[:, 0], liked, from_logits: false)
  metric binary_accuracy(liking, liked)
}
train Susan {
  optimizer sgd(lr: 0.5, momentum: ramp(from: 0.5, to: 0.95, steps: 3), nesterov: true)
  batch 4
  epochs 1
  seed 1
}
"""
    center, deviation = torch.tensor([3.125, 2.75]), torch.tensor([1.25, 1.5])
    states = {"standardize_1.center": center, "standardize_1.variance": deviation**2}
    weights = {**dense_weights("dense_1", 2, 2), **dense_weights("dense_2", 2, 1)}
    batches = [
        {
            "ratings": draw_integers(f"s{i}", 5, 4, 2).double() + 1,
            "liked": draw_integers(f"l{i}", 2, 4).double(),
        }
        for i in range(STEPS)
    ]

    def liking(p, batch):
        x = (batch["ratings"] - center) / deviation
        return torch.sigmoid(dense(torch.sigmoid(dense(x, p, "dense_1")), p, "dense_2"))[:, 0]

    def before(stepper, step):
        stepper.param_groups[0]["momentum"] = 0.5 + 0.45 * min((step - 1) / 3, 1)

    return run(
        "susan: standardize, probabilities, nesterov with a ramp",
        source,
        weights,
        states,
        batches,
        lambda p, _, batch: {
            "binary_cross_entropy": F.binary_cross_entropy(liking(p, batch), batch["liked"])
        },
        lambda values: torch.optim.SGD(values, lr=0.5, momentum=0.5, nesterov=True),
        lambda p, _, batch: {"liking": liking(p, batch)},
        None,
        before,
    )


def normed_sequence():
    source = """model Sequence {
  input  token: category(5)[batch, 4]
  target next: category(5)[batch, 4]
  logits = token |> embedding(5, 3) |> gru(4) |> layer_norm() |> dense(5)
  output probability = softmax(logits)
  loss cross_entropy(logits, next)
}
train Sequence { optimizer adamw(lr: 0.02, weight_decay: 0.1)  batch 3  epochs 1  seed 1  clip_norm 0.5 }
"""
    weights = {
        "embedding_1.table": draw("table", 5, 3),
        "gru_1.W": draw("gW", 3, 12, scale=0.5),
        "gru_1.U": draw("gU", 4, 12, scale=0.5),
        "gru_1.b": draw("gb", 12, scale=0.1),
        "layer_norm_1.scale": draw("ls", 4, scale=0.1) + 1,
        "layer_norm_1.shift": draw("lt", 4, scale=0.1),
        **dense_weights("dense_1", 4, 5),
    }
    batches = [
        {"token": draw_integers(f"t{i}", 5, 3, 4), "next": draw_integers(f"n{i}", 5, 3, 4)}
        for i in range(STEPS)
    ]

    def logits(p, batch):
        h = hand.gru(
            p["embedding_1.table"][batch["token"]], p["gru_1.W"], p["gru_1.U"], p["gru_1.b"]
        )
        return dense(
            F.layer_norm(h, (4,), p["layer_norm_1.scale"], p["layer_norm_1.shift"]), p, "dense_1"
        )

    class Clipped(torch.optim.AdamW):
        def step(self, *arguments):
            values = self.param_groups[0]["params"]
            norm = torch.sqrt(sum((value.grad**2).sum() for value in values))
            for value in values:
                value.grad *= min(1, 0.5 / norm.item())
            super().step(*arguments)

    return run(
        "sequence: embedding, gru, layer_norm, adamw, clip_norm",
        source,
        weights,
        {},
        batches,
        lambda p, _, batch: {
            "cross_entropy": F.cross_entropy(
                logits(p, batch).reshape(-1, 5), batch["next"].reshape(-1)
            )
        },
        lambda values: Clipped(values, lr=0.02, weight_decay=0.1),
        lambda p, _, batch: {"probability": torch.softmax(logits(p, batch), -1)},
    )


def main():
    write("training.json", [mlp(), cnn(), two_tasks(), susan(), normed_sequence()])


main()
