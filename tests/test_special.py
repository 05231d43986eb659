"""Special functions: every row of the table runs the whole road, keeps float32, and rounds as the balls allow."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.special
import sympy
from flint import arb, ctx
from sympy import Rational, erf, erfc, exp, gamma, log, sqrt

from codegen.program.special import REWRITES, SPECIAL, polygamma
from codegen.render import render_module
from codegen.stable.forms import stable
from derive import Model, ModelError, Sum, derive
from derive.values.text import render_expr
from verify.agreement import agree
from verify.run import load

z = sympy.Symbol("z", real=True)
ORDERED = {"besselj": 0, "bessely": 1, "besseli": Rational(1, 2), "besselk": 2, "zeta": 3}
UNIT = ("erfinv", "erfcinv")
OURS = ("erfcx", "ndtr", "log_ndtr", "gammaln", "betaln", "digamma", "gammainc", "gammaincc")  # never a SymPy head
HEADS = [row.head for row in SPECIAL if row.head not in OURS]


def model_of(formula: Any) -> Model:
    """A linear score, its exponential p, and the mean of a formula of both."""
    with Model("special") as model:
        m, n = model.sizes("m n")
        i, k = model.indices("i k")
        (x,) = (model.data(x=(m, n)),)
        w = model.parameters(w=(n,))
        lam = model.hyper("lam")
        s, p = model.variables("s p")
        s[i] = Sum(w[k] * x[i, k], k)
        p[i] = exp(s[i])
        model.minimise(Sum(formula(s[i], p[i], lam), i) / m)
    return model


def formula_of(head: str) -> Any:
    """The function at places where it has a value."""
    function = getattr(sympy, head)
    if head in UNIT:
        return lambda s, p, lam: function(p / (1 + p))
    if head in ORDERED:
        return lambda s, p, lam: function(ORDERED[head], p)
    if head == "beta":
        return lambda s, p, lam: function(p, 1 + lam)
    return lambda s, p, lam: function(p)


def built(model: Model) -> tuple[Any, str, ModuleType]:
    derivation = derive(model)
    text = render_module(derivation, source="model.py", digest="0")
    return derivation, text, load(text, model.name)


def certified(model: Model) -> str:
    """The code of a model that agrees, float32 included."""
    derivation, text, module = built(model)
    certificate = agree(derivation.system, derivation, module)
    assert certificate.good, "\n".join(map(str, certificate.failures))
    assert not any("black box" in str(check) for check in certificate.checks)
    return text


@pytest.mark.parametrize("head", HEADS)
def test_every_row_runs_the_whole_road(head: str) -> None:
    row = next(r for r in SPECIAL if r.head == head)
    text = certified(model_of(formula_of(head)))
    assert row.code in text or "math." in text or head in ("gamma", "zeta", "erf", "erfc")
    if "special." in text:
        assert "from scipy import special" in text and "Needs NumPy and SciPy" in text


@pytest.mark.parametrize(
    "head", [h for h in REWRITES if h not in ("polygamma", "binomial", "uppergamma", "lowergamma")]
)
def test_functions_that_others_write(head: str) -> None:
    function = getattr(sympy, head)
    inside = {"asec": 2, "acsc": 2, "acoth": 2}.get(head, 0)
    certified(model_of(lambda s, p, lam: function(1 / (1 + p)) if head == "asech" else function(inside + p / 2)))


@pytest.mark.parametrize(
    "formula",
    [
        lambda s, p, lam: sympy.polygamma(2, p),
        lambda s, p, lam: sympy.digamma(1 + s**2),
        lambda s, p, lam: sympy.binomial(p + 2, p),
        lambda s, p, lam: sympy.uppergamma(lam, p) + sympy.lowergamma(2 + lam, p),
        lambda s, p, lam: sympy.besselj(lam, p),
        lambda s, p, lam: sympy.atan2(s, p),
        lambda s, p, lam: sympy.floor(s) * s + sympy.ceiling(s) * p,
        lambda s, p, lam: sympy.Heaviside(s) * s,
        lambda s, p, lam: sympy.real_root(s, 3) + sympy.cbrt(p) + p**lam + 2**s,
        lambda s, p, lam: erfc(s) * sympy.besselj(0, 1) * sympy.Si(1) * sympy.LambertW(2),
    ],
)
def test_orders_roots_and_steps(formula: Any) -> None:
    certified(model_of(formula))


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (lambda s, p, lam: sympy.Mod(s, 2), "Mod.* is not supported: it jumps"),
        (lambda s, p, lam: sympy.besselj(s, p), "besselj has no derivative that SymPy knows"),
        (lambda s, p, lam: sympy.polygamma(s, p), "polygamma has no derivative that SymPy knows"),
        (lambda s, p, lam: sympy.polylog(2, s), "polylog has no NumPy form"),
        (lambda s, p, lam: sympy.DiracDelta(s), "DiracDelta has no derivative"),
    ],
)
def test_what_has_no_form_is_refused(formula: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        built(model_of(formula))


@pytest.mark.parametrize("row", SPECIAL, ids=lambda r: r.head)
def test_scipy_and_balls_agree_and_float32_stays(row: Any) -> None:
    """Within 64 ulp, near a zero relative to the scale of the row."""
    function = getattr(scipy.special, row.name)
    for x in (0.3, 0.71, 1.37, 2.6):
        args = {"erfinv": (x / 4,)}.get(row.head, (x / 2,) if row.head == "erfcinv" else (x,))
        if row.head in ORDERED:
            args = (float(ORDERED[row.head]), *args)
        if row.head in ("beta", "betaln", "gammainc", "gammaincc"):
            args = (*args, 1.25)
        with ctx.workprec(200):
            true = row.ball(*map(arb, args))
        for dtype in (np.float64, np.float32):
            found = function(
                *(a if q < len(args) - 1 and row.head in ORDERED else dtype(a) for q, a in enumerate(args))
            )
            found = found.real if row.part == "real" else found if row.part is None else found[row.part]
            assert row.part == "real" or found.dtype == dtype
            rounded = [float(dtype(a)) for a in args]
            with ctx.workprec(200):
                true = row.ball(*map(arb, rounded))
            allowed = 128 * float(np.finfo(np.float64 if row.part == "real" else dtype).eps) / 2
            assert abs(float(found) - float(true)) <= allowed * max(abs(float(true)), row.scale)


PHI = (1 + erf(z / sqrt(2))) / 2
FORMS = [
    (PHI, "ndtr(z)"),
    (1 - erf(z), "erfc(z)"),
    (1 + erf(2 * z), "erfc(-2*z)"),
    (1 - erfc(z / sqrt(2)) / 2, "ndtr(z)"),
    (z * PHI, "z*ndtr(z)"),
    (log(PHI), "log_ndtr(z)"),
    (log(1 - PHI), "log_ndtr(-z)"),
    (log(gamma(z + 1)), "gammaln(1 + z)"),
    (log(3 * gamma(z) / gamma(2 * z)), "log(3) + gammaln(z) - gammaln(2*z)"),
    (erf(z), "erf(z)"),
]


@pytest.mark.parametrize(("formula", "expected"), FORMS, ids=str)
def test_forms(formula: Any, expected: str) -> None:
    assert render_expr(stable(formula, z).value) == expected


def test_identities_of_the_gaussian_integral_and_of_polygamma() -> None:
    """By SymPy: c + c erf(u) = c erfc(-u), and the derivative of log Phi is the quotient that erfcx gives."""
    assert sympy.simplify((1 + erf(z) - erfc(-z)).rewrite(erf)) == 0
    assert sympy.simplify((1 - erf(z) - erfc(z)).rewrite(erf)) == 0
    erfcx = sympy.exp(z**2 / 2) * erfc(-z / sqrt(2))
    assert sympy.simplify((sympy.exp(-(z**2) / 2) / PHI - 2 / erfcx).rewrite(erf)) == 0
    for order in range(4):
        written = polygamma(sympy.Integer(order), z).subs(z, Rational(7, 3))
        named = written.replace(sympy.Function("digamma"), sympy.digamma).replace(sympy.Function("zeta"), sympy.zeta)
        assert abs(sympy.N(named - sympy.polygamma(order, Rational(7, 3)), 30)) < 1e-25


def test_log_gamma_does_not_overflow() -> None:
    _, text, module = built(model_of(lambda s, p, lam: log(gamma(p) / gamma(p + 1))))
    assert "gammaln" in text and "special.gamma(" not in text
    for dtype in (np.float32, np.float64):
        x, w = np.array([[np.log(1e6)]], dtype), {"w": np.array([1.0], dtype)}
        cost, slope = module.cost_and_gradient(w, x=x, lam=0.5)
        assert np.isfinite(cost) and np.isfinite(slope["w"]).all()


def test_a_wrong_row_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The balls of erfc judge code that says erf."""
    derivation, text, _ = built(model_of(lambda s, p, lam: erfc(s)))
    wrong = load(text.replace("special.erfc", "special.erf"), "wrong")
    assert not agree(derivation.system, derivation, wrong).good
