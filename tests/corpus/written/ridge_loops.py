"""Ridge regression without NumPy: lists and loops. The last coefficient is the intercept."""


def predict(coef, row):
    total = coef[-1]
    for c, value in zip(coef, row):
        total += c * value
    return total


def objective(coef, rows, targets, lam):
    total = 0.0
    for row, target in zip(rows, targets):
        total += (predict(coef, row) - target) ** 2
    total /= 2 * len(rows)
    for c in coef[:-1]:
        total += 0.5 * lam * c * c
    return total


def gradient(coef, rows, targets, lam):
    n = len(coef) - 1
    grad = [0.0] * (n + 1)
    for i in range(len(rows)):
        error = predict(coef, rows[i]) - targets[i]
        for k in range(n):
            grad[k] += error * rows[i][k] / len(rows)
        grad[n] += error / len(rows)
    for k in range(n):
        grad[k] += lam * coef[k]
    return grad
