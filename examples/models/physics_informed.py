"""Physics-informed network: u'' = -u at given times, u(0) and u'(0) given; a derivative of a derivative."""

from sympy import tanh

from derive import Model, Sum

with Model("physics_informed") as model:
    m, p = model.sizes("m p")
    i, j = model.indices("i j")
    t = model.data(t=(m,))
    u0, v0 = model.hyper("u0"), model.hyper("v0")
    w, b, c = model.parameters(w=(p,), b=(p,), c=(p,))
    u = model.variables("u")

    u[i] = u0 + v0 * t[i] + t[i] ** 2 * Sum(c[j] * tanh(w[j] * t[i] + b[j]), j)
    v = model.gradient("v", Sum(u[i], i), by=t)
    a = model.gradient("a", Sum(v[i], i), by=t)
    model.minimise(Sum((a[i] + u[i]) ** 2, i) / m)
    model.predict(u[i])
