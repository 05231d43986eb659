"""Values for the models, drawn by seed: one maker for each model, one table of what each kind of points changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Random = np.random.Generator
Made = dict[str, Any]
TINY, FAR = 1e-7, 16.0  # a factor that makes gradients tiny; where a sigmoid is flat


def network(rng: Random, m: int, sizes: tuple[int, ...]) -> Made:
    """x, w, b of a network with layers of these sizes."""
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    w = {l: rng.normal(size=pair) for l, pair in enumerate(pairs, 2)}
    b = {l: 0.5 * rng.normal(size=pair[0]) for l, pair in enumerate(pairs, 2)}
    return {"x": rng.normal(size=(m, sizes[0])), "w": w, "b": b, "lam": 0.03125}


def balance(rng: Random, data: Any, weights: Any) -> None:
    """Features of sizes 1e-6 to 1e4, and weights that make up for it; the last axis of both is the feature."""
    scale = 10.0 ** rng.permutation(np.linspace(-6, 4, data.shape[-1]))
    data *= scale
    weights /= scale


def near(rng: Random, shape: int | tuple[int, ...]) -> Any:
    """Distances from a kink: 1e-8 to 1e-5, of both signs."""
    return rng.choice((-1, 1), size=shape) * 10.0 ** rng.uniform(-8, -5, size=shape)


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


def common(rng: Random, kind: str, made: Made, data: Any, first: Any, trained: Iterable[Any]) -> Made:
    """What every model does for points that are badly scaled or saturated."""
    if kind == "badly scaled":
        balance(rng, data, first)
        made |= {"lam": 2.0**-30} if "lam" in made else {}
    if kind == "saturated":
        for array in trained:
            array *= 6.0
    return made


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


MAKERS: dict[str, Callable[[Random, str], Made]] = {
    "ufldl_network": mlp,
    "cs231n_two_layer": two_layer_relu,
    "nielsen_network": deep,
    "sklearn_classifier": softmax_classifier,
    "ufldl_autoencoder": sparse_autoencoder,
    "char_rnn": recurrent_network,
    "softmax_regression": softmax_regression,
    "ng_logistic": logistic_regression,
    "batch_norm_layer": batch_norm,
    "ridge_loops": ridge_regression,
    "conv1d_loops": convolution,
    "svm_vectorized": support_vector_machine,
    "layer_objects": softmax_squared_error,
    "huber_lasso": huber_regression,
    "funk_factorisation": matrix_factorisation,
    "torch_function": mlp_tanh,
    "jax_poisson": poisson_regression,
}
