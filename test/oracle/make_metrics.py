"""Metrics: what they give for fixed predictions, entry by entry or as one number."""

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
        ],
    )


main()
