"""Exponential smoothing: the level of a series follows it with a learnable rate; one-step forecasts are compared."""

from derive import Model, Sum
from derive.library import sigmoid

with Model("exponential_smoothing") as model:
    m, T = model.sizes("m T")
    i, t = model.indices("i t")
    y = model.data(y=(T, m))
    alpha, s0 = model.parameters(alpha=(), s0=())
    s = model.variables("s")

    s[0, i] = s0
    s[t, i] = sigmoid(alpha) * y[t, i] + (1 - sigmoid(alpha)) * s[t - 1, i]
    model.minimise(Sum((y[t, i] - s[t - 1, i]) ** 2, t, i) / (2 * m * T))
