"""Two layers: ReLU, then softmax with integer labels; the penalty has no factor 1/2."""

from sympy import exp, log

from derive import Max, Model, Sum, argmax

with Model("two_layer_relu") as model:
    m, n, h, p = model.sizes("m n h p")
    i, j, k, c = model.indices("i j k c")
    x = model.data(x=(m, n))
    label = model.integers(label=(m,), over=(1, p))
    w, b, v, d = model.parameters(w=(h, n), b=(h,), v=(p, h), d=(p,))
    lam = model.hyper("lam", latex=r"\lambda")
    z, a, s = model.variables("z a s")

    z[i, j] = Sum(w[j, k] * x[i, k], k) + b[j]
    a[i, j] = Max(0, z[i, j])
    s[i, c] = Sum(v[c, j] * a[i, j], j) + d[c]
    model.minimise(
        Sum(log(Sum(exp(s[i, c]), c)) - s[i, label[i]], i) / m
        + lam * (Sum(w[j, k] ** 2, j, k) + Sum(v[c, j] ** 2, c, j))
    )

    model.predict(argmax(s[i, c], c))
