"""Layers in torch, from the definitions of the language: channels last, TensorFlow's "same", our gate orders."""

import math

import torch
import torch.nn.functional as F

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
MAX_POOL = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
MEAN_POOL = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def channels_first(x):
    return x.movedim(-1, 1)


def channels_last(x):
    return x.movedim(1, -1)


def listed(value, rank):
    return list(value) if isinstance(value, (list, tuple)) else [value] * rank


def same_padding(sizes, window, stride, dilation):
    """For torch's pad: last axis first, [before, after] each, the odd one behind."""
    edges = []
    for size, k, s, d in reversed(list(zip(sizes, window, stride, dilation))):
        total = max((math.ceil(size / s) - 1) * s + d * (k - 1) + 1 - size, 0)
        edges += [total // 2, total - total // 2]
    return edges


def conv(x, kernel, bias=None, stride=1, padding="valid", dilation=1, groups=1):
    """x: [batch, ...space, n], kernel: [...k, n / groups, out]"""
    rank = x.dim() - 2
    stride, dilation = listed(stride, rank), listed(dilation, rank)
    x = channels_first(x)
    if padding == "same":
        x = F.pad(x, same_padding(x.shape[2:], kernel.shape[:rank], stride, dilation))
    amount = 0 if isinstance(padding, str) else padding
    weight = kernel.movedim(-1, 0).movedim(-1, 1)
    return channels_last(CONV[rank](x, weight, bias, stride, amount, dilation, groups))


def conv_transpose(x, kernel, bias, stride=1, padding="valid", groups=1, dilation=1):
    """x: [batch, h, w, n], kernel: [h, w, n / groups, out]"""
    height, width, bundle, out = kernel.shape
    n = x.shape[-1]
    weight = torch.zeros(n, out // groups, height, width)
    for g in range(groups):
        part = kernel[:, :, :, g * (out // groups) : (g + 1) * (out // groups)]
        weight[g * bundle : (g + 1) * bundle] = part.permute(2, 3, 0, 1)
    amount = 0 if isinstance(padding, str) else padding
    y = F.conv_transpose2d(channels_first(x), weight, None, stride, amount, 0, groups, dilation)
    if padding == "same":
        sizes = [size * stride for size in x.shape[1:3]]
        for axis, (k, size) in enumerate(zip((height, width), sizes)):
            before = max(k - stride, 0) // 2
            y = y.narrow(axis + 2, before, min(size, y.shape[axis + 2] - before))
            if y.shape[axis + 2] < size:
                missing = size - y.shape[axis + 2]
                y = F.pad(y, [0, 0, 0, missing] if axis == 0 else [0, missing])
    return channels_last(y) + bias


def max_pool(x, window, stride=None, padding="valid"):
    rank = x.dim() - 2
    window = listed(window, rank)
    stride = window if stride is None else listed(stride, rank)
    x = channels_first(x)
    if padding == "same":
        x = F.pad(x, same_padding(x.shape[2:], window, stride, [1] * rank), value=-math.inf)
    amount = 0 if isinstance(padding, str) else padding
    return channels_last(MAX_POOL[rank](x, window, stride, amount))


def mean_pool(x, window, stride=None, padding="valid"):
    """The zeros of an integer padding count, those of "same" do not."""
    rank = x.dim() - 2
    window = listed(window, rank)
    stride = window if stride is None else listed(stride, rank)
    x = channels_first(x)
    if padding == "same":
        edges = same_padding(x.shape[2:], window, stride, [1] * rank)
        inside = F.pad(torch.ones_like(x), edges)
        counted = MEAN_POOL[rank](F.pad(x, edges), window, stride) / MEAN_POOL[rank](
            inside, window, stride
        )
        return channels_last(counted)
    amount = 0 if isinstance(padding, str) else padding
    return channels_last(MEAN_POOL[rank](x, window, stride, amount))


def local_response_norm(x, size=5, alpha=1e-4, beta=0.75, k=2):
    n = x.shape[-1]
    before, after = size // 2, size - 1 - size // 2
    sums = [(x[..., max(0, i - before) : min(n, i + after + 1)] ** 2).sum(-1) for i in range(n)]
    return x / (k + alpha * torch.stack(sums, -1)) ** beta


def batch_norm(x, scale, shift, mean=None, variance=None, epsilon=1e-5):
    """By the batch's statistics, or by given ones."""
    flat = x.reshape(-1, x.shape[-1])
    if mean is None:
        mean, variance = flat.mean(0), flat.var(0, unbiased=False)
    return (x - mean) / torch.sqrt(variance + epsilon) * scale + shift


def group_norm(x, scale, shift, groups, epsilon=1e-5):
    return channels_last(F.group_norm(channels_first(x), groups, scale, shift, epsilon))


def rms_norm(x, scale, epsilon=1e-5):
    return x / torch.sqrt((x**2).mean(-1, keepdim=True) + epsilon) * scale


def scan(p, start, step, reverse=False, mask=None):
    """p: [batch, time, …] through step(slice, state) -> state, a tuple whose first entry is given out."""
    time = p.shape[1]
    state, out = start, [None] * time
    for t in reversed(range(time)) if reverse else range(time):
        new = step(p[:, t], state)
        if mask is not None:
            awake = mask[:, t, None]
            new = tuple(torch.where(awake, a, b) for a, b in zip(new, state))
        state = new
        out[t] = state[0]
    return torch.stack(out, 1)


def rnn(x, W, U, b, activation=torch.tanh, **how):
    start = (torch.zeros(x.shape[0], U.shape[0]),)
    return scan(x @ W + b, start, lambda p, s: (activation(p + s[0] @ U),), **how)


def gru(x, W, U, b, **how):
    start = (torch.zeros(x.shape[0], U.shape[0]),)
    return scan(x @ W + b, start, lambda p, s: (gru_step(p, s[0], U),), **how)


def gru_step(p, h, U):
    pu, pr, pc = p.chunk(3, -1)
    uu, ur, uc = U.chunk(3, -1)
    update, reset = torch.sigmoid(pu + h @ uu), torch.sigmoid(pr + h @ ur)
    candidate = torch.tanh(pc + (reset * h) @ uc)
    return (1 - update) * h + update * candidate


def lstm_step(p, h, c, U):
    i, f, g, o = (p + h @ U).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def lstm(x, W, U, b, **how):
    zero = torch.zeros(x.shape[0], U.shape[0])
    return scan(x @ W + b, (zero, zero), lambda p, s: lstm_step(p, *s, U), **how)


def attention(query, keys, values, mask=None, causal=False):
    score = query @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1])
    if mask is not None:
        score = score.masked_fill(~mask, -1e30)
    if causal:
        earlier = torch.ones(score.shape[-2:], dtype=torch.bool).tril()
        score = score.masked_fill(~earlier, -1e30)
    return torch.softmax(score, -1) @ values


def multi_head_attention(
    x, weights, prefix, heads, memory=None, mask=None, causal=False, kv_heads=None, positions=None
):
    """mask: [batch, length] or [batch, time, length]"""
    memory = x if memory is None else memory

    def project(t, name, count):
        y = t @ weights[f"{prefix}.{name}.W"] + weights.get(f"{prefix}.{name}.b", 0)
        return y.reshape(*y.shape[:2], count, -1).transpose(1, 2)

    if mask is not None:
        mask = mask[:, None, None, :] if mask.dim() == 2 else mask[:, None]
    kv_heads = kv_heads or heads
    query, key = project(x, "query", heads), project(memory, "key", kv_heads)
    if positions is not None:
        query, key = positions(query), positions(key)
    value = project(memory, "value", kv_heads)
    if kv_heads != heads:
        key, value = (t.repeat_interleave(heads // kv_heads, 1) for t in (key, value))
    mixed = attention(query, key, value, mask, causal)
    joined = mixed.transpose(1, 2).reshape(x.shape)
    return joined @ weights[f"{prefix}.out.W"] + weights.get(f"{prefix}.out.b", 0)


def rotary(x, base=10000, offset=0, interleaved=False):
    """Pairs of channels as complex numbers, times those of length 1 at their angles."""
    time, d = x.shape[-2:]
    angle = torch.outer(torch.arange(time) + offset, base ** (-torch.arange(0, d, 2) / d))
    turn = torch.polar(torch.ones_like(angle), angle)
    if interleaved:
        return torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (-1, 2))) * turn).flatten(-2)
    turned = torch.complex(x[..., : d // 2], x[..., d // 2 :]) * turn
    return torch.cat([turned.real, turned.imag], -1)


def sinusoids(time, width, offset=0):
    code = torch.zeros(time, width)
    for t in range(time):
        for i in range(width):
            angle = (t + offset) * 10000 ** (-(i - i % 2) / width)
            code[t, i] = math.sin(angle) if i % 2 == 0 else math.cos(angle)
    return code
