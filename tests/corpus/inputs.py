"""Which maker draws the values for which implementation."""

from __future__ import annotations

from collections.abc import Callable

from corpus.draws import Made, Random
from corpus.inputs_networks import (
    mlp,
    mlp_tanh,
    deep,
    softmax_classifier,
    softmax_squared_error,
    sparse_autoencoder,
    two_layer_relu,
    recurrent_network,
    lstm,
    multi_head_attention,
)
from corpus.inputs_others import (
    softmax_regression,
    logistic_regression,
    ridge_regression,
    huber_regression,
    poisson_regression,
    batch_norm,
    convolution,
    support_vector_machine,
    matrix_factorisation,
    bag_of_words,
    max_pooling,
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
