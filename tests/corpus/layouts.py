"""How values of a model become the arguments of a user, and what the user returns becomes blocks of the model."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus.records import Blocks, Values, layers


def columns(array: Any) -> Any:
    """Samples as columns, in memory of their own."""
    return np.ascontiguousarray(np.asarray(array).T)


def stack(values: Values) -> Any:
    """theta of UFLDL: W1, W2, b1, b2."""
    w, b = values["w"], values["b"]
    return np.concatenate([w[2].ravel(), w[3].ravel(), b[2], b[3]])


def unstack(theta: Any, values: Values) -> Blocks:
    parts = (values["w"][2], values["w"][3], values["b"][2], values["b"][3])
    cut = np.split(np.asarray(theta), np.cumsum([p.size for p in parts])[:-1])
    names = ("w[2]", "w[3]", "b[2]", "b[3]")
    return {name: c.reshape(p.shape) for name, c, p in zip(names, cut, parts, strict=True)}


def ufldl_network(v: Values) -> tuple[Any, ...]:
    sizes = (v["w"][2].shape[1], v["w"][2].shape[0], v["w"][3].shape[0])
    return stack(v), *sizes, v["lam"], columns(v["x"]), columns(v["y"])


def ufldl_autoencoder(v: Values) -> tuple[Any, ...]:
    hidden, visible = v["w"][2].shape
    return stack(v), visible, hidden, v["lam"], v["rho"], v["beta"], columns(v["x"])


def two_layer(v: Values) -> tuple[Any, ...]:
    params = {"W1": columns(v["w"]), "b1": v["b"], "W2": columns(v["v"]), "b2": v["d"]}
    return params, v["x"], v["label"], v["lam"]


def two_layer_gradient(grads: Any, v: Values) -> Blocks:
    return {"w": grads["W1"].T, "b": grads["b1"], "v": grads["W2"].T, "d": grads["b2"]}


def nielsen(v: Values) -> tuple[Any, ...]:
    pairs = [(x[:, None], y[:, None]) for x, y in zip(v["x"], v["y"], strict=True)]
    biases = [b[:, None] for b in v["b"].values()]
    return list(v["w"].values()), biases, pairs, v["lam"] * len(pairs)


def nielsen_gradient(nablas: Any, v: Values) -> Blocks:
    return layers("w", nablas[0]) | layers("b", [b.ravel() for b in nablas[1]])


def sklearn(v: Values) -> tuple[Any, ...]:
    coefs = [columns(w) for w in v["w"].values()]
    return coefs, list(v["b"].values()), v["x"], v["y"], v["lam"] * len(v["x"])


def sklearn_gradient(grads: Any, v: Values) -> Blocks:
    return layers("w", [g.T for g in grads[0]]) | layers("b", grads[1])


def char_rnn(v: Values) -> tuple[Any, ...]:
    hprev = np.zeros((len(v["b"]), v["x"].shape[1]), dtype=v["b"].dtype)
    inputs, targets = ([columns(step) for step in v[name]] for name in "xy")
    return inputs, targets, hprev, v["U"], v["W"], v["V"], v["b"][:, None]


def char_rnn_gradient(grads: Any, v: Values) -> Blocks:
    return {"U": grads[0], "W": grads[1], "V": grads[2], "b": grads[3].ravel()}


def logistic(v: Values) -> tuple[Any, ...]:
    theta = np.concatenate([np.reshape(v["b"], 1), v["w"]])
    ones = np.ones((len(v["x"]), 1), dtype=v["x"].dtype)
    return theta, np.hstack([ones, v["x"]]), (v["y"] + 1) / 2, v["lam"] * len(v["x"])


def intercept_first(grad: Any, v: Values) -> Blocks:
    return {"b": np.asarray(grad[0]), "w": np.asarray(grad[1:])}


def ridge(v: Values) -> tuple[Any, ...]:
    return [*v["w"].tolist(), float(v["b"])], v["x"].tolist(), v["y"].tolist(), v["lam"]


def intercept_last(grad: Any, v: Values) -> Blocks:
    return {"w": np.array(grad[:-1]), "b": np.array(grad[-1])}


def conv1d(v: Values) -> tuple[Any, ...]:
    filters = np.ascontiguousarray(np.transpose(v["w"], (0, 2, 1)))
    return v["x"], v["y"], filters, v["b"], v["v"]


def conv1d_gradient(grads: Any, v: Values) -> Blocks:
    return {"w": np.transpose(grads["filters"], (0, 2, 1)), "b": grads["bias"], "v": grads["head"]}


def huber(v: Values) -> tuple[Any, ...]:
    params = np.concatenate([np.reshape(v["b"], 1), v["w"]])
    return params, v["x"], v["y"], v["c"], v["lam"]


def funk(v: Values) -> tuple[Any, ...]:
    known = [(u, i, v["R"][u, i]) for u, i in zip(*np.nonzero(v["M"]), strict=True)]
    return v["U"], columns(v["V"]), known, v["lam"]


def by_layer(v: Values) -> tuple[Any, ...]:
    return list(v["w"].values()), list(v["b"].values()), v["x"], v["y"]


GATES = "ifoc"  # the order in which the gates are packed, by the model's letters


def packed_lstm(v: Values) -> tuple[Any, ...]:
    Wx, Wh = (np.hstack([columns(v[letter + gate]) for gate in GATES]) for letter in "WU")
    return np.ascontiguousarray(v["x"].swapaxes(0, 1)), v["y"], Wx, Wh, np.concatenate([v["b" + g] for g in GATES])


def packed_lstm_gradient(grads: Any, v: Values) -> Blocks:
    packed = zip("WUb", (grads[0].T, grads[1].T, grads[2]), strict=True)
    return {letter + gate: part for letter, g in packed for gate, part in zip(GATES, np.split(g, 4), strict=True)}


def attention(v: Values) -> tuple[Any, ...]:
    params = {"wq": v["Q"], "wk": v["K"], "wv": v["V"], "wo": np.ascontiguousarray(v["O"].swapaxes(1, 2))}
    return params, v["x"], v["y"]


def attention_gradient(grads: Any, v: Values) -> Blocks:
    return {"Q": grads["wq"], "K": grads["wk"], "V": grads["wv"], "O": grads["wo"].swapaxes(1, 2)}
