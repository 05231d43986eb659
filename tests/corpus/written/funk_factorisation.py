"""Matrix factorisation in the style of Funk: a loop over the ratings that are known, factors as rows."""

import numpy as np


def loss_and_gradient(P, Q, ratings, reg):
    """P (users, factors), Q (factors, items); ratings is a list of (user, item, rating)."""
    dP = np.zeros_like(P)
    dQ = np.zeros_like(Q)
    loss = 0.0
    for u, i, r in ratings:
        e = r - P[u, :] @ Q[:, i]
        loss += 0.5 * e**2
        dP[u, :] -= e * Q[:, i]
        dQ[:, i] -= e * P[u, :]
    loss += reg / 2 * (np.sum(P**2) + np.sum(Q**2))
    dP += reg * P
    dQ += reg * Q
    return loss, dP, dQ
