"""Which maker draws the values for which implementation."""

from __future__ import annotations

from collections.abc import Callable

from corpus.draws import Made, Random
from corpus.inputs_networks import (
    deep,
    lstm,
    mlp,
    mlp_tanh,
    multi_head_attention,
    recurrent_network,
    softmax_classifier,
    softmax_squared_error,
    sparse_autoencoder,
    two_layer_relu,
)
from corpus.inputs_others import (
    bag_of_words,
    batch_norm,
    convolution,
    huber_regression,
    logistic_regression,
    matrix_factorisation,
    max_pooling,
    poisson_regression,
    ridge_regression,
    softmax_regression,
    support_vector_machine,
)

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
    "packed_lstm": lstm,
    "word_bag": bag_of_words,
    "einsum_attention": multi_head_attention,
    "max_pool_argmax": max_pooling,
    "torch_function": mlp_tanh,
    "jax_poisson": poisson_regression,
}
