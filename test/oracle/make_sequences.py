"""Positions, and attention with fewer heads of keys than of queries: values, derivatives and one step of plain descent."""

import torch
import torch.nn.functional as F

import layers_by_hand as hand
from records import draw, model_record, write


def positions():
    x = {"x": draw("rotary", 2, 3, 4)}
    told = "rotary(base: 100, offset: 5, interleaved: true)"
    table = {"learned_positions_1.table": draw("table", 5, 4)}
    return [
        model_record("rotary", "x |> rotary()", x, lambda i, _: hand.rotary(i["x"])),
        model_record(
            told,
            f"x |> {told}",
            {"x": draw("rotary6", 1, 2, 2, 6)},
            lambda i, _: hand.rotary(i["x"], base=100, offset=5, interleaved=True),
        ),
        model_record(
            "positional_encoding from a position on",
            "x |> positional_encoding(offset: 7)",
            x,
            lambda i, _: i["x"] + hand.sinusoids(3, 4, offset=7),
        ),
        model_record(
            "learned_positions",
            "x |> learned_positions(count: 5, init: normal(0, 1))",
            x,
            lambda i, w: i["x"] + w["learned_positions_1.table"][:3],
            table,
        ),
    ]


def weights_of(prefix, d, kv_width, memory=None):
    memory = memory or d
    weights = {}
    for name, rows, columns in (
        ("query", d, d),
        ("key", memory, kv_width),
        ("value", memory, kv_width),
        ("out", d, d),
    ):
        weights[f"{prefix}.{name}.W"] = draw(prefix + name, rows, columns, scale=0.3)
        weights[f"{prefix}.{name}.b"] = draw(prefix + name + "b", columns)
    return weights


def attention():
    name = "multi_head_attention_1"
    x = {"x": draw("grouped", 1, 3, 8, scale=0.6)}
    memory = {"x": draw("crossed", 2, 2, 4), "memory": draw("memory", 2, 3, 6)}
    mask = torch.tensor(
        [[[True, False, True], [True, True, False]], [[False, True, True], [True, False, False]]]
    )
    return [
        model_record(
            "multi_head_attention of two heads of keys, with rotary positions",
            "x |> multi_head_attention(4, kv_heads: 2, positions: rotary(base: 50), causal: true)",
            x,
            lambda i, w: hand.multi_head_attention(
                i["x"], w, name, 4, causal=True, kv_heads=2, positions=rotary
            ),
            weights_of(name, 8, 4),
        ),
        model_record(
            "multi_head_attention of a memory, with a mask of each query",
            "x |> multi_head_attention(2, memory, mask: mask)",
            {**memory, "mask": mask},
            lambda i, w: hand.multi_head_attention(
                i["x"], w, name, 2, memory=i["memory"], mask=i["mask"]
            ),
            weights_of(name, 4, 4, memory=6),
            types={"mask": "bool"},
        ),
    ]


def rotary(x):
    return hand.rotary(x, base=50)


def block():
    name, d = "transformer_block_1", 4
    attention_weights = weights_of(f"{name}.multi_head_attention_1", d, 2)
    weights = {
        f"{name}.layer_norm_1.scale": draw("scale1", d) + 1,
        f"{name}.layer_norm_1.shift": draw("shift1", d),
        **attention_weights,
        f"{name}.layer_norm_2.scale": draw("scale2", d) + 1,
        f"{name}.layer_norm_2.shift": draw("shift2", d),
        f"{name}.dense_1.W": draw("wide1", d, d),
        f"{name}.dense_1.b": draw("wide1b", d),
        f"{name}.dense_2.W": draw("wide2", d, d),
        f"{name}.dense_2.b": draw("wide2b", d),
    }

    def forward(inputs, w):
        x = inputs["x"]

        def norm(x, part):
            scale, shift = (w[f"{name}.layer_norm_{part}.{one}"] for one in ("scale", "shift"))
            return F.layer_norm(x, [d], scale, shift)

        def dense(x, part):
            return x @ w[f"{name}.dense_{part}.W"] + w[f"{name}.dense_{part}.b"]

        x = x + hand.multi_head_attention(
            norm(x, 1), w, f"{name}.multi_head_attention_1", 2, kv_heads=1, positions=rotary
        )
        return x + dense(F.gelu(dense(norm(x, 2), 1)), 2)

    call = "transformer_block(2, expansion: 1, kv_heads: 1, positions: rotary(base: 50))"
    return model_record(
        "transformer_block of one head of keys, with rotary positions",
        f"x |> {call}",
        {"x": draw("block", 1, 2, d)},
        forward,
        weights,
    )


def check_by_hand():
    """What stands in layers_by_hand.py is PyTorch's own attention, where PyTorch has it."""
    d, heads, name = 6, 3, "m"
    weights = weights_of(name, d, d)
    own = torch.nn.MultiheadAttention(d, heads, batch_first=True)
    stacked = [weights[f"{name}.{part}.W"].T for part in ("query", "key", "value")]
    with torch.no_grad():
        own.in_proj_weight.copy_(torch.cat(stacked))
        own.in_proj_bias.copy_(torch.cat([weights[f"{name}.{part}.b"] for part in ("query", "key", "value")]))
        own.out_proj.weight.copy_(weights[f"{name}.out.W"].T)
        own.out_proj.bias.copy_(weights[f"{name}.out.b"])
    x, memory = draw("own", 2, 4, d), draw("own memory", 2, 5, d)
    mask = torch.arange(20).reshape(4, 5) % 3 != 1
    theirs, _ = own(x, memory, memory, attn_mask=~mask)
    ours = hand.multi_head_attention(x, weights, name, heads, memory, mask.expand(2, 4, 5))
    assert torch.allclose(theirs, ours, atol=1e-12)


def main():
    check_by_hand()
    write("sequences.json", [*positions(), *attention(), block()])


main()
