"""A tensor of rank 3 as a sum of outer products of three vectors (CP decomposition)."""

from derive import Model, Sum

with Model("tensor_decomposition") as model:
    m, n, p, r = model.sizes("m n p r")
    i, j, k, f = model.indices("i j k f")
    X = model.data(X=(m, n, p))
    A, B, C = model.parameters(A=(m, r), B=(n, r), C=(p, r))
    E = model.variables("E")

    E[i, j, k] = Sum(A[i, f] * B[j, f] * C[k, f], f) - X[i, j, k]
    model.minimise(Sum(E[i, j, k] ** 2, i, j, k) / 2)
