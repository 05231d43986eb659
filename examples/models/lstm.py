"""Long short-term memory: three gates and a cell; the output at the last time is compared with the target."""

from derive import Model, Sum
from derive.library import sigmoid, squared_error, tanh

with Model("lstm") as model:
    m, T, p, q = model.sizes("m T p q")
    i, j, k, c, t = model.indices("i j k c t")
    x, y = model.data(x=(T, m, p), y=(m, q))
    Wf, Wi, Wo, Wc = model.parameters(Wf=(q, p), Wi=(q, p), Wo=(q, p), Wc=(q, p))
    Uf, Ui, Uo, Uc = model.parameters(Uf=(q, q), Ui=(q, q), Uo=(q, q), Uc=(q, q))
    bf, bi, bo, bc = model.parameters(bf=(q,), bi=(q,), bo=(q,), bc=(q,))
    forget, add, out, new, s, h = model.variables("forget add out new s h")

    def affine(w, u, b):
        return Sum(w[j, c] * x[t, i, c], c) + Sum(u[j, k] * h[t - 1, i, k], k) + b[j]

    h[0, i, j] = 0
    s[0, i, j] = 0
    forget[t, i, j] = sigmoid(affine(Wf, Uf, bf))
    add[t, i, j] = sigmoid(affine(Wi, Ui, bi))
    out[t, i, j] = sigmoid(affine(Wo, Uo, bo))
    new[t, i, j] = tanh(affine(Wc, Uc, bc))
    s[t, i, j] = forget[t, i, j] * s[t - 1, i, j] + add[t, i, j] * new[t, i, j]
    h[t, i, j] = out[t, i, j] * tanh(s[t, i, j])
    model.minimise(Sum(squared_error(h[T, i, j], y[i, j]), i, j) / m)

    model.predict(h[T, i, j])
