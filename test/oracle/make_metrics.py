"""Metrics: what they give for fixed predictions, entry by entry, as one number or as a table; counts as scikit-learn has them."""

import sklearn.metrics as sklearn
import torch
import torch.nn.functional as F

from records import draw, draw_integers, tensor, tensors, write

LOGITS = draw("metric logits", 6, 8)
LOGITS[0] = 0.5  # ties: the first wins
LABELS = draw_integers("metric labels", 8, 6)
LABELS[0] = 4
PROBABILITIES = torch.tensor([0.1, 0.5, 0.51, 0.9, 0.3, 0.7])
TRUTHS = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.0, 1.0])
P, T = draw("metric p", 6), draw("metric t", 6)
SCORES = torch.tensor([0.1, 0.5, 0.5, 0.9, 0.3, 0.5, 0.2, 0.3, 0.7])
KINDS = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
# Of five classes one is never told nor there, and one is there but never told
SEVERAL = draw("metric of several", 9, 5)
SEVERAL[:, 3] = -9.0
SEVERAL[:, 4] = -9.0
OWN = torch.tensor([0, 1, 2, 1, 4, 0, 2, 2, 0])


def record(call, inputs, value, types=None):
    lines = [
        f"  input {key}: {(types or {}).get(key, '')}[batch{''.join(f', {n}' for n in v.shape[1:])}]"
        for key, v in inputs.items()
    ]
    return {
        "name": call,
        "source": "\n".join(["model M {", *lines, f"  output y = {call}", "}"]) + "\n",
        "inputs": tensors(inputs),
        "weights": {},
        "outputs": {"y": tensor(value)},
    }


def among(k):
    """Whether fewer than k are ahead of the label's entry, the earlier of equal ones being ahead."""
    order = torch.sort(LOGITS, dim=-1, descending=True, stable=True).indices
    return (order[:, :k] == LABELS[:, None]).any(-1).double()


def by_class(name, function):
    """sklearn's, over the classes that are told or there."""
    value = function(OWN, SEVERAL.argmax(-1), average="macro", zero_division=0)
    return record(
        f"{name}(x, label)", {"x": SEVERAL, "label": OWN}, torch.tensor(value), {"label": "category(5)"}
    )


def by_truth(name, function, threshold=None):
    told = SCORES > (0.5 if threshold is None else threshold)
    more = "" if threshold is None else f", threshold: {threshold}"
    value = function(KINDS.numpy(), told.double().numpy(), zero_division=0)
    return record(f"binary_{name}(p, t{more})", {"p": SCORES, "t": KINDS}, torch.tensor(value))


def told_apart():
    """Counts of what is told, against scikit-learn."""
    functions = {
        "precision": sklearn.precision_score,
        "recall": sklearn.recall_score,
        "f1": sklearn.f1_score,
        "intersection_over_union": sklearn.jaccard_score,
    }
    wanted = draw_integers("metric of auc", 4, 12)
    logits = draw("metric of auc, logits", 12, 4)
    found = torch.softmax(logits, -1)
    area = sklearn.roc_auc_score(wanted, found, multi_class="ovr", average="macro")
    table = sklearn.confusion_matrix(OWN, SEVERAL.argmax(-1), labels=list(range(5)))
    kind = {"label": "category(5)"}
    return [
        *[by_class(*one) for one in functions.items()],
        *[by_truth(*one) for one in functions.items()],
        *[by_truth(*one, threshold=0.25) for one in functions.items()],
        record(
            "auc(x, label)",
            {"x": logits, "label": wanted},
            torch.tensor(area),
            {"label": "category(4)"},
        ),
        record(
            "binary_auc(p, t)",
            {"p": SCORES, "t": KINDS},
            torch.tensor(sklearn.roc_auc_score(KINDS, SCORES)),
        ),
        record("binary_auc(p, t * 0)", {"p": SCORES, "t": KINDS}, torch.tensor(0.5)),
        record("confusion(x, label)", {"x": SEVERAL, "label": OWN}, torch.tensor(table), kind),
    ]


def main():
    over_classes = {"x": LOGITS, "label": LABELS}
    kind = {"label": "category(8)"}
    error = ((P - T) ** 2).sum() / ((T - T.mean()) ** 2).sum()
    write(
        "metrics.json",
        [
            record("accuracy(x, label)", over_classes, among(1), kind),
            record("top_k_accuracy(x, label)", over_classes, among(5), kind),
            record("top_k_accuracy(x, label, k: 2)", over_classes, among(2), kind),
            record(
                "perplexity(x, label)",
                over_classes,
                torch.exp(F.cross_entropy(LOGITS, LABELS)),
                kind,
            ),
            record(
                "binary_accuracy(p, t)",
                {"p": PROBABILITIES, "t": TRUTHS},
                ((PROBABILITIES > 0.5) == (TRUTHS > 0.5)).double(),
            ),
            record(
                "binary_accuracy(p, t, threshold: 0.8)",
                {"p": PROBABILITIES, "t": TRUTHS},
                ((PROBABILITIES > 0.8) == (TRUTHS > 0.5)).double(),
            ),
            record("mean_absolute_error(p, t)", {"p": P, "t": T}, (P - T).abs()),
            record("r2(p, t)", {"p": P, "t": T}, 1 - error),
            *told_apart(),
        ],
    )


main()
