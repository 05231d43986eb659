"""Mistakes in the LSTM, embeddings, attention and pooling, and in code for torch and JAX."""

from __future__ import annotations

from corpus.mistakes.kinds import planted

LSTM = planted(
    "packed_lstm",
    ("truncated BPTT", "Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc", "    dprev_h = da @ Wh.T\n", "    dprev_h = 0 * dc\n"),
    ("truncated BPTT", "Wi Wf Wo Wc Ui Uf Uc bi bf bo bc", "    dprev_c = dc * f\n", "    dprev_c = 0 * dc\n"),
    ("term missing", "Wi Wf Wo Wc Ui Uf Uc bi bf bo bc", "dc = dnext_c + dnext_h", "dc = dnext_h"),
    (
        "swapped blocks",
        "Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc",
        "np.hstack([di * i * (1 - i), df * f * (1 - f)",
        "np.hstack([df * f * (1 - f), di * i * (1 - i)",
    ),
    ("f' missing", "Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc", "do * o * (1 - o)", "do"),
    ("f' missing", "Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc", "dnext_h * o * (1 - tanh_c**2)", "dnext_h * o"),
    ("f'(a) for f'(z)", "Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc", "dg * (1 - g**2)", "dg * (1 - np.tanh(g) ** 2)"),
    ("stale activation", "Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc", "df = dc * prev_c", "df = dc * next_c"),
    ("stale activation", "Wi Wf Wo Wc Ui Uf Uc bi bf bo bc", "dprev_c = dc * f", "dprev_c = dc * i"),
    ("stale activation", "Ui Uf Uo Uc", "prev_h.T @ da", "(o * tanh_c).T @ da"),
    ("missing 1/m", "Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc", "dh, dc = (h - y) / N", "dh, dc = h - y"),
    ("1/m twice", "bi bf bo bc", "da.sum(axis=0)", "da.mean(axis=0)"),
    ("off-by-one sample", "Wi Wo Wc bi bo bc", "in reversed(caches):", "in reversed(caches[1:]):"),
    ("dropped last sample", "Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc", "in reversed(caches):", "in reversed(caches[:-1]):"),
    ("low precision", "Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc", "dg = dc * i", "dg = (dc * i).astype(np.float32)"),
    ("one wrong element", "Uc", "    return loss, dWx", "    dWh[0, -1] *= 1.001\n    return loss, dWx"),
    ("state between calls", "", "caches = []", 'caches = lstm_loss.__dict__.setdefault("caches", [])'),
    (
        "wrong cost, matching gradient",
        "J Wi Wf Wo Wc Ui Uf Uo Uc bi bf bo bc",
        "h = np.zeros_like(y)",
        "h = np.zeros_like(y) + 0.1",
    ),
    ("wrong cost only", "J", "loss = 0.5 * np.sum", "loss = np.sum"),
)
WORDS = planted(
    "word_bag",
    (
        "repeated index",
        "E",
        "np.add.at(dembedding, contexts, dhidden[:, None, :] / C)",
        "dembedding[contexts] += dhidden[:, None, :] / C",
    ),
    (
        "repeated index",
        "E",
        "np.add.at(dembedding, contexts, dhidden[:, None, :] / C)",
        "dembedding[contexts] = dhidden[:, None, :] / C",
    ),
    ("sum for mean", "E", "dhidden[:, None, :] / C", "dhidden[:, None, :]"),
    ("missing 1/m", "E U", "    dlogits /= N\n", ""),
    ("sign", "E U", "np.arange(N), centers] -= 1", "np.arange(N), centers] += 1"),
    ("off-by-one sample", "E U", "np.arange(N), centers] -= 1", "np.arange(N), centers - 1] -= 1"),
    ("dropped last sample", "U", "hidden.T @ dlogits", "hidden[:-1].T @ dlogits[:-1]"),
    ("stale activation", "U", "doutput = hidden.T", "doutput = embedding[contexts[:, 0]].T"),
    (
        "weights updated too early",
        "E",
        "    dhidden = dlogits",
        "    output = output - 0.1 * doutput\n    dhidden = dlogits",
    ),
    ("wrong cost derivative", "E U", "dlogits = np.exp(log_probs)", "dlogits = np.exp(logits)"),
    ("low precision", "E", "np.zeros_like(embedding)", "np.zeros_like(embedding, dtype=np.float32)"),
    ("modifies its input", "", "    return loss, dem", "    embedding -= 0.1 * dembedding\n    return loss, dem"),
    ("wrong cost only", "J", "centers].sum() / N", "centers].sum()"),
)
ATTENTION = planted(
    "einsum_attention",
    ("diagonal Jacobian", "Q K", "p * (dp - (p * dp).sum(-1, keepdims=True))", "p * (1 - p) * dp"),
    ("term missing", "Q K", "p * (dp - (p * dp).sum(-1, keepdims=True))", "p * dp"),
    ("term missing", "Q K", "softmax_backward(p, dp) * scale", "softmax_backward(p, dp)"),
    ("transposed weight", "K", '"htu,htd->hud", ds, q', '"hut,htd->hud", ds, q'),
    ("transposed weight", "V", '"htu,htd->hud", p, dheads', '"hut,htd->hud", p, dheads'),
    ("neighbouring weight", "Q K", '"htd,hud->htu", dheads, v', '"htd,hud->htu", dheads, k'),
    ("stale activation", "Q", '"htu,hud->htd", ds, k', '"htu,hud->htd", ds, q'),
    ("swapped blocks", "Q", '"htd,tc->hdc", dq, x', '"htd,tc->hdc", dk, x'),
    ("factor 2", "Q K V O", "dout = 2 * (out - y)", "dout = (out - y)"),
    ("missing 1/m", "Q K V O", "dout = 2 * (out - y) / len(x)", "dout = 2 * (out - y)"),
    ("sign", "Q K V O", "2 * (out - y)", "2 * (y - out)"),
    ("one wrong element", "V", "    return value, grads", '    grads["wv"][0, 0, 0] *= 1.001\n    return value, grads'),
    ("low precision", "Q K", "softmax_backward(p, dp) * scale", "softmax_backward(p, dp).astype(np.float32) * scale"),
    ("modifies its input", "", "    return value, grads", '    wo -= 0.01 * grads["wo"]\n    return value, grads'),
    ("wrong cost, matching gradient", "J Q K V O", "scale = wq.shape[1] ** -0.5", "scale = 1.0"),
    ("wrong cost only", "J", "** 2).sum() / len(x)", "** 2).mean()"),
)
POOLING = planted(
    "max_pool_argmax",
    ("sum for mean", "w v", "d = (pred - y) / len(y)", "d = pred - y"),
    ("term missing", "w", "d[n] * v[q] * X", "d[n] * X"),
    ("stale activation", "w", "X[n, winners[n, q]]", "X[n].mean(axis=0)"),
    ("off-by-one sample", "w", "X[n, winners[n, q]]", "X[n, winners[n, q] - 1]"),
    ("neighbouring weight", "w", "X[n, winners[n, q]]", "X[n, winners[n, -1]]"),
    ("dropped last sample", "w", "for n in range(len(X)):", "for n in range(len(X) - 1):"),
    ("sign", "w", "d[n] * v[q] * X", "-d[n] * v[q] * X"),
    (
        "weights updated too early",
        "w",
        "            dW[q] += d[n]",
        "            v = v - 0.01 * d[n] * pooled[n]\n            dW[q] += d[n]",
    ),
    ("low precision", "w", "dW = np.zeros_like(W)", "dW = np.zeros_like(W, dtype=np.float32)"),
    ("one wrong element", "w", "    return dW, pooled", "    dW[-1, 0] *= 1.0001\n    return dW, pooled"),
    ("state between calls", "", "dW = np.zeros_like(W)", 'dW = grad_fn.__dict__.setdefault("dW", np.zeros_like(W))'),
    ("wrong cost only", "J", "return 0.5 * np.mean", "return np.mean"),
)
TORCH = planted(
    "torch_function",
    ("missing 1/m", "w[2] b[2] w[3] b[3]", "(out - y) / x.shape[0]", "(out - y)"),
    ("f' missing", "w[2] b[2]", " * (1 - h**2)", ""),
    ("f'(a) for f'(z)", "w[2] b[2]", "(1 - h**2)", "(1 - torch.tanh(h) ** 2)"),
    ("decay missing", "w[3]", "d2.t() @ h + grad_output * ctx.weight_decay * W2", "d2.t() @ h"),
    ("decay factor 2", "w[2]", "ctx.weight_decay * W1", "2 * ctx.weight_decay * W1"),
    ("sum for mean", "b[3]", "d2.sum(0), None", "d2.sum(0) * len(d2), None"),
    ("low precision", "b[2]", "d1.sum(0)", "d1.float().sum(0)"),
    ("one wrong element", "w[3]", "        return gW1", "        gW2[0, 0] *= 1.001\n        return gW1"),
)
JAX = planted(
    "jax_poisson",
    ("missing 1/m", "w b", "g * r / r.shape[0]", "g * r"),
    ("sign", "w b", "rate - counts)", "counts - rate)"),
    ("wrong cost derivative", "w b", "rate - counts)", "eta - counts)"),
    ("dropped last sample", "b", "jnp.sum(r)", "jnp.sum(r[:-1])"),
    ("1/m twice", "b", "jnp.sum(r)", "jnp.mean(r)"),
    ("low precision", "w", "x.T @ r", "x.T @ r.astype(jnp.float16)"),
)
SEQUENCES = (*LSTM, *WORDS, *ATTENTION, *POOLING, *TORCH, *JAX)
