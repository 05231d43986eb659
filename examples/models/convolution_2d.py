"""Convolution of images: two affine indices at once, mean pooling, logistic loss."""

from sympy import exp, log

from derive import Model, Sum
from derive.library import tanh

with Model("convolution_2d") as model:
    m, H, W, F, q = model.sizes("m H W F q")
    i, r, c, s, t, f = model.indices("i r c s t f")
    model.assume(H >= F, W >= F)
    x, y = model.data(x=(m, H, W), y=(m,))
    w, v = model.parameters(w=(q, F, F), v=(q,))
    a, o = model.variables("a o")

    with model.over(r, 1, H - F + 1), model.over(c, 1, W - F + 1):
        a[i, r, c, f] = tanh(Sum(w[f, s, t] * x[i, r + s - 1, c + t - 1], s, t))
    o[i] = Sum(v[f] * a[i, r, c, f], r, c, f)
    model.minimise(Sum(log(1 + exp(-y[i] * o[i])), i) / m)

    model.predict(o[i] > 0)
