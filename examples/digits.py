"""Real handwritten digits, with the generated code: a classifier beside scikit-learn's, and a sparse autoencoder.

Run from the project's root, after `gradproof generate`. Pictures go to build/digits/.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # matrices this small are not worth a second thread

import matplotlib as mpl
import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "generated"))

import softmax_classifier
import sparse_autoencoder

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURES = ROOT / "build" / "digits"
INK, WARM, COOL = "#1D3557", "#A4342A", "#1F6F78"
CLASSIFIER = {"sizes": (64, 64, 32, 10), "lam": 1e-4, "rate": 0.1, "epochs": 100, "batch_size": 50}
AUTOENCODER = {"lam": 1e-4, "beta": 3.0, "rho": 0.05}
FEATURES = 25


def main() -> None:
    digits = load_digits()
    x_train, x_test, c_train, c_test = train_test_split(
        digits.data / 16, digits.target, test_size=0.25, stratify=digits.target, random_state=0
    )
    PICTURES.mkdir(parents=True, exist_ok=True)
    history = classify(x_train, c_train, x_test, c_test)
    learned, costs = encode(x_train, x_test)
    draw_curves(history, costs)
    draw_features(learned)
    print(f"pictures: {PICTURES.relative_to(ROOT)}/curves.png, {PICTURES.relative_to(ROOT)}/features.png")


def classify(x: Any, classes: Any, x_test: Any, classes_test: Any) -> list[tuple[float, float, float]]:
    """Train by mini-batches; (cost, training accuracy, test accuracy) of every epoch."""
    y, history = np.eye(10)[classes], []

    def accuracy(parameters: Any, data: Any, wanted: Any) -> float:
        return float(np.mean(softmax_classifier.predict(parameters, x=data) == wanted))

    def watch(epoch: int, cost: float, parameters: Any) -> None:
        history.append((cost, accuracy(parameters, x, classes), accuracy(parameters, x_test, classes_test)))

    start = perf_counter()
    sizes = CLASSIFIER["sizes"]
    given = {k: v for k, v in CLASSIFIER.items() if k != "sizes"}
    found, _ = softmax_classifier.train(sizes, x=x, y=y, seed=0, callback=watch, **given)
    ours, seconds = accuracy(found, x_test, classes_test), perf_counter() - start
    start = perf_counter()
    theirs = sklearn_accuracy(x, classes, x_test, classes_test)
    shape = "-".join(map(str, sizes))
    print(f"digits: {len(x)} to train on, {len(x_test)} to test on, network {shape}, tanh, softmax, cross-entropy")
    print(f"  gradproof softmax_classifier   test accuracy {ours:.2%}   {seconds:.1f} s")
    print(f"  scikit-learn MLPClassifier     test accuracy {theirs:.2%}   {perf_counter() - start:.1f} s")
    return history


def sklearn_accuracy(x: Any, classes: Any, x_test: Any, classes_test: Any) -> float:
    """The same sizes, activation, decay, rate and batches, by scikit-learn."""
    judge = MLPClassifier(
        CLASSIFIER["sizes"][1:-1],
        activation="tanh",
        solver="sgd",
        momentum=0,
        random_state=0,
        alpha=CLASSIFIER["lam"] * CLASSIFIER["batch_size"],
        learning_rate_init=CLASSIFIER["rate"],
        batch_size=CLASSIFIER["batch_size"],
        max_iter=CLASSIFIER["epochs"],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return float(judge.fit(x, classes).score(x_test, classes_test))


def encode(x: Any, x_test: Any) -> tuple[Any, list[float]]:
    """Train the sparse autoencoder with L-BFGS; the weights of layer 2, and the cost of every iteration."""
    x, x_test = 0.1 + 0.8 * x, 0.1 + 0.8 * x_test
    like = sparse_autoencoder.initial((64, FEATURES, 64), seed=0)
    objective, costs = sparse_autoencoder.objective(like, x=x, **AUTOENCODER), []

    def watch(intermediate_result: Any) -> None:
        costs.append(intermediate_result.fun)

    start = perf_counter()
    done = minimize(
        objective, sparse_autoencoder.pack(like), jac=True, method="L-BFGS-B", options={"maxiter": 400}, callback=watch
    )
    found = sparse_autoencoder.unpack(done.x, like)
    a = sparse_autoencoder.forward(found, x=x_test)["a"]
    error = np.sqrt(np.mean((a[3] - x_test) ** 2))
    print(f"sparse autoencoder 64-{FEATURES}-64, L-BFGS")
    print(f"  cost {costs[0]:.3f} to {done.fun:.3f} in {done.nit} iterations, {perf_counter() - start:.1f} s")
    print(f"  mean activation {a[2].mean():.3f} (rho {AUTOENCODER['rho']}), test error {error:.3f} per pixel")
    return found["w"][2], costs


def draw_curves(history: list[tuple[float, float, float]], costs: list[float]) -> None:
    cost, train, test = np.array(history).T
    epochs = np.arange(1, len(cost) + 1)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    left.semilogy(epochs, cost, color=INK)
    left.set(title="Classifier: cost", xlabel="epoch", ylabel="J")
    middle.plot(epochs, 100 * train, color=COOL, label="training")
    middle.plot(epochs, 100 * test, color=WARM, label="test")
    middle.set(title="Classifier: accuracy", xlabel="epoch", ylabel="per cent", ylim=(80, 100.5))
    middle.legend(frameon=False)
    right.semilogy(np.arange(1, len(costs) + 1), costs, color=INK)
    right.set(title="Sparse autoencoder: cost", xlabel="iteration of L-BFGS", ylabel="J")
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    figure.savefig(PICTURES / "curves.png", dpi=130)
    plt.close(figure)


def draw_features(weights: Any) -> None:
    """One tile a hidden unit: the input of norm 1 that excites it most, w / |w|."""
    side = int(np.ceil(np.sqrt(len(weights))))
    figure, places = plt.subplots(side, side, figsize=(6, 6.3), layout="constrained")
    for unit, axes in zip(weights, places.flat, strict=False):
        tile = (unit / np.linalg.norm(unit)).reshape(8, 8)
        axes.imshow(tile, cmap="gray", vmin=-abs(tile).max(), vmax=abs(tile).max())
    for axes in places.flat:
        axes.set_axis_off()
    figure.suptitle(f"What the {len(weights)} hidden units look for")
    figure.savefig(PICTURES / "features.png", dpi=130)
    plt.close(figure)


if __name__ == "__main__":
    main()
