"""Values for regressions and for single layers, drawn by seed; `kind` says which points are wanted."""

from __future__ import annotations

import numpy as np

from corpus.draws import FAR, TINY, Made, Random, common, near


def softmax_regression(rng: Random, kind: str) -> Made:
    m, n, p = 6, 3, 3
    made = {"x": rng.normal(size=(m, n)), "label": rng.integers(p, size=m)}
    made |= {"w": rng.normal(size=(p, n)), "b": rng.normal(size=p)}
    if kind == "tiny":
        made |= {"w": 0.1 * made["w"], "b": FAR * np.eye(p)[0], "label": np.zeros(m, dtype=int)}
    return common(rng, kind, made, made["x"], made["w"], (made["w"],))


def linear(rng: Random, kind: str, m: int = 6, n: int = 4) -> Made:
    made = {"x": rng.normal(size=(m, n)), "y": rng.normal(size=m), "lam": 0.0625}
    made |= {"w": rng.normal(size=n), "b": np.array(rng.normal())}
    return common(rng, kind, made, made["x"], made["w"], (made["w"],))


def logistic_regression(rng: Random, kind: str) -> Made:
    made = linear(rng, kind)
    made["y"] = np.sign(made["y"])
    if kind == "tiny":
        made |= {"y": np.ones_like(made["y"]), "b": np.array(FAR), "w": 0.1 * made["w"], "lam": TINY}
    return made


def ridge_regression(rng: Random, kind: str) -> Made:
    made = linear(rng, kind)
    return made | {name: made[name] * TINY for name in ("y", "w", "b")} if kind == "tiny" else made


def huber_regression(rng: Random, kind: str) -> Made:
    """Errors at c and small weights where kinks are wanted."""
    made = linear(rng, kind, m=7) | {"c": 1.0}
    if kind == "kink":
        made["w"] = near(rng, made["w"].shape)
        made["y"][:3] = (made["x"] @ made["w"] + made["b"] - made["c"] + near(rng, 7))[:3]
    if kind == "tiny":
        made |= {name: made[name] * TINY for name in ("y", "w", "b", "c", "lam")}
    return made


def poisson_regression(rng: Random, kind: str) -> Made:
    made = linear(rng, kind)
    made["w"] *= 0.5
    made["y"] = rng.integers(6, size=6).astype(float)
    if kind == "tiny":
        made |= {"y": 0 * made["y"], "b": np.array(-FAR), "w": 0.1 * made["w"]}
    del made["lam"]
    return made


def batch_norm(rng: Random, kind: str) -> Made:
    m, n, p = 6, 3, 2
    made = {"x": rng.normal(size=(m, n)), "y": rng.normal(size=(m, p)), "eps": 0.125}
    made |= {"w": rng.normal(size=(p, n)), "g": 1 + 0.5 * rng.normal(size=p), "b": rng.normal(size=p)}
    if kind == "tiny":
        made |= {name: made[name] * TINY for name in ("y", "g", "b")}
    return common(rng, kind, made, made["x"], made["w"], ())


def convolution(rng: Random, kind: str) -> Made:
    m, T, F, p, q = 3, 6, 3, 2, 3
    made = {"x": rng.normal(size=(m, T, p)), "y": rng.normal(size=m), "v": rng.normal(size=q)}
    made |= {"w": rng.normal(size=(q, F, p)), "b": 0.5 * rng.normal(size=q)}
    if kind == "kink":
        windows = np.stack([made["x"][rng.integers(m), t : t + F] for t in rng.integers(T - F + 1, size=q)])
        made["b"] = near(rng, q) - (made["w"] * windows).sum(axis=(1, 2))
    if kind == "tiny":
        made |= {name: made[name] * TINY for name in ("y", "v")}
    return common(rng, kind, made, made["x"], made["w"], ())


def support_vector_machine(rng: Random, kind: str) -> Made:
    """Kinks: the margin of one class of one sample for each class is moved next to 0."""
    m, n, p = 6, 3, 4
    made = {"x": rng.normal(size=(m, n)), "label": rng.integers(p, size=m), "w": rng.normal(size=(p, n))}
    made["lam"] = 0.0625
    made["label"][:p] = np.arange(p)
    if kind == "kink":
        x, own = made["x"][0], made["label"][0]
        for j in range(p):
            if j != own:
                margin = 1 + (made["w"][j] - made["w"][own]) @ x
                made["w"][j] += (near(rng, ()) - margin) * x / (x @ x)
    if kind == "tiny":
        made |= {"x": made["x"] * TINY, "lam": TINY}
    return common(rng, kind, made, made["x"], made["w"], ())


def matrix_factorisation(rng: Random, kind: str) -> Made:
    m, n, r = 4, 5, 2
    made = {"R": rng.normal(size=(m, n)), "M": (rng.uniform(size=(m, n)) < 0.7).astype(float), "lam": 0.0625}
    made |= {"U": rng.normal(size=(m, r)), "V": rng.normal(size=(n, r))}
    made["M"][0, 0] = 1.0
    if kind == "tiny":
        made |= {"U": 1e-4 * made["U"], "V": 1e-4 * made["V"], "R": 1e-8 * made["R"], "lam": TINY}
    return common(rng, kind, made, made["U"], made["V"], ())


def bag_of_words(rng: Random, kind: str) -> Made:
    """Every context holds one word twice."""
    m, v, n, F = 4, 5, 3, 3
    made = {"word": rng.integers(v, size=(m, F)), "label": rng.integers(v, size=m)}
    made["word"][:, 1] = made["word"][:, 0]
    made |= {"E": rng.normal(size=(v, n)), "U": rng.normal(size=(v, n))}
    if kind == "tiny":
        made |= {"label": np.zeros(m, dtype=int), "E": 1 + np.abs(made["E"]), "U": -2.5 - 0.3 * np.abs(made["U"])}
        made["U"][0] = 0.0
    return common(rng, kind, made, made["E"], made["U"], ())


def max_pooling(rng: Random, kind: str) -> Made:
    """Kinks: at two times of a sample the scores of a unit differ by no more than 1e-5, and both lead."""
    m, T, p, q = 4, 5, 3, 3
    made = {"x": rng.normal(size=(m, T, p)), "y": rng.normal(size=m), "w": rng.normal(size=(q, p))}
    made["v"] = rng.normal(size=q)
    if kind == "kink":
        for unit, sample in enumerate(rng.permutation(m)[:q]):
            w, x = made["w"][unit], made["x"][sample]
            first, second = np.argsort(x @ w)[-2:]
            x[second] += (x[first] @ w + near(rng, ()) - x[second] @ w) * w / (w @ w)
    if kind == "tiny":
        made |= {"y": made["y"] * TINY, "v": made["v"] * TINY}
    return common(rng, kind, made, made["x"], made["w"], ())
