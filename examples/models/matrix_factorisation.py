"""Matrix factorisation: ratings of users for items, of which a mask says which are known."""

from derive import Model, Sum

with Model("matrix_factorisation") as model:
    m, n, r = model.sizes("m n r")
    i, j, k = model.indices("i j k")
    R, M = model.data(R=(m, n), M=(m, n))
    U, V = model.parameters(U=(m, r), V=(n, r))
    lam = model.hyper("lam", latex=r"\lambda")
    E = model.variables("E")

    E[i, j] = Sum(U[i, k] * V[j, k], k) - R[i, j]
    model.minimise(
        Sum(M[i, j] * E[i, j] ** 2, i, j) / 2 + lam / 2 * (Sum(U[i, k] ** 2, i, k) + Sum(V[j, k] ** 2, j, k))
    )

    model.predict(R[i, j] + E[i, j])
