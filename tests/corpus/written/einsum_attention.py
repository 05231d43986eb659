"""Self-attention with several heads, every product an einsum, gradients in a dict that is named as the parameters."""

import numpy as np


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_backward(p, dp):
    return p * (dp - (p * dp).sum(-1, keepdims=True))


def attention_value_and_grad(params, x, y):
    """params: wq, wk, wv, wo, each (heads, width, features); x, y (time, features)."""
    wq, wk, wv, wo = (params[name] for name in ("wq", "wk", "wv", "wo"))
    q = np.einsum("tc,hdc->htd", x, wq)
    k = np.einsum("tc,hdc->htd", x, wk)
    v = np.einsum("tc,hdc->htd", x, wv)
    scale = wq.shape[1] ** -0.5
    p = softmax(scale * np.einsum("htd,hud->htu", q, k))
    heads = np.einsum("htu,hud->htd", p, v)
    out = np.einsum("htd,hdc->tc", heads, wo)
    value = ((out - y) ** 2).sum() / len(x)

    dout = 2 * (out - y) / len(x)
    dwo = np.einsum("htd,tc->hdc", heads, dout)
    dheads = np.einsum("tc,hdc->htd", dout, wo)
    dp = np.einsum("htd,hud->htu", dheads, v)
    dv = np.einsum("htu,htd->hud", p, dheads)
    ds = softmax_backward(p, dp) * scale
    dq = np.einsum("htu,hud->htd", ds, k)
    dk = np.einsum("htu,htd->hud", ds, q)
    grads = {
        "wq": np.einsum("htd,tc->hdc", dq, x),
        "wk": np.einsum("htd,tc->hdc", dk, x),
        "wv": np.einsum("htd,tc->hdc", dv, x),
        "wo": dwo,
    }
    return value, grads
