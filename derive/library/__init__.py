"""Functions that models may use: one row, one formula. Derivatives, laws and stable forms are derived from it."""

from derive.library.activations import (
    elu,
    gelu,
    identity,
    leaky_relu,
    mish,
    relu,
    scaled_tanh,
    sigmoid,
    softplus,
    softsign,
    swish,
    tanh,
)
from derive.library.costs import absolute, binary_cross_entropy, cross_entropy, hinge, huber, squared_error
from derive.library.matrices import det, inverse, logdet, solve
from derive.library.penalties import kl_sparsity, l1, weight_decay
from derive.library.rows import logsumexp, softmax

__all__ = [
    "absolute",
    "binary_cross_entropy",
    "cross_entropy",
    "det",
    "elu",
    "gelu",
    "hinge",
    "huber",
    "identity",
    "inverse",
    "kl_sparsity",
    "l1",
    "leaky_relu",
    "logdet",
    "logsumexp",
    "mish",
    "relu",
    "scaled_tanh",
    "sigmoid",
    "softmax",
    "softplus",
    "softsign",
    "solve",
    "squared_error",
    "swish",
    "tanh",
    "weight_decay",
]
