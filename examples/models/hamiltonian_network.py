"""Hamiltonian network: a learned energy H whose slopes are the motion, dq/dt = dH/dp and dp/dt = -dH/dq."""

from sympy import tanh

from derive import Model, Sum

with Model("hamiltonian_network") as model:
    m, n, s = model.sizes("m n s")
    i, j, k = model.indices("i j k")
    q, p, q_dot, p_dot = model.data(q=(m, n), p=(m, n), q_dot=(m, n), p_dot=(m, n))
    w, u, b, c = model.parameters(w=(s, n), u=(s, n), b=(s,), c=(s,))
    H = model.variables("H")

    H[i] = Sum(c[j] * tanh(Sum(w[j, k] * q[i, k] + u[j, k] * p[i, k], k) + b[j]), j)
    H_q, H_p = model.gradient("H_q H_p", Sum(H[i], i), by=(q, p))
    model.minimise(Sum((q_dot[i, k] - H_p[i, k]) ** 2 + (p_dot[i, k] + H_q[i, k]) ** 2, i, k) / m)
