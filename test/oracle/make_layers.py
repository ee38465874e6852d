"""Layers: values, derivatives with respect to inputs and parameters, and one step of plain descent."""

import torch
import torch.nn.functional as F

import layers_by_hand as hand
from records import draw, draw_integers, model_record, write


def conv_record(call, rank, space, n, out, kernel, activation=None, bias=True, **how):
    layer = f"conv{rank}d"
    sizes = hand.listed(kernel, rank)
    weights = {f"{layer}_1.W": draw(call + "W", *sizes, n // how.get("groups", 1), out, scale=0.5)}
    if bias:
        weights[f"{layer}_1.b"] = draw(call + "b", out, scale=0.5)

    def forward(inputs, w):
        z = hand.conv(inputs["x"], w[f"{layer}_1.W"], w.get(f"{layer}_1.b"), **how)
        return activation(z) if activation else z

    return model_record(
        call,
        f"x |> {layer}({call.split('(', 1)[1]}",
        {"x": draw(call, 2, *space, n)},
        forward,
        weights,
    )


def convolutions():
    return [
        conv_record("conv1d(3, kernel: 3)", 1, [7], 2, 3, 3),
        conv_record(
            "conv1d(4, kernel: 4, stride: 3, padding: 2, dilation: 2)",
            1,
            [11],
            3,
            4,
            4,
            stride=3,
            padding=2,
            dilation=2,
        ),
        conv_record(
            'conv1d(2, kernel: 4, padding: "same", use_bias: false)',
            1,
            [5],
            2,
            2,
            4,
            bias=False,
            padding="same",
        ),
        conv_record(
            "conv1d(4, kernel: 2, groups: 2, activation: tanh)",
            1,
            [5],
            4,
            4,
            2,
            torch.tanh,
            groups=2,
        ),
        conv_record("conv2d(3, kernel: 3)", 2, [5, 6], 2, 3, 3),
        conv_record("conv2d(3, kernel: 2, use_bias: false)", 2, [4, 3], 2, 3, 2, bias=False),
        conv_record(
            "conv2d(4, kernel: 3, stride: 2, padding: 1)", 2, [6, 5], 2, 4, 3, stride=2, padding=1
        ),
        conv_record(
            'conv2d(3, kernel: 3, padding: "same", activation: tanh)',
            2,
            [4, 5],
            2,
            3,
            3,
            torch.tanh,
            padding="same",
        ),
        conv_record(
            'conv2d(2, kernel: 3, stride: 2, padding: "same")',
            2,
            [6, 5],
            3,
            2,
            3,
            stride=2,
            padding="same",
        ),
        conv_record(
            'conv2d(2, kernel: [2, 4], padding: "same")', 2, [4, 5], 2, 2, [2, 4], padding="same"
        ),
        conv_record("conv2d(4, kernel: 3, groups: 2)", 2, [5, 5], 4, 4, 3, groups=2),
        conv_record(
            "conv2d(6, kernel: [3, 2], stride: [2, 1], groups: 2)",
            2,
            [7, 4],
            4,
            6,
            [3, 2],
            stride=[2, 1],
            groups=2,
        ),
        conv_record(
            "conv2d(2, kernel: 3, dilation: 2, padding: 2)",
            2,
            [6, 6],
            2,
            2,
            3,
            dilation=2,
            padding=2,
        ),
        conv_record(
            'conv2d(3, kernel: 3, stride: 3, dilation: 2, padding: "same")',
            2,
            [7, 8],
            1,
            3,
            3,
            stride=3,
            dilation=2,
            padding="same",
        ),
        conv_record("conv2d(3, kernel: 1)", 2, [3, 3], 4, 3, 1),
        conv_record("conv3d(2, kernel: 2)", 3, [3, 4, 3], 2, 2, 2),
        conv_record(
            "conv3d(4, kernel: [1, 2, 3], stride: [1, 2, 1], padding: 1, groups: 2)",
            3,
            [2, 4, 3],
            2,
            4,
            [1, 2, 3],
            stride=[1, 2, 1],
            padding=1,
            groups=2,
        ),
        conv_record(
            "conv3d(2, kernel: 2, dilation: [1, 2, 3], activation: tanh, use_bias: false)",
            3,
            [3, 4, 5],
            2,
            2,
            2,
            torch.tanh,
            bias=False,
            dilation=[1, 2, 3],
        ),
    ]


def depthwise():
    call = "depthwise_conv2d(3, padding: 1, multiplier: 2)"
    weights = {
        "depthwise_conv2d_1.W": draw("dw", 3, 3, 1, 6),
        "depthwise_conv2d_1.b": draw("db", 6),
    }

    def forward(inputs, w):
        return hand.conv(
            inputs["x"], w["depthwise_conv2d_1.W"], w["depthwise_conv2d_1.b"], padding=1, groups=3
        )

    other = "depthwise_conv2d([2, 3], stride: [3, 1], dilation: [1, 2], activation: tanh, use_bias: false)"

    def spread(inputs, w):
        how = dict(stride=[3, 1], dilation=[1, 2], groups=3)
        return torch.tanh(hand.conv(inputs["x"], w["depthwise_conv2d_1.W"], **how))

    return [
        model_record(call, f"x |> {call}", {"x": draw("dx", 2, 4, 5, 3)}, forward, weights),
        model_record(
            other,
            f"x |> {other}",
            {"x": draw("dx2", 2, 7, 6, 3)},
            spread,
            {"depthwise_conv2d_1.W": draw("dw2", 2, 3, 1, 3, scale=0.5)},
        ),
    ]


def transposed():
    records = []
    cases = [
        ("conv2d_transpose(3, kernel: 3)", dict(), 3, 1),
        ("conv2d_transpose(3, kernel: 4, stride: 2, padding: 1)", dict(stride=2, padding=1), 4, 1),
        (
            'conv2d_transpose(3, kernel: 3, stride: 2, padding: "same")',
            dict(stride=2, padding="same"),
            3,
            1,
        ),
        (
            'conv2d_transpose(3, kernel: 2, stride: 3, padding: "same")',
            dict(stride=3, padding="same"),
            2,
            1,
        ),
        ("conv2d_transpose(4, kernel: 3, stride: 2, groups: 2)", dict(stride=2, groups=2), 3, 2),
    ]
    for call, how, k, groups in cases:
        out = 4 if groups == 2 else 3
        weights = {
            "conv2d_transpose_1.W": draw(call + "W", k, k, 2 // groups, out),
            "conv2d_transpose_1.b": draw(call + "b", out),
        }

        def forward(inputs, w, how=how):
            return hand.conv_transpose(
                inputs["x"], w["conv2d_transpose_1.W"], w["conv2d_transpose_1.b"], **how
            )

        records.append(
            model_record(call, f"x |> {call}", {"x": draw(call, 2, 3, 4, 2)}, forward, weights)
        )
    call = "conv2d_transpose(3, kernel: [2, 3], stride: [3, 1], dilation: [1, 2], activation: tanh, use_bias: false)"

    def spread(inputs, w):
        how = dict(stride=[3, 1], dilation=[1, 2])
        return torch.tanh(hand.conv_transpose(inputs["x"], w["conv2d_transpose_1.W"], 0, **how))

    weights = {"conv2d_transpose_1.W": draw(call + "W", 2, 3, 2, 3, scale=0.5)}
    records.append(
        model_record(call, f"x |> {call}", {"x": draw(call, 2, 3, 4, 2)}, spread, weights)
    )
    return records


def tiled_record(call, space, kernel, tiles, activation=None, bias=True, **how):
    names = [f"tiled_conv2d_1.conv2d_{i + 1}" for i in range(tiles**2)]
    weights = {}
    for name in names:
        weights[f"{name}.W"] = draw(name, *kernel, 2, 2)
        if bias:
            weights[f"{name}.b"] = draw(name + "b", 2)

    def forward(inputs, w):
        parts = [
            hand.conv(inputs["x"], w[f"{name}.W"], w.get(f"{name}.b"), **how) for name in names
        ]
        rows = []
        for i in range(parts[0].shape[1]):
            row = [
                parts[tiles * (i % tiles) + j % tiles][:, i, j] for j in range(parts[0].shape[2])
            ]
            rows.append(torch.stack(row, 1))
        z = torch.stack(rows, 1)
        return activation(z) if activation else z

    return model_record(call, f"x |> {call}", {"x": draw("tiled", 2, *space, 2)}, forward, weights)


def tiled():
    return [
        tiled_record("tiled_conv2d(2, kernel: 2)", [4, 5], [2, 2], 2),
        tiled_record(
            "tiled_conv2d(2, kernel: [2, 3], tiles: 3, stride: [1, 2], padding: 1, activation: tanh, use_bias: false)",
            [4, 8],
            [2, 3],
            3,
            torch.tanh,
            bias=False,
            stride=[1, 2],
            padding=1,
        ),
        tiled_record(
            'tiled_conv2d(2, kernel: [1, 4], stride: [2, 3], padding: "same")',
            [5, 8],
            [1, 4],
            2,
            stride=[2, 3],
            padding="same",
        ),
    ]


def pool_record(call, space, n, pool, *arguments, **how):
    return model_record(
        call,
        f"x |> {call}",
        {"x": draw(call, 2, *space, n)},
        lambda i, _: pool(i["x"], *arguments, **how),
    )


def pooling():
    return [
        pool_record("max_pool1d(2)", [7], 2, hand.max_pool, 2),
        pool_record("max_pool1d(3, stride: 2, padding: 1)", [8], 2, hand.max_pool, 3, 2, 1),
        pool_record("max_pool2d(2)", [4, 5], 2, hand.max_pool, 2),
        pool_record("max_pool2d(3, stride: 2)", [7, 5], 3, hand.max_pool, 3, 2),
        pool_record(
            'max_pool2d(3, stride: 2, padding: "same")', [6, 5], 2, hand.max_pool, 3, 2, "same"
        ),
        pool_record("max_pool2d([2, 3], stride: [1, 2])", [4, 6], 2, hand.max_pool, [2, 3], [1, 2]),
        pool_record("max_pool3d(2)", [4, 2, 3], 2, hand.max_pool, 2),
        pool_record("max_pool3d(2, stride: 1)", [3, 2, 3], 2, hand.max_pool, 2, 1),
        pool_record("max_pool3d(3, stride: 2, padding: 1)", [3, 4, 2], 2, hand.max_pool, 3, 2, 1),
        pool_record("mean_pool1d(3, stride: 2, padding: 1)", [6], 2, hand.mean_pool, 3, 2, 1),
        pool_record(
            'mean_pool3d(2, stride: [2, 1, 3], padding: "same")',
            [3, 2, 4],
            2,
            hand.mean_pool,
            2,
            [2, 1, 3],
            "same",
        ),
        pool_record("mean_pool1d(3)", [7], 2, hand.mean_pool, 3),
        pool_record("mean_pool2d(3, stride: 2)", [7, 5], 2, hand.mean_pool, 3, 2),
        pool_record("mean_pool2d(3, stride: 2, padding: 1)", [6, 5], 2, hand.mean_pool, 3, 2, 1),
        pool_record(
            'mean_pool2d(3, stride: 2, padding: "same")', [6, 5], 2, hand.mean_pool, 3, 2, "same"
        ),
        pool_record("mean_pool3d(2, stride: 1)", [3, 2, 3], 2, hand.mean_pool, 2, 1),
        pool_record("global_mean_pool()", [3, 4], 3, lambda x: x.mean((1, 2))),
    ]


def norm_record(call, shape, forward, names=("scale", "shift")):
    layer = call.split("(")[0]
    n = shape[-1]
    weights = {
        f"{layer}_1.{name}": draw(call + name, n) + (1 if name == "scale" else 0) for name in names
    }
    return model_record(
        call,
        f"x |> {call}",
        {"x": draw(call, *shape)},
        lambda i, w: forward(i["x"], *w.values()),
        weights,
    )


def batch_norms():
    records = []
    for shape, epsilon in (([5, 3], 1e-5), ([2, 3, 2, 4], 1e-5), ([6, 2], 0.3)):
        n = shape[-1]
        x = draw(f"batch_norm {shape}", *shape)
        given = "" if epsilon == 1e-5 else f"epsilon: {epsilon}"
        told = given and f", {given}"
        weights = {"batch_norm_1.scale": draw("s", n) + 1, "batch_norm_1.shift": draw("t", n)}
        states = {
            "batch_norm_1.running_mean": draw("m", n),
            "batch_norm_1.running_variance": draw("v", n).abs() + 0.5,
        }
        mean, variance = states.values()
        flat = x.reshape(-1, n)
        after = {
            "batch_norm_1.running_mean": 0.9 * mean + 0.1 * flat.mean(0),
            "batch_norm_1.running_variance": 0.9 * variance + 0.1 * flat.var(0, unbiased=False),
        }
        rank = len(shape)
        records.append(
            model_record(
                f"batch_norm in training, rank {rank}{told}",
                f"x |> batch_norm(training: true{told})",
                {"x": x},
                lambda i, w, e=epsilon: hand.batch_norm(i["x"], *w.values(), epsilon=e),
                weights,
                states,
                after,
            )
        )
        record = model_record(
            f"batch_norm at inference, rank {rank}{told}",
            f"x |> batch_norm({given})",
            {"x": x},
            lambda i, w, m=mean, v=variance, e=epsilon: hand.batch_norm(
                i["x"], *w.values(), m, v, e
            ),
            weights,
            states,
        )
        # a training step would use the batch's statistics: the record above has that
        for key in ("losses", "penalties", "after"):
            del record[key]
        records.append(record)
    return records


def normalizations():
    return [
        *batch_norms(),
        norm_record("layer_norm()", [3, 5], lambda x, s, t: F.layer_norm(x, x.shape[-1:], s, t)),
        norm_record(
            "layer_norm(epsilon: 0.1)",
            [2, 3, 4],
            lambda x, s, t: F.layer_norm(x, x.shape[-1:], s, t, 0.1),
        ),
        norm_record("group_norm(2)", [2, 3, 2, 4], lambda x, s, t: hand.group_norm(x, s, t, 2)),
        norm_record("group_norm(3)", [2, 6], lambda x, s, t: hand.group_norm(x, s, t, 3)),
        norm_record(
            "group_norm(2, epsilon: 0.2)",
            [2, 3, 4],
            lambda x, s, t: hand.group_norm(x, s, t, 2, 0.2),
        ),
        norm_record("rms_norm()", [3, 5], hand.rms_norm, names=("scale",)),
        norm_record(
            "rms_norm(epsilon: 0.4)",
            [2, 4],
            lambda x, s: hand.rms_norm(x, s, 0.4),
            names=("scale",),
        ),
        pool_record("local_response_norm()", [2, 3], 7, lambda x: hand.local_response_norm(x)),
        pool_record(
            "local_response_norm(size: 4, alpha: 0.3, beta: 0.5, k: 1)",
            [2],
            6,
            lambda x: hand.local_response_norm(x, 4, 0.3, 0.5, 1),
        ),
    ]


def dense_and_tables():
    dense = {"dense_1.W": draw("W", 4, 3), "dense_1.b": draw("b", 3)}
    places = draw_integers("places", 6, 2, 5)

    x = draw("dense", 2, 3, 4)
    return [
        model_record(
            "dense",
            "x |> dense(3)",
            {"x": x},
            lambda i, w: i["x"] @ w["dense_1.W"] + w["dense_1.b"],
            dense,
        ),
        model_record(
            "dense without bias",
            "x |> dense(3, activation: sigmoid, use_bias: false)",
            {"x": x},
            lambda i, w: torch.sigmoid(i["x"] @ w["dense_1.W"]),
            {"dense_1.W": dense["dense_1.W"]},
        ),
        model_record(
            "embedding",
            "embedding(place, 6, 3)",
            {"place": places},
            lambda i, w: w["embedding_1.table"][i["place"]],
            {"embedding_1.table": draw("table", 6, 3)},
            types={"place": "category(6)"},
        ),
        model_record(
            "prelu",
            "x |> prelu()",
            {"x": draw("prelu", 4, 3)},
            lambda i, w: torch.where(i["x"] > 0, i["x"], w["prelu_1.slope"] * i["x"]),
            {"prelu_1.slope": torch.tensor(0.3)},
        ),
        model_record(
            "residual",
            "x |> residual(dense(4, activation: relu))",
            {"x": x},
            lambda i, w: i["x"]
            + F.relu(i["x"] @ w["residual_1.inner.W"] + w["residual_1.inner.b"]),
            {"residual_1.inner.W": draw("rW", 4, 4), "residual_1.inner.b": draw("rb", 4)},
        ),
        model_record(
            "positional_encoding",
            "x |> positional_encoding()",
            {"x": draw("pe", 2, 5, 6)},
            lambda i, _: i["x"] + hand.sinusoids(5, 6),
        ),
    ]


RECURRENT = {"rnn": (hand.rnn, 1), "gru": (hand.gru, 3), "lstm": (hand.lstm, 4)}


def recurrent_weights(prefix, gates, n, units):
    return {
        f"{prefix}.W": draw(prefix + "W", n, gates * units, scale=0.6),
        f"{prefix}.U": draw(prefix + "U", units, gates * units, scale=0.6),
        f"{prefix}.b": draw(prefix + "b", gates * units, scale=0.6),
    }


def recurrent():
    records = []
    x = draw("recurrent", 2, 4, 3)
    mask = torch.tensor([[True, True, False, True], [True, False, False, False]])
    for layer, (run, gates) in RECURRENT.items():
        weights = recurrent_weights(f"{layer}_1", gates, 3, 2)
        records.append(
            model_record(
                layer,
                f"x |> {layer}(2)",
                {"x": x},
                lambda i, w, run=run: run(i["x"], *w.values()),
                weights,
            )
        )
        records.append(
            model_record(
                f"{layer}, reverse",
                f"x |> {layer}(2, reverse: true)",
                {"x": x},
                lambda i, w, run=run: run(i["x"], *w.values(), reverse=True),
                weights,
            )
        )
        records.append(
            model_record(
                f"{layer} with a mask",
                f"x |> {layer}(2, mask: mask)",
                {"x": x, "mask": mask},
                lambda i, w, run=run: run(i["x"], *w.values(), mask=i["mask"]),
                weights,
                types={"mask": "bool"},
            )
        )
    records.append(
        model_record(
            "rnn of another activation",
            "x |> rnn(2, activation: softsign)",
            {"x": x},
            lambda i, w: hand.rnn(i["x"], *w.values(), activation=F.softsign),
            recurrent_weights("rnn_1", 1, 3, 2),
        )
    )
    both = {
        **recurrent_weights("bidirectional_1.onward", 3, 3, 2),
        **recurrent_weights("bidirectional_1.backward", 3, 3, 2),
    }
    records.append(
        model_record("bidirectional", "x |> bidirectional(gru(2))", {"x": x}, bidirectional, both)
    )
    h, c = draw("h", 2, 2), draw("c", 2, 2)
    one = draw("one", 2, 3)
    records.append(
        model_record(
            "rnn_cell",
            "rnn_cell(x, h, 2)",
            {"x": one, "h": h},
            rnn_cell,
            recurrent_weights("rnn_cell_1", 1, 3, 2),
        )
    )
    records.append(
        model_record(
            "rnn_cell of another activation",
            "rnn_cell(x, h, 2, activation: softsign)",
            {"x": one, "h": h},
            lambda i, w: rnn_cell(i, w, F.softsign),
            recurrent_weights("rnn_cell_1", 1, 3, 2),
        )
    )
    records.append(
        model_record(
            "gru_cell",
            "gru_cell(x, h, 2)",
            {"x": one, "h": h},
            lambda i, w: hand.gru_step(
                i["x"] @ w["gru_cell_1.W"] + w["gru_cell_1.b"], i["h"], w["gru_cell_1.U"]
            ),
            recurrent_weights("gru_cell_1", 3, 3, 2),
        )
    )
    records.append(
        model_record(
            "lstm_cell",
            "concat(lstm_cell(x, h, c, 2), axis: -1)",
            {"x": one, "h": h, "c": c},
            lstm_cell,
            recurrent_weights("lstm_cell_1", 4, 3, 2),
        )
    )
    for part in ("source", "gradient_source"):
        records[-1][part] = records[-1][part].replace(
            "  y = concat(lstm_cell(x, h, c, 2), axis: -1)",
            "  next_h, next_c = lstm_cell(x, h, c, 2)\n  y = concat([next_h, next_c], axis: -1)",
        )
    return records


def bidirectional(inputs, w):
    values = list(w.values())
    return torch.cat(
        [hand.gru(inputs["x"], *values[:3]), hand.gru(inputs["x"], *values[3:], reverse=True)], -1
    )


def rnn_cell(inputs, w, activation=None):
    W, U, b = w.values()
    if activation:
        return activation(inputs["x"] @ W + inputs["h"] @ U + b)
    return torch.rnn_tanh_cell(inputs["x"], inputs["h"], W.T, U.T, b, torch.zeros_like(b))


def lstm_cell(inputs, w):
    W, U, b = w.values()
    return torch.cat(hand.lstm_step(inputs["x"] @ W + b, inputs["h"], inputs["c"], U), -1)


def attention():
    q, k, v = draw("q", 2, 3, 4), draw("k", 2, 5, 4), draw("v", 2, 5, 2)
    qkv = {"q": q, "k": k, "v": v}
    long = {**qkv, "q": draw("q6", 2, 6, 4)}
    mask = torch.tensor([[True, True, False, True, False], [True, False, False, False, True]])
    x = draw("mha", 2, 3, 4)
    weights = {}
    for name in ("query", "key", "value", "out"):
        weights[f"multi_head_attention_1.{name}.W"] = draw(name, 4, 4)
        weights[f"multi_head_attention_1.{name}.b"] = draw(name + "b", 4)
    memory = draw("memory", 2, 5, 4)
    heads = {"q": draw("q4", 2, 2, 3, 4), "k": draw("k4", 2, 2, 3, 4), "v": draw("v4", 2, 2, 3, 4)}

    def mha(inputs, w, **how):
        return hand.multi_head_attention(inputs["x"], w, "multi_head_attention_1", 2, **how)

    return [
        model_record(
            "attention",
            "attention(q, k, v)",
            qkv,
            lambda i, _: hand.attention(i["q"], i["k"], i["v"]),
        ),
        model_record(
            "attention with a mask",
            "attention(q, k, v, mask: reshape(mask, [batch, 1, 5]))",
            {**qkv, "mask": mask},
            lambda i, _: hand.attention(i["q"], i["k"], i["v"], i["mask"][:, None]),
            types={"mask": "bool"},
        ),
        model_record(
            "causal attention of rank 4",
            "attention(q, k, v, causal: true)",
            heads,
            lambda i, _: hand.attention(i["q"], i["k"], i["v"], causal=True),
        ),
        model_record(
            "attention in blocks, with a mask of all queries",
            "attention(q, k, v, mask: mask, causal: true, block: 2)",
            {**long, "mask": torch.arange(2 * 6 * 5).reshape(2, 6, 5) % 4 != 1},
            lambda i, _: hand.attention(i["q"], i["k"], i["v"], i["mask"], causal=True),
            types={"mask": "bool"},
        ),
        model_record(
            "attention in blocks, with a mask of keys",
            "attention(q, k, v, mask: reshape(mask, [batch, 1, 5]), block: 3)",
            {**long, "mask": mask},
            lambda i, _: hand.attention(i["q"], i["k"], i["v"], i["mask"][:, None]),
            types={"mask": "bool"},
        ),
        model_record(
            "multi_head_attention", "x |> multi_head_attention(heads: 2)", {"x": x}, mha, weights
        ),
        model_record(
            "multi_head_attention in blocks of a query",
            "x |> multi_head_attention(heads: 2, causal: true, block: 1)",
            {"x": x},
            lambda i, w: mha(i, w, causal=True),
            weights,
        ),
        model_record(
            "multi_head_attention, causal",
            "x |> multi_head_attention(heads: 2, causal: true)",
            {"x": x},
            lambda i, w: mha(i, w, causal=True),
            weights,
        ),
        model_record(
            "multi_head_attention of a memory",
            "x |> multi_head_attention(2, memory, mask: mask)",
            {"x": x, "memory": memory, "mask": mask},
            lambda i, w: mha(i, w, memory=i["memory"], mask=i["mask"]),
            weights,
            types={"mask": "bool"},
        ),
        model_record(
            "multi_head_attention without bias",
            "x |> multi_head_attention(heads: 2, use_bias: false)",
            {"x": x},
            mha,
            {key: value for key, value in weights.items() if key.endswith(".W")},
        ),
        model_record(
            "memory_read with a mask",
            "memory_read(q, k, v, mask: mask)",
            {"q": draw("r", 2, 4), "k": k, "v": v, "mask": mask},
            lambda i, _: hand.attention(i["q"][:, None] * 2, i["k"], i["v"], i["mask"][:, None])[
                :, 0
            ],
            types={"mask": "bool"},
        ),
        model_record(
            "memory_read",
            "memory_read(q, k, v)",
            {"q": draw("r", 2, 4), "k": k, "v": v},
            lambda i, _: (
                torch.softmax((i["k"] @ i["q"][:, :, None])[..., 0], -1)[:, None] @ i["v"]
            )[:, 0],
        ),
    ]


def transformer_block():
    block, d, wide = "transformer_block_1", 4, 8
    weights = {}
    for part in ("1", "2"):
        weights[f"{block}.layer_norm_{part}.scale"] = draw("scale" + part, d) + 1
        weights[f"{block}.layer_norm_{part}.shift"] = draw("shift" + part, d)
    for name in ("query", "key", "value", "out"):
        weights[f"{block}.multi_head_attention_1.{name}.W"] = draw("block" + name, d, d)
        weights[f"{block}.multi_head_attention_1.{name}.b"] = draw("block" + name + "b", d)
    for part, rows, columns in (("1", d, wide), ("2", wide, d)):
        weights[f"{block}.dense_{part}.W"] = draw("wide" + part, rows, columns)
        weights[f"{block}.dense_{part}.b"] = draw("wide" + part + "b", columns)

    def forward(inputs, w, activation=F.gelu, **how):
        def norm(x, part):
            scale, shift = (w[f"{block}.layer_norm_{part}.{name}"] for name in ("scale", "shift"))
            return F.layer_norm(x, [d], scale, shift)

        def dense(x, part):
            return x @ w[f"{block}.dense_{part}.W"] + w[f"{block}.dense_{part}.b"]

        x = inputs["x"]
        name = f"{block}.multi_head_attention_1"
        x = x + hand.multi_head_attention(norm(x, "1"), w, name, 2, **how)
        return x + dense(activation(dense(norm(x, "2"), "1")), "2")

    x = {"x": draw("block", 2, 3, d)}
    return [
        model_record(
            "transformer_block",
            "x |> transformer_block(heads: 2, expansion: 2)",
            x,
            forward,
            weights,
        ),
        model_record(
            "transformer_block, causal, of another activation",
            "x |> transformer_block(2, expansion: 2, activation: relu, causal: true)",
            x,
            lambda i, w: forward(i, w, F.relu, causal=True),
            weights,
        ),
        model_record(
            "transformer_block in blocks of a query, with a mask",
            "x |> transformer_block(2, expansion: 2, mask: mask, block: 1)",
            {**x, "mask": torch.tensor([[True, False, True], [False, True, True]])},
            lambda i, w: forward(i, w, mask=i["mask"]),
            weights,
            types={"mask": "bool"},
        ),
    ]


def main():
    records = [
        *convolutions(),
        *depthwise(),
        *transposed(),
        *tiled(),
        *pooling(),
        *normalizations(),
        *dense_and_tables(),
        *recurrent(),
        *attention(),
        *transformer_block(),
    ]
    write("layers.json", records)


main()
