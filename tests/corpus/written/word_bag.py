"""Continuous bag of words: embeddings are gathered, gradients are added up at the places of the words."""

import numpy as np


def cbow(embedding, output, contexts, centers):
    """embedding (V, D), output (D, V); contexts (N, C), centers (N,) of word ids; returns loss and both gradients."""
    N, C = contexts.shape
    hidden = embedding[contexts].mean(axis=1)
    logits = hidden @ output
    logits = logits - logits.max(axis=1, keepdims=True)
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    loss = -log_probs[np.arange(N), centers].sum() / N

    dlogits = np.exp(log_probs)
    dlogits[np.arange(N), centers] -= 1
    dlogits /= N
    doutput = hidden.T @ dlogits
    dhidden = dlogits @ output.T
    dembedding = np.zeros_like(embedding)
    np.add.at(dembedding, contexts, dhidden[:, None, :] / C)
    return loss, dembedding, doutput
