"""Cox regression: a partial likelihood; risk[i, j] says whether j was still at risk when the event of i came."""

from sympy import exp, log

from derive import Model, Sum

with Model("cox_regression") as model:
    m, n = model.sizes("m n")
    i, j, k = model.indices("i j k")
    x, event, risk = model.data(x=(m, n), event=(m,), risk=(m, m))
    w = model.parameters(w=(n,))
    s = model.variables("s")

    s[i] = Sum(w[k] * x[i, k], k)
    model.minimise(Sum(event[i] * (log(1 + Sum(risk[i, j] ** 2 * exp(s[j]), j)) - s[i]), i) / m)

    model.predict(s[i])
