"""The right implementations: where each one is, in which style, and how its layout stands to the model's letters."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus.records import Blocks, Implementation, Values, layers

SHIPPED, EXAMPLES, OWN = "derive/models", "examples/models", "tests/corpus/models"
SMOOTH = ("ordinary", "float32", "badly scaled", "tiny", "converged")
SATURATING = (*SMOOTH, "saturated")


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


TABLE = (
    Implementation(
        "ufldl_network",
        "one flat vector; samples are columns",
        f"{SHIPPED}/mlp.py",
        "network_cost",
        "L = 3; theta = W1, W2, b1, b2 with Wl = w[l+1]; data, labels are x, y transposed; lambda_ = lam",
        ufldl_network,
        unstack,
        kinds=SATURATING,
    ),
    Implementation(
        "cs231n_two_layer",
        "a class with a dict of parameters, weights (in, out); the loss and a dict of gradients",
        f"{OWN}/two_layer_relu.py",
        "loss_and_grads",
        "W1, W2 are w, v transposed; b1 = b, b2 = d; reg = lam",
        two_layer,
        two_layer_gradient,
        kinds=(*SATURATING, "kink"),
    ),
    Implementation(
        "nielsen_network",
        "lists of matrices and column vectors, one sample after another, gradient apart from the cost",
        f"{SHIPPED}/sigmoid_cross_entropy.py",
        "batch_gradient",
        "weights[q] = w[q+2]; biases[q] = b[q+2] as a column; the batch is a list of pairs of columns; lmbda = lam m",
        nielsen,
        nielsen_gradient,
        cost="total_cost",
        kinds=SATURATING,
    ),
    Implementation(
        "sklearn_classifier",
        "a class with coefs_ and intercepts_, arrays changed in place",
        f"{SHIPPED}/softmax_classifier.py",
        "loss_grad",
        "coefs[q] is w[q+2] transposed; intercepts[q] = b[q+2]; alpha = lam m",
        sklearn,
        sklearn_gradient,
        kinds=SATURATING,
    ),
    Implementation(
        "ufldl_autoencoder",
        "one flat vector; samples are columns; Kullback-Leibler penalty",
        f"{SHIPPED}/sparse_autoencoder.py",
        "sparse_autoencoder_cost",
        "L = 3; theta = W1, W2, b1, b2 with Wl = w[l+1]; data is x transposed; sparsity_param = rho",
        ufldl_autoencoder,
        unstack,
        kinds=SATURATING,
    ),
    Implementation(
        "char_rnn",
        "dicts over time, columns, gradients added up backwards",
        f"{EXAMPLES}/recurrent_network.py",
        "lossFun",
        "Wxh = U, Whh = W, Why = V, bh = b as a column; inputs[t-1] is x[t] transposed; hprev = 0",
        char_rnn,
        char_rnn_gradient,
        kinds=SATURATING,
    ),
    Implementation(
        "softmax_regression",
        "one line for each function",
        f"{EXAMPLES}/softmax_regression.py",
        "grad",
        "W is w transposed; labels count from 0",
        lambda v: (columns(v["w"]), v["b"], v["x"], v["label"]),
        lambda grad, v: {"w": grad[0].T, "b": grad[1]},
        cost="loss",
        kinds=SATURATING,
    ),
    Implementation(
        "ng_logistic",
        "a column of ones in front of the data; the first entry of theta is not regularised",
        f"{EXAMPLES}/logistic_regression.py",
        "cost_function_reg",
        "theta = b, w; y is (y + 1)/2; lambda_ = lam m",
        logistic,
        intercept_first,
        kinds=SATURATING,
    ),
    Implementation(
        "batch_norm_layer",
        "forward and backward functions with a cache",
        f"{EXAMPLES}/batch_norm.py",
        "train_step_grads",
        "W is w transposed; gamma = g, beta = b; the user's eps is eps**2",
        lambda v: (v["x"], v["y"], columns(v["w"]), v["g"], v["b"], v["eps"] ** 2),
        lambda grads, v: {"w": grads[0].T, "g": grads[1], "b": grads[2]},
        kinds=SMOOTH,
    ),
    Implementation(
        "ridge_loops",
        "lists and loops, no NumPy",
        f"{EXAMPLES}/ridge_regression.py",
        "gradient",
        "coef = w, b; lam = lam",
        ridge,
        intercept_last,
        cost="objective",
        kinds=SMOOTH,
    ),
    Implementation(
        "conv1d_loops",
        "explicit loops over samples, filters and time",
        f"{EXAMPLES}/convolution.py",
        "loss",
        "filters[f, c, s] = w[f, s, c]; bias = b; head = v",
        conv1d,
        conv1d_gradient,
        kinds=(*SMOOTH, "kink"),
    ),
    Implementation(
        "svm_vectorized",
        "masks in place of loops",
        f"{EXAMPLES}/support_vector_machine.py",
        "svm_loss_vectorized",
        "W is w transposed; y = label, from 0; reg = lam",
        lambda v: (columns(v["w"]), v["x"], v["label"], v["lam"]),
        lambda grad, v: {"w": grad.T},
        kinds=(*SMOOTH, "kink"),
    ),
    Implementation(
        "layer_objects",
        "a list of layer objects with forward and backward, state in attributes",
        f"{SHIPPED}/softmax_squared_error.py",
        "forward_backward",
        "Ws[q] = w[q+2]; bs[q] = b[q+2]",
        by_layer,
        lambda grads, v: layers("w", grads[0]) | layers("b", grads[1]),
        kinds=SATURATING,
    ),
    Implementation(
        "huber_lasso",
        "fun and jac of one flat vector, for scipy.optimize",
        f"{EXAMPLES}/huber_regression.py",
        "jac",
        "params = b, w; delta = c; alpha = lam",
        huber,
        intercept_first,
        cost="fun",
        kinds=(*SMOOTH, "kink"),
    ),
    Implementation(
        "funk_factorisation",
        "a loop over the known ratings",
        f"{EXAMPLES}/matrix_factorisation.py",
        "loss_and_gradient",
        "P = U, Q is V transposed; ratings are the entries of R where M is 1; reg = lam",
        funk,
        lambda grads, v: {"U": grads[0], "V": grads[1].T},
        kinds=SMOOTH,
    ),
    Implementation(
        "torch_function",
        "torch.autograd.Function with a backward of its own",
        f"{SHIPPED}/mlp_tanh.py",
        "loss_and_grads",
        "L = 3; W1, b1, W2, b2 = w[2], b[2], w[3], b[3]; weight_decay = lam",
        lambda v: (v["w"][2], v["b"][2], v["w"][3], v["b"][3], v["x"], v["y"], v["lam"]),
        lambda grads, v: dict(zip(("w[2]", "b[2]", "w[3]", "b[3]"), map(np.asarray, grads), strict=True)),
        needs="torch",
        kinds=SATURATING,
    ),
    Implementation(
        "jax_poisson",
        "jax.custom_vjp",
        f"{EXAMPLES}/poisson_regression.py",
        "loss_and_grads",
        "w, b as in the model; counts = y",
        lambda v: (v["w"], v["b"], v["x"], v["y"]),
        lambda grads, v: {"w": np.asarray(grads[0]), "b": np.asarray(grads[1])},
        needs="jax",
        kinds=SMOOTH,
    ),
)
IMPLEMENTATIONS = {entry.name: entry for entry in TABLE}
