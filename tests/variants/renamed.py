"""The network of mlp with other letters and the indices in another order."""

from sympy import exp

from derive import Model, Sum, d, function

g = function("g", lambda u: 1 / (1 + exp(-u)))

with Model("renamed") as model:
    N, D = model.sizes("N D")
    h = model.width("h")
    s, p, q, r = model.indices("s p q r")
    X, T = model.data(X=(h(1), N), T=(h(D), N))
    V, c = model.parameters(V=(h(r - 1), r, h(r)), c=(h(r), r), over=(r, 2, D))
    gamma = model.hyper("gamma", latex=r"\gamma")
    u, o, E = model.variables("u o E")

    o[q, s, 1] = X[q, s]
    u[p, s, r] = Sum(V[q, r, p] * o[q, s, r - 1], q) + c[p, r]
    o[p, s, r] = g(u[p, s, r])
    E[s] = Sum((o[p, s, D] - T[p, s]) ** 2, p) / 2
    model.minimise(Sum(E[s], s) / N + gamma / 2 * Sum(V[q, r, p] ** 2, r, p, q))

    model.predict(o[p, s, D] > 0.5)
    model.error(u="epsilon")
    model.alias(BP1=d(u[p, s, D]), BP2=d(u[p, s, r]), BP3=d(c[p, r]), BP4=d(V[q, r, p]))
