"""Principal components: the data are rebuilt from their projection, norm2(x - x W W^T), in matrix notation."""

from derive import Model, norm2

with Model("pca_reconstruction") as model:
    m, n, p = model.sizes("m n p")
    x = model.data(x=(m, n))
    W = model.parameters(W=(n, p))
    h = model.variables("h")

    h[:, :] = x @ W
    model.minimise(norm2(x - h @ W.T) / m)

    model.predict(h)
