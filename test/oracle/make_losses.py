"""Losses: values and derivatives with respect to the prediction, extreme logits included."""

import torch
import torch.nn.functional as F

from records import draw, draw_integers, model_record, write

P, T = draw("prediction", 4, 3), draw("target", 4, 3)
LOGITS = draw("logits", 5, 4, scale=2)
LABELS = draw_integers("labels", 4, 5)
EXTREME_LOGITS = torch.tensor(
    [
        [15.0, -15.0, 0.0, 3.0],
        [88.0, -88.0, 89.0, -89.0],
        [1e4, -1e4, 0.0, 1.0],
        [1e4, -1e4, 0.0, 1.0],
        [3e38, 0.0, 1e38, 3e38],
        [-3e38, -3e38, -3e38, -3e38],
    ]
)
EXTREME_LABELS = torch.tensor([1, 2, 0, 1, 2, 3])
EDGES = torch.tensor([0.0, 0.1, 15.0, 88.0, 89.0, 1e4, 3e38])
BINARY_LOGITS = torch.cat([EDGES, -EDGES[1:], EDGES, -EDGES[1:], EDGES, -EDGES[1:]])
BINARY_TARGETS = torch.cat([torch.zeros(13), torch.ones(13), torch.full((13,), 0.25)])
PROBABILITIES = torch.tensor([0.001, 0.1, 0.5, 0.75, 0.999, 0.5, 0.25])
PROBABILITY_TARGETS = torch.tensor([0.0, 1.0, 0.0, 0.5, 1.0, 1.0, 0.0])


def bce(p, t):
    return F.binary_cross_entropy(p, t, reduction="none")


def logits_bce(x, t):
    return F.binary_cross_entropy_with_logits(x, t, reduction="none")


def gaussian_nll(prediction, target, variance, epsilon=1e-6):
    return F.gaussian_nll_loss(prediction, target, variance, eps=epsilon, reduction="none")


def over_classes(name, call, logits, labels, function):
    inputs = {"x": logits, "label": labels}
    kind = f"category({logits.shape[-1]})"
    return model_record(
        name, call, inputs, lambda i, _: function(i["x"], i["label"]), types={"label": kind}
    )


def pair(name, call, x, target, function, held=()):
    return model_record(
        name, call, {"x": x, "t": target}, lambda i, _: function(i["x"], i["t"]), held=held
    )


def cross_entropy(x, label, smoothing=0.0):
    rest = x.shape[:-1]
    flat = x.reshape(-1, x.shape[-1])
    cost = F.cross_entropy(
        flat, label.reshape(-1), reduction="none", label_smoothing=smoothing
    )
    return cost.reshape(rest)


def nll(x, label):
    return F.nll_loss(x, label, reduction="none")


def kl(x, t):
    return F.kl_div(x, t, reduction="none").sum(-1)


def cosine(x, t):
    return 1 - F.cosine_similarity(x, t, dim=-1)


def probabilities(seed):
    return torch.softmax(draw(seed, 3, 4), -1)


def sparsity(x, target=0.05):
    """One number for the whole batch, and so beside x: the KL of two coins, summed over the units."""
    unit = torch.distributions.Bernoulli(x.mean(0))
    wanted = torch.distributions.Bernoulli(torch.full_like(x[0], target))
    return torch.distributions.kl_divergence(wanted, unit).sum() * x


def sparsities():
    x = {"x": torch.sigmoid(draw("sparsity", 4, 3)).round(decimals=3)}
    return [
        model_record("sparsity", "sparsity(x) * x", x, lambda i, _: sparsity(i["x"])),
        model_record(
            "sparsity, target 0.3",
            "sparsity(x, target: 0.3) * x",
            x,
            lambda i, _: sparsity(i["x"], 0.3),
        ),
    ]


def clamped_ends():
    """Probabilities of 0, of 1 and beside them."""
    p = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1e-13, 1e-13, 1e-11, 1e-11])
    t = torch.tensor([0.0, 0.25, 1.0, 0.0, 0.25, 1.0, 0.0, 1.0, 0.0, 1.0])
    return pair(
        "binary_cross_entropy of probabilities 0 and 1",
        "binary_cross_entropy(x, t, from_logits: false)",
        p,
        t,
        bce,
        held=("t",),
    )


def at_kinks():
    """Where definitions change: the least variance, the ends of a square, no difference, no length."""
    variance = torch.tensor([0.0, 1e-7, 1e-6, 1e-3])
    x, t = torch.tensor([0.003, -0.002, 0.003, 0.5]), torch.zeros(4)
    ends = torch.tensor([-1.5, -1.0, 0.0, 1.0, 1.5])
    none = torch.tensor([[0.0, 0.0, 0.0], [1.0, 2.0, 2.0]])
    return [
        model_record(
            "gaussian_nll at the least variance",
            "gaussian_nll(x, t, variance)",
            {"x": x, "t": t, "variance": variance},
            lambda i, _: gaussian_nll(i["x"], i["t"], i["variance"]),
        ),
        pair(
            "huber at its ends",
            "huber(x, t)",
            ends,
            torch.zeros(5),
            lambda x, t: F.huber_loss(x, t, reduction="none"),
        ),
        pair(
            "mae at its ends",
            "mae(x, t)",
            ends,
            ends.abs(),
            lambda x, t: F.l1_loss(x, t, reduction="none"),
        ),
        pair(
            "cosine_distance of no length",
            "cosine_distance(x, t)",
            none,
            none.flip(0) + 1,
            cosine,
            held=("t",),
        ),
    ]


def focal(x, label, gamma=2.0):
    """By its paper (Lin et al. 2017), equation 4, with p the probability of the label's class."""
    p = torch.softmax(x, -1).gather(-1, label[..., None])[..., 0]
    return -((1 - p) ** gamma) * torch.log(p)


def binary_focal(x, t, gamma=2.0, alpha=0.25):
    """As torchvision's sigmoid_focal_loss defines it."""
    p = torch.sigmoid(x)
    missed = 1 - (p * t + (1 - p) * (1 - t))
    return (alpha * t + (1 - alpha) * (1 - t)) * missed**gamma * logits_bce(x, t)


def quantile(x, t, level):
    return torch.where(t > x, level * (t - x), (1 - level) * (x - t))


def triplet(i, margin=1.0):
    return F.triplet_margin_loss(i["x"], i["p"], i["n"], margin=margin, reduction="none")


def contrastive(i, margin=1.0):
    """By its paper (Hadsell et al. 2006), equation 4, where y = 0 says that both are alike."""
    d = F.pairwise_distance(i["x"], i["t"])
    return i["alike"] * d**2 / 2 + (1 - i["alike"]) * torch.clamp(margin - d, min=0) ** 2 / 2


def info_nce(q, k, temperature=0.1):
    cosines = F.cosine_similarity(q[:, None], k[None], dim=-1)
    return F.cross_entropy(cosines / temperature, torch.arange(len(q)), reduction="none")


def ctc(i, times=None, lengths=None, blank=0, zero_infinity=False):
    batch, time, _ = i["x"].shape
    return F.ctc_loss(
        torch.log_softmax(i["x"], -1).transpose(0, 1),
        i["label"],
        torch.full((batch,), time) if times is None else times,
        torch.full((batch,), i["label"].shape[1]) if lengths is None else lengths,
        blank=blank,
        reduction="none",
        zero_infinity=zero_infinity,
    )


def alignments():
    """Labels that repeat, of several lengths, none among them, in sequences of several; and some that do not fit."""
    x = draw("ctc", 4, 7, 4, scale=2)
    label = torch.tensor([[1, 2, 3], [2, 2, 1], [3, 3, 3], [1, 3, 1]])
    times, lengths = torch.tensor([7, 6, 5, 3]), torch.tensor([3, 2, 1, 0])
    given = {"x": x, "label": label}
    types = {"label": "category(4)", "times": "i32", "lengths": "i32"}
    counted = {**given, "times": times, "lengths": lengths}
    short = {**given, "times": torch.tensor([7, 3, 4, 2])}

    def record(name, call, inputs, *rest, **settings):
        return model_record(name, call, inputs, lambda i, _: ctc(i, *rest, **settings), types=types)

    other = {"x": x, "label": label - 1}
    long = draw("ctc, steep", 2, 40, 4, scale=30)
    steep = {"x": long, "label": label[:2]}
    return [
        record("ctc", "ctc(x, label)", given),
        record(
            "ctc of several lengths",
            "ctc(x, label, times: times, lengths: lengths)",
            counted,
            times,
            lengths,
        ),
        record("ctc, the last class blank", "ctc(x, label, blank: 3)", other, blank=3),
        record(
            "ctc of too few steps",
            "ctc(x, label, times: times, zero_infinity: true)",
            short,
            short["times"],
            zero_infinity=True,
        ),
        record("ctc of large logits", "ctc(x, label)", steep),
    ]


def of_pairs():
    x, near, far = draw("anchor", 5, 3), draw("near", 5, 3, scale=0.7), draw("far", 5, 3)
    three = {"x": x, "p": near, "n": far}
    two = {"x": x, "t": near, "alike": torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0])}
    return [
        model_record("triplet", "triplet(x, p, n)", three, lambda i, _: triplet(i)),
        model_record(
            "triplet, margin 0.2",
            "triplet(x, p, n, margin: 0.2)",
            three,
            lambda i, _: triplet(i, 0.2),
        ),
        model_record(
            "contrastive", "contrastive(x, t, alike)", two, lambda i, _: contrastive(i), held=("alike",)
        ),
        model_record(
            "contrastive, margin 2.5",
            "contrastive(x, t, alike, margin: 2.5)",
            two,
            lambda i, _: contrastive(i, 2.5),
            held=("alike",),
        ),
        pair("info_nce", "info_nce(x, t)", x, near, info_nce),
        pair(
            "info_nce, temperature 0.01",
            "info_nce(x, t, temperature: 0.01)",
            x,
            near,
            lambda q, k: info_nce(q, k, 0.01),
        ),
    ]


def main():
    kl_targets = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.0, 0.5, 0.5, 0.0], [1.0, 0.0, 0.0, 0.0]])
    # PyTorch's derivative where the target is 0 is not finite, so the targets are held
    kl_record = pair(
        "kl_divergence",
        "kl_divergence(x, t)",
        torch.log(probabilities("kl")),
        kl_targets,
        kl,
        held=("t",),
    )
    variance = draw("variance", 4, 3).abs() + 0.1
    sequence = draw("sequence", 2, 3, 4)
    records = [
        pair("mse", "mse(x, t)", P, T, lambda x, t: (x - t) ** 2),
        pair("mae", "mae(x, t)", P, T, lambda x, t: (x - t).abs()),
        pair("huber", "huber(x, t)", P * 2, T, lambda x, t: F.huber_loss(x, t, reduction="none")),
        pair(
            "huber, delta 0.5",
            "huber(x, t, delta: 0.5)",
            P,
            T,
            lambda x, t: F.huber_loss(x, t, reduction="none", delta=0.5),
        ),
        over_classes("cross_entropy", "cross_entropy(x, label)", LOGITS, LABELS, cross_entropy),
        over_classes(
            "cross_entropy of a sequence",
            "cross_entropy(x, label)",
            sequence,
            draw_integers("places", 4, 2, 3),
            cross_entropy,
        ),
        over_classes(
            "cross_entropy of extremes",
            "cross_entropy(x, label)",
            EXTREME_LOGITS,
            EXTREME_LABELS,
            cross_entropy,
        ),
        over_classes(
            "cross_entropy, smoothed",
            "cross_entropy(x, label, label_smoothing: 0.1)",
            LOGITS,
            LABELS,
            lambda x, label: cross_entropy(x, label, 0.1),
        ),
        over_classes(
            "cross_entropy of a sequence, smoothed to the end",
            "cross_entropy(x, label, label_smoothing: 1)",
            sequence,
            draw_integers("places", 4, 2, 3),
            lambda x, label: cross_entropy(x, label, 1.0),
        ),
        over_classes("focal", "focal(x, label)", LOGITS, LABELS, focal),
        over_classes(
            "focal, gamma 0.5",
            "focal(x, label, gamma: 0.5)",
            LOGITS,
            LABELS,
            lambda x, label: focal(x, label, 0.5),
        ),
        pair("binary_focal", "binary_focal(x, t)", P * 3, (T > 0).double(), binary_focal, held=("t",)),
        pair(
            "binary_focal with other numbers",
            "binary_focal(x, t, gamma: 1.5, alpha: 0.6)",
            P * 3,
            (T > 0).double(),
            lambda x, t: binary_focal(x, t, 1.5, 0.6),
            held=("t",),
        ),
        pair("quantile", "quantile(x, t, level: 0.9)", P, T, lambda x, t: quantile(x, t, 0.9)),
        *of_pairs(),
        *alignments(),
        over_classes("nll", "nll(x, label)", torch.log_softmax(LOGITS, -1), LABELS, nll),
        pair(
            "binary_cross_entropy of extremes",
            "binary_cross_entropy(x, t)",
            BINARY_LOGITS,
            BINARY_TARGETS,
            logits_bce,
            held=("t",),
        ),
        pair("binary_cross_entropy", "binary_cross_entropy(x, t)", P, torch.sigmoid(T), logits_bce),
        pair(
            "binary_cross_entropy of probabilities",
            "binary_cross_entropy(x, t, from_logits: false)",
            PROBABILITIES,
            PROBABILITY_TARGETS,
            bce,
            held=("t",),
        ),
        clamped_ends(),
        *at_kinks(),
        *sparsities(),
        kl_record,
        model_record(
            "gaussian_nll",
            "gaussian_nll(x, t, variance)",
            {"x": P, "t": T, "variance": variance},
            lambda i, _: gaussian_nll(i["x"], i["t"], i["variance"]),
        ),
        model_record(
            "gaussian_nll, epsilon 0.6",
            "gaussian_nll(x, t, variance, epsilon: 0.6)",
            {"x": P, "t": T, "variance": variance},
            lambda i, _: gaussian_nll(i["x"], i["t"], i["variance"], 0.6),
        ),
        pair("hinge", "hinge(x, t)", P, torch.sign(T), lambda x, t: torch.clamp(1 - t * x, min=0)),
        pair("cosine_distance", "cosine_distance(x, t)", P, T, cosine),
    ]
    write("losses.json", records)


main()
