"""The claims of the learning notes, checked through the engine. Each test quotes the claim that it checks."""

import itertools

import numpy as np
import pytest
import sympy
from models import SHIPPED, derivation, system
from modules import module

from derive import Model, Sum, derive
from derive.library import softmax, weight_decay
from derive.system import accesses
from derive.values.affine import Affine, Index, Size, Width
from derive.values.binders import Functional
from derive.values.binders import Sum as SumNode
from derive.values.nodes import Access, Add, Call, Expr, Mul, Number, Pow
from derive.values.text import render_expr
from derive.values.walks import walk


def test_laws_of_sigmoid_and_tanh() -> None:
    """N1: f' = f (1 - f) for the sigmoid, f' = 1 - f^2 for tanh."""
    a = sympy.Symbol("a", real=True)
    assert dict(derivation("mlp").laws)["sigmoid"].law == a * (1 - a)
    assert dict(derivation("mlp_tanh").laws)["tanh"].law == 1 - a**2


def test_the_softmax_derivative_of_the_notes_is_only_the_diagonal() -> None:
    """N1: "softmax: f' = f - f^2". That is the entry k = j of a Jacobian with other entries -a_j a_k."""
    with Model("jacobian") as model:
        n = model.sizes("n")
        j = model.indices("j")
        c = model.data(c=(n,))
        z = model.parameters(z=(n,))
        a = model.variables("a")
        a[j] = softmax(z[j], j)
        model.minimise(Sum(c[j] * a[j], j))
    slope = derive(model)["d.z"]
    assert render_expr(slope.value) == "a[j]*(c[j] - Sum(c[p]*a[p], p))"
    size, values = 3, sympy.symbols("a1:4")
    for row, column in itertools.product(range(1, size + 1), repeat=2):
        unit = {("c", (q,)): sympy.Integer(q == row) for q in range(1, size + 1)}
        entries = {**unit, **{("a", (q,)): values[q - 1] for q in range(1, size + 1)}}
        entry = evaluate(slope.value, {Size("n"): size, Index("j"): column}, entries)
        delta = int(row == column)
        assert sympy.expand(entry - values[row - 1] * (delta - values[column - 1])) == 0
        assert (sympy.expand(entry - (values[row - 1] - values[row - 1] ** 2)) == 0) == (row == column)


@pytest.mark.parametrize("sizes", [(3, 3, 1), (2, 5, 4, 3)])
def test_counts_of_biases_and_weights(sizes: tuple[int, ...]) -> None:
    """N2: biases = units minus inputs; weights = connections."""
    parameters = module("mlp").initial(sizes)
    assert sum(b.size for b in parameters["b"].values()) == sum(sizes) - sizes[0]
    assert sum(w.size for w in parameters["w"].values()) == sum(p * q for p, q in itertools.pairwise(sizes))


@pytest.mark.parametrize("name", [n for n in SHIPPED if any(t.name == "lam" for t in system(n).role("hyper"))])
def test_no_decay_on_biases(name: str) -> None:
    """N3: weight decay acts on the weights and not on the biases."""
    weights, biases = (derivation(name).adjoints_of(t) for t in ("w", "b"))
    assert all("lam" in {x.tensor for x in accesses(a.value)} for a in weights)
    assert not any("lam" in {x.tensor for x in accesses(a.value)} for a in biases)


def test_low_activation_learns_slowly() -> None:
    """N5: dC/dw = a_in delta_out, so a weight with a_in near 0 learns slowly."""
    slope = derivation("theorems")["BP4"]
    assert isinstance(slope.value, Mul)
    assert Access("a", (_letter("l") - 1, _letter("k"))) in slope.value.factors


SLOPE = "a[L, i, j]*(1 - a[L, i, j])"


@pytest.mark.parametrize(
    ("name", "survives"),
    [
        ("mlp", True),
        ("regression", True),
        ("sparse_autoencoder", True),
        ("sigmoid_cross_entropy", False),
        ("softmax_classifier", False),
    ],
)
def test_saturated_outputs_learn_slowly_only_where_the_slope_survives(name: str, survives: bool) -> None:
    """N5: "when the output is saturated its weights learn slowly": with squared error; cross-entropy cancels f'."""
    assert (SLOPE in render_expr(derivation(name)["BP1"].value)) is survives
    if not survives:
        assert render_expr(derivation(name)["BP1"].value) == "(a[L, i, j] - y[i, j])/m"


def test_the_sum_over_paths_is_backpropagation() -> None:
    """N5: dC/dw is the sum over all paths from the weight to the cost of the products of their factors."""
    widths = {1: 2, 2: 2, 3: 3, 4: 2}
    top = max(widths)
    entries = {(t, at): sympy.Symbol(t + "_".join(map(str, at))) for t, at in _network(widths)}
    made = derivation("theorems")
    deltas = _errors(made, widths, entries)
    for layer in range(2, top + 1):
        for j, k in itertools.product(range(1, widths[layer] + 1), range(1, widths[layer - 1] + 1)):
            where = {Size("L"): top, Index("l"): layer, Index("j"): j, Index("k"): k}
            found = evaluate(made["BP4"].value, where, {**entries, **deltas}, widths)
            assert sympy.expand(found - _paths(layer, j, k, widths, entries)) == 0


def _paths(layer: int, j: int, k: int, widths: dict[int, int], entries: dict) -> sympy.Expr:
    """a[l-1,k] f'(z[l,j]) Sum over q of dC/da[L,q_L] Prod f'(z[s+1,q_{s+1}]) w[s+1,q_{s+1},q_s]."""
    top, total = max(widths), sympy.Integer(0)
    for path in itertools.product(*(range(1, widths[s] + 1) for s in range(layer + 1, top + 1))):
        stops = dict(zip(range(layer, top + 1), (j, *path), strict=True))
        term = entries["C'", (stops[top],)]
        for s in range(layer, top):
            term *= entries["f'", (s + 1, stops[s + 1])] * entries["w", (s + 1, stops[s + 1], stops[s])]
        total += term
    return entries["a", (layer - 1, k)] * entries["f'", (layer, j)] * total


def _network(widths: dict[int, int]) -> list[tuple[str, tuple[int, ...]]]:
    units = [(s, q) for s, n in widths.items() for q in range(1, n + 1)]
    weights = [(s, q, p) for s, q in units if s > 1 for p in range(1, widths[s - 1] + 1)]
    outputs = [(q,) for q in range(1, widths[max(widths)] + 1)]
    return (
        [("w", at) for at in weights] + [(t, at) for t in ("a", "f'") for at in units] + [("C'", at) for at in outputs]
    )


def _errors(made, widths: dict[int, int], entries: dict) -> dict:
    """BP1 and BP2, layer after layer."""
    found: dict = {}
    for layer in range(max(widths), 1, -1):
        name = "BP1" if layer == max(widths) else "BP2"
        for j in range(1, widths[layer] + 1):
            where = {Size("L"): max(widths), Index("l"): layer, Index("j"): j}
            found["d.z", (layer, j)] = evaluate(made[name].value, where, {**entries, **found}, widths)
    return found


def _letter(name: str) -> Affine:
    return Affine.of(Index(name))


def evaluate(expr: Expr, where: dict, entries: dict, widths: dict[int, int] | None = None) -> sympy.Expr:
    """The value of an expression at one place, in SymPy symbols; f' and dC/da are symbols of their own."""

    def whole(affine: Affine, at: dict) -> int:
        return affine.constant + sum(
            c * (widths[whole(x.at, at)] if isinstance(x, Width) else at[x]) for x, c in affine.terms
        )

    def value(node: Expr, at: dict) -> sympy.Expr:
        if isinstance(node, Number):
            return sympy.Rational(node.value.numerator, node.value.denominator)
        if isinstance(node, Access):
            return entries[node.tensor, tuple(whole(p, at) for p in node.at)]
        if isinstance(node, (Add, Mul)):
            parts = [value(child, at) for child in node.children]
            return sympy.Add(*parts) if isinstance(node, Add) else sympy.Mul(*parts)
        if isinstance(node, Pow):
            return value(node.base, at) ** value(node.exponent, at)
        if isinstance(node, Call):
            (argument,) = node.args
            assert isinstance(argument, Access) and node.orders == (1,)
            return entries["f'", tuple(whole(p, at) for p in argument.at)]
        if isinstance(node, Functional):
            ((_, position),) = node.by
            return entries["C'", (whole(position, at),)]
        assert isinstance(node, SumNode), type(node)
        (bound,) = node.bounds
        places = range(whole(bound.lo, at), whole(bound.hi, at) + 1)
        return sympy.Add(*(value(node.body, {**at, bound.index: q}) for q in places))

    return value(expr, where)


def test_epsilon_of_the_notes_gives_four_digits() -> None:
    """N6: with eps = 1e-4 the differences usually agree to at least 4 significant digits (3-3-1, seed 0)."""
    net, random = module("mlp"), np.random.default_rng(0)
    parameters = net.initial((3, 3, 1), seed=0)
    x, y = random.standard_normal((10, 3)), random.random((10, 1))
    _, gradient = net.cost_and_gradient(parameters, x=x, y=y, lam=1e-3)
    theta, slope, eps = net.pack(parameters), net.pack(gradient), 1e-4
    unit = np.eye(len(theta)) * eps
    at = net.objective(parameters, x=x, y=y, lam=1e-3)
    differences = np.array([(at(theta + e)[0] - at(theta - e)[0]) / (2 * eps) for e in unit])
    large = np.abs(slope) > 1e-6 * np.abs(slope).max()
    assert large.all()
    assert np.max(np.abs(differences - slope)[large] / np.abs(slope)[large]) < 0.5e-4


def test_the_sparsity_term_enters_before_the_slope() -> None:
    """N7: dJ/da[2,i,j] gains (beta/m)(-rho/rho_hat + (1-rho)/(1-rho_hat)) before the factor f'(z)."""
    beta, rho, r, m = sympy.symbols("beta rho r m")
    terms = beta / m * (-rho / r + (1 - rho) / (1 - r))
    kl = rho * sympy.log(rho / r) + (1 - rho) * sympy.log((1 - rho) / (1 - r))
    assert sympy.simplify(beta * kl.diff(r) / m - terms) == 0
    value = derivation("sparse_autoencoder")["d.z@l=2"].value
    assert render_expr(value).endswith("*a[2, i, j]*(1 - a[2, i, j])")
    assert "beta*((1 - rho)/(1 - rho_hat[j]) - rho/rho_hat[j])/m" in render_expr(value)


def test_decay_is_a_gaussian_prior() -> None:
    """N3: lambda/2 w^2 is minus the logarithm of a Gaussian density of variance 1/lambda, a constant apart."""
    w, lam = sympy.symbols("w lam", positive=True)
    density = sympy.sqrt(lam / (2 * sympy.pi)) * sympy.exp(-(w**2) * lam / 2)
    decay = weight_decay(w) * lam
    assert sympy.simplify(sympy.expand_log(-sympy.log(density), force=True).diff(w) - decay.diff(w)) == 0


def test_nothing_in_the_theorems_knows_its_activation() -> None:
    """N5: BP1 to BP4 hold for every f and C."""
    for adjoint in derivation("theorems").adjoints:
        for node in walk(adjoint.value):
            if isinstance(node, Call):
                assert node.function == "f"
