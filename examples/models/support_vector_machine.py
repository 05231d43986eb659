"""Support vector machine for several classes: hinge losses against the score of the integer label."""

from derive import Max, Model, Sum, argmax

with Model("support_vector_machine") as model:
    m, n, p = model.sizes("m n p")
    i, j, k = model.indices("i j k")
    x = model.data(x=(m, n))
    label = model.integers(label=(m,), over=(1, p))
    w = model.parameters(w=(p, n))
    lam = model.hyper("lam", latex=r"\lambda")
    z = model.variables("z")

    z[i, j] = Sum(w[j, k] * x[i, k], k)
    model.minimise(Sum(Max(0, 1 + z[i, j] - z[i, label[i]]), i, j) / m - 1 + lam / 2 * Sum(w[j, k] ** 2, j, k))

    model.predict(argmax(z[i, j], j))
