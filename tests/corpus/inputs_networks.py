"""Values for networks, drawn by seed; `kind` says which points are wanted."""

from __future__ import annotations

import numpy as np

from corpus.draws import FAR, TINY, Made, Random, common, near, network


def sigmoid_network(rng: Random, kind: str, sizes: tuple[int, ...] = (3, 4, 2), low: float = 0.0) -> Made:
    """Targets between `low` and 1; tiny: flat outputs that meet their targets."""
    made = network(rng, 5, sizes)
    made["y"] = rng.uniform(low, 1, size=(5, sizes[-1]))
    last = len(sizes)
    if kind == "tiny":
        made["w"][last] *= 0.1
        made["b"][last], made["y"], made["lam"] = np.full(sizes[-1], -FAR), made["y"] * TINY, TINY
        if low < 0:  # tanh, whose slope falls twice as fast
            made["b"][last], made["y"] = made["b"][last] / 2, np.full_like(made["y"], low)
    return common(rng, kind, made, made["x"], made["w"][2], made["w"].values())


def mlp(rng: Random, kind: str) -> Made:
    return sigmoid_network(rng, kind)


def mlp_tanh(rng: Random, kind: str) -> Made:
    return sigmoid_network(rng, kind, low=-1.0)


def deep(rng: Random, kind: str) -> Made:
    return sigmoid_network(rng, kind, (3, 3, 3, 3))


def probabilities(rng: Random, kind: str, sizes: tuple[int, ...], decay: bool) -> Made:
    """Targets that are one class each, so that their sum is exactly 1; tiny: always the first, and it is predicted."""
    made = network(rng, 5, sizes)
    made["y"] = np.eye(sizes[-1])[np.append(np.arange(sizes[-1]), rng.integers(sizes[-1], size=5))[:5]]
    last = len(sizes)
    if kind == "tiny":
        made["w"][last] *= 0.1
        made["b"][last], made["y"] = FAR * np.eye(sizes[-1])[0], np.eye(sizes[-1])[np.zeros(5, dtype=int)]
        made["lam"] = TINY
    if not decay:
        del made["lam"]
    return common(rng, kind, made, made["x"], made["w"][2], made["w"].values())


def softmax_classifier(rng: Random, kind: str) -> Made:
    return probabilities(rng, kind, (3, 4, 4, 3), True)


def softmax_squared_error(rng: Random, kind: str) -> Made:
    return probabilities(rng, kind, (3, 3, 3, 3), False)


def sparse_autoencoder(rng: Random, kind: str) -> Made:
    """Tiny: a flat hidden layer of the wanted mean, outputs that meet their targets."""
    made = network(rng, 6, (3, 3, 3)) | {"beta": 0.25, "rho": 0.125}
    made["x"] = rng.uniform(0.1, 0.9, size=(6, 3))
    if kind == "tiny":
        made["w"][3] *= 0.1
        made["b"][3], made["x"], made["lam"], made["beta"] = np.full(3, -FAR), made["x"] * TINY, TINY, TINY
    return common(rng, kind, made, made["x"], made["w"][2], made["w"].values())


def two_layer_relu(rng: Random, kind: str) -> Made:
    m, n, h, p = 5, 3, 4, 3
    made = {"x": rng.normal(size=(m, n)), "label": rng.integers(p, size=m), "lam": 0.03125}
    made |= {"w": rng.normal(size=(h, n)), "b": 0.5 * rng.normal(size=h)}
    made |= {"v": rng.normal(size=(p, h)), "d": 0.5 * rng.normal(size=p)}
    made["label"][:p] = np.arange(p)
    if kind == "kink":
        sample = rng.integers(m, size=h)
        made["b"] = near(rng, h) - (made["w"] * made["x"][sample]).sum(axis=1)
    if kind == "tiny":
        made["v"] *= 0.1
        made |= {"d": FAR * np.eye(p)[0], "label": np.zeros(m, dtype=int), "lam": TINY}
    return common(rng, kind, made, made["x"], made["w"], (made["w"], made["v"]))


def recurrent_network(rng: Random, kind: str) -> Made:
    T, m, p, q, r = 4, 3, 2, 3, 2
    made = {"x": rng.normal(size=(T, m, p)), "y": rng.normal(size=(T, m, r)), "b": 0.5 * rng.normal(size=q)}
    made |= {"U": rng.normal(size=(q, p)), "W": rng.normal(size=(q, q)), "V": rng.normal(size=(r, q))}
    if kind == "tiny":
        made |= {"y": made["y"] * TINY, "V": made["V"] * TINY}
    return common(rng, kind, made, made["x"], made["U"], (made["U"], made["W"]))


def lstm(rng: Random, kind: str) -> Made:
    """Tiny: cells that stay shut, and targets next to 0."""
    T, m, p, q = 3, 3, 2, 2
    made = {"x": rng.normal(size=(T, m, p)), "y": rng.normal(size=(m, q))}
    made |= {"W" + gate: rng.normal(size=(q, p)) for gate in "fioc"}
    made |= {"U" + gate: rng.normal(size=(q, q)) for gate in "fioc"}
    made |= {"b" + gate: 0.5 * rng.normal(size=q) for gate in "fioc"}
    if kind == "tiny":
        made |= {"bo": np.full(q, -FAR), "y": made["y"] * TINY}
    if kind == "badly scaled":
        scale = 10.0 ** rng.permutation(np.linspace(-6, 4, p))
        made |= {"x": made["x"] * scale} | {"W" + gate: made["W" + gate] / scale for gate in "fioc"}
    return common(rng, "" if kind == "badly scaled" else kind, made, None, None, [made["U" + gate] for gate in "fioc"])


def multi_head_attention(rng: Random, kind: str) -> Made:
    T, n, e, H = 3, 3, 2, 2
    made = {"x": rng.normal(size=(T, n)), "y": rng.normal(size=(T, n)), "O": rng.normal(size=(H, n, e))}
    made |= {letter: rng.normal(size=(H, e, n)) for letter in "QKV"}
    if kind == "tiny":
        made |= {"y": made["y"] * TINY, "O": made["O"] * TINY}
    if kind == "badly scaled":
        scale = 10.0 ** rng.permutation(np.linspace(-6, 4, n))
        made |= {"x": made["x"] * scale} | {letter: made[letter] / scale for letter in "QKV"}
    return common(rng, "" if kind == "badly scaled" else kind, made, None, None, (made["Q"],))
