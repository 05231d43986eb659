"""Stable forms against mpmath, in float32 and float64, with every floating-point warning an error."""

import functools
import math

import mpmath
import numpy as np
import pytest
import sympy
from processes import output_of
from sympy import Abs, Max, Min, Piecewise, Rational, cosh, exp, log, pi, sin, sqrt, tanh

from codegen.stable import exponential as stable_exp
from codegen.stable.forms import StableForm, lower, stable
from codegen.stable.plain import Workspace
from codegen.stable.proof import NotProved, prove
from derive.scalar.charts import real_symbol
from derive.scalar.kinks import derivative
from derive.values.nodes import Add, Argument, Call, Choice, Constant, Expr, Mul, Number, Pow
from derive.values.text import render_expr
from derive.values.walks import walk

z, beta = sympy.symbols("z beta")
rate = sympy.Symbol("r", positive=True)
s = 1 / (1 + exp(-z))
OPERATORS = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
NUMPY = {
    name: getattr(np, name)
    for name in (
        "exp",
        "expm1",
        "log",
        "log1p",
        "sqrt",
        "tanh",
        "sinh",
        "cosh",
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "arcsinh",
        "arccosh",
        "arctanh",
        "abs",
        "sign",
        "maximum",
        "minimum",
    )
}
PYTHON = {"exp": math.exp, "log": math.log, "erf": math.erf, "sqrt": math.sqrt}


def evaluate(expr: Expr, values):
    """The value in NumPy; scalars stay Python scalars."""
    if isinstance(expr, Number):
        return expr.value.numerator / expr.value.denominator if expr.value.denominator > 1 else int(expr.value)
    if isinstance(expr, Constant):
        return {"pi": math.pi, "E": math.e}[expr.name]
    if isinstance(expr, Argument):
        return values[expr.name]
    if isinstance(expr, Choice):
        result = evaluate(expr.otherwise, values)
        for relation, value in reversed(expr.branches):
            left, right = evaluate(relation.left, values), evaluate(relation.right, values)
            result = np.where(OPERATORS[relation.op](left, right), evaluate(value, values), result)
        return result
    parts = [evaluate(child, values) for child in expr.children]
    if isinstance(expr, Add):
        return sum(parts[1:], parts[0])
    if isinstance(expr, Mul):
        return divided(expr, values)
    if isinstance(expr, Pow):
        return 1 / parts[0] ** -parts[1] if expr.exponent == Number(-1) else parts[0] ** parts[1]
    assert isinstance(expr, Call) and expr.orders == (0,) * len(expr.args)
    if all(isinstance(part, (int, float)) for part in parts) and expr.function in PYTHON:
        return PYTHON[expr.function](*parts)
    if expr.function == "erf":
        return np.vectorize(math.erf, otypes=[parts[0].dtype])(parts[0])
    return NUMPY[expr.function](*parts)


def divided(expr: Mul, values):
    """A product with its negative powers in the denominator, as it is printed."""

    def below(factor):
        return isinstance(factor, Pow) and isinstance(factor.exponent, Number) and factor.exponent.value < 0

    top = math.prod((evaluate(f, values) for f in expr.factors if not below(f)), start=1)
    bottom = [evaluate(Pow(f.base, Number(-f.exponent.value)), values) for f in expr.factors if below(f)]
    return top / math.prod(bottom, start=1) if bottom else top


def run(form: StableForm, x, **parameters):
    values = {"z": x, **parameters}
    for name, value in form.lets:
        values[name] = evaluate(value, values)
    return evaluate(form.value, values)


@functools.cache
def truth(formula, x: float):
    """The formula at a float by mpmath, digits raised until two precisions agree; None where it has no value."""
    function = sympy.lambdify(z, sympy.sympify(formula).subs({rate: Rational(3, 2), beta: Rational(3, 4)}), "mpmath")
    value = last = None
    for digits in (50, 250, 1000, 9500):
        with mpmath.workdps(digits):
            try:
                value = function(mpmath.mpf(x))
            except (ZeroDivisionError, ValueError):
                return None
            if isinstance(value, mpmath.mpc):
                return None
            if last is not None and value != 0 and abs(value - last) <= abs(value) * mpmath.mpf(10) ** -25:
                return value
            last = value
    return value  # still changing with 9500 digits: far below the smallest float


def text(form: StableForm) -> str:
    return "; ".join([*(f"{name} = {render_expr(value)}" for name, value in form.lets), render_expr(form.value)])


def error(formula, form: StableForm, x: np.ndarray) -> float:
    """The error in units in the last place, below the smallest normal number in units of that; x of length 1."""
    expected, info = truth(formula, float(x[0])), np.finfo(x.dtype)
    if expected is None or abs(expected) > float(info.max):
        return 0.0
    with np.errstate(all="raise", under="ignore"):
        found = run(form, x, r=1.5, beta=0.75)
    if isinstance(found, (int, float)):
        return 0.0 if found == expected else math.inf
    assert found.dtype == x.dtype
    place = float(mpmath.mpf(2) ** (int(mpmath.floor(mpmath.log(abs(expected), 2))) - info.nmant)) if expected else 0.0
    return float(abs(mpmath.mpf(float(found[0])) - expected) / max(place, float(info.tiny)))


def elu(width):
    return Piecewise((z, z > 0), (width * (exp(z) - 1), True))


U, U2 = "u = exp(-abs(z)); ", "u = exp(-2*abs(z)); "
SOFTPLUS, MISH = log(1 + exp(z)), z * tanh(log(1 + exp(z)))
GELU_TANH = z / 2 * (1 + tanh(sqrt(2 / pi) * (z + Rational("0.044715") * z**3)))
LOG_COSH = U2 + "(log1p(2*sinh(minimum(abs(z), 1)/2)**2) if abs(z) < 1, else abs(z) + log1p(u) - log(2))"
FORMS = [
    (s, U + "(1 if z >= 0, else u)/(1 + u)"),
    (exp(z) / (1 + exp(z)), U + "(1 if z >= 0, else u)/(1 + u)"),
    (1 / (1 + exp(-rate * z)), "u = exp(-r*abs(z)); (1 if z >= 0, else u)/(1 + u)"),
    (1 / (1 + exp(-beta * z)), "s = beta*z; u = exp(-abs(s)); (1 if s >= 0, else u)/(1 + u)"),
    (1 - s, U + "(u if z >= 0, else 1)/(1 + u)"),
    (s - Rational(1, 2), "tanh(z/2)/2"),
    (s.diff(z), U + "u/(1 + u)**2"),
    (s.diff(z, 2), U + "sign(z)*u*expm1(-abs(z))/(1 + u)**3"),
    (SOFTPLUS, U + "maximum(z, 0) + log1p(u)"),
    (log(1 + exp(rate * z)) / rate, "u = exp(-r*abs(z)); maximum(z, 0) + log1p(u)/r"),
    (SOFTPLUS - z, U + "-minimum(z, 0) + log1p(u)"),
    (log(s), U + "minimum(z, 0) - log1p(u)"),
    (log(1 - s), U + "-maximum(z, 0) - log1p(u)"),
    (-beta * log(s) - (1 - beta) * log(1 - s), U + "(1 - beta)*maximum(z, 0) - beta*minimum(z, 0) + log1p(u)"),
    ((exp(z) - exp(-z)) / (exp(z) + exp(-z)), "tanh(z)"),
    (sympy.sinh(z) / cosh(z), "tanh(z)"),
    (tanh(z).diff(z), U2 + "4*u/(1 + u)**2"),
    (1 / cosh(z), U + "2*u/(1 + u**2)"),
    (z * s, U + "z*(1 if z >= 0, else u)/(1 + u)"),
    (z - z * s, U + "z*(u if z >= 0, else 1)/(1 + u)"),
    ((z * s).diff(z), U + "(1 + (1 + z)*u if z >= 0, else u*(1 + z + u))/(1 + u)**2"),
    (MISH, U + "z*((1 + 2*u)/(1 + 2*u + 2*u**2) if z >= 0, else u*(2 + u)/(2 + 2*u + u**2))"),
    (log(cosh(z)), LOG_COSH),
    (z + log(1 + exp(-2 * z)) - log(2), LOG_COSH),
    (log((exp(z) + exp(-z)) / 2), LOG_COSH),
    (sqrt(1 + z**2) - 1, "z**2/(1 + sqrt(1 + z**2))"),
    ((z + sqrt(z**2 + 4)) / 2, "r = abs(z/2) + sqrt(4 + z**2)/2; (r if z/2 >= 0, else 1/r)"),
    (log(z + sqrt(1 + z**2)), "arcsinh(z)"),
    (exp(z) - 1, "expm1(z)"),
    (log(1 + z), "log1p(z)"),
    (log(1 + z**2), "log1p(z**2)"),
    ((exp(z) - exp(-z)) / 2, "sinh(z)"),
    (Max(0, z), "maximum(z, 0)"),
    (Max(z, z / 100), "maximum(z/100, z)"),
    (Piecewise((z, z > 0), (z / 100, True)), "(z if z > 0, else z/100)"),
    (elu(rate), "(z if z > 0, else r*expm1(minimum(z, 0)))"),
    (derivative(elu(rate), z), "(1 if z > 0, else r*exp(minimum(z, 0)))"),
    (Max(0, z) + Min(0, rate * (exp(z / rate) - 1)), "maximum(z, 0) + (0 if z > 0, else r*expm1(minimum(z, 0)/r))"),
    (derivative(Max(0, z), z), "maximum(sign(z), 0)"),
    (
        Piecewise((log(1 + z), z > 0), (exp(z) - 1, True)),
        "(log1p((z if z > 0, else 1)) if z > 0, else expm1(minimum(z, 0)))",
    ),
    (Piecewise((1, sympy.Eq(z, 0)), (sin(z) / z, True)), "(1 if z == 0, else sin(z)/(z if z != 0, else 1))"),
    (1 + 3 * z - z**2, "1 + 3*z - z**2"),
    (sin(z), "sin(z)"),
    (tanh(z), "tanh(z)"),
    (z + tanh(z), "z + tanh(z)"),
    (z / (1 + Abs(z)), "z/(1 + abs(z))"),
]
ACCURATE = [formula for formula, _ in FORMS] + [
    tanh(z).diff(z, 2),
    (z * s).diff(z, 2),
    MISH.diff(z),
    SOFTPLUS - log(2),
    log(1 + tanh(z)),
    exp(z) * s,
    2**z,
    Rational("1.7159") * tanh(2 * z / 3),
    Rational("1.0507") * elu(Rational("1.67326")),
    (1 - s) * sin(z),
    tanh(z) * s,
    log(cosh(beta * z)) / beta,
    exp(-(z**2) / 2),
    Min(Max(0, z), 6),
    Piecewise((log(z), z > 0), (0, True)),
    Piecewise((-1, z < -1), (1, z > 1), (z, True)),
    derivative(Piecewise((z, z > 0), (z / 100, True)), z),
]
POINTS = [0.0, *(sign * v for v in (1e-8, 1e-3, 0.1, 1, 5, 18, 40, 88, 710, 1e3, 1e4) for sign in (1, -1))]
PLACES = {np.float64: 4, np.float32: 8}


@pytest.mark.parametrize(("formula", "expected"), FORMS, ids=str)
def test_form_reads_like_a_textbook(formula, expected):
    assert text(stable(formula, z)) == expected


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("formula", ACCURATE, ids=str)
def test_accurate_without_warnings(formula, dtype):
    form = stable(formula, z)
    worst = max((error(formula, form, np.array([x], dtype)), x) for x in POINTS)
    assert worst[0] <= PLACES[dtype]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("formula", [GELU_TANH, GELU_TANH.diff(z)], ids=["gelu", "gelu'"])
def test_gelu_is_as_accurate_as_its_inner_polynomial_allows(formula, dtype):
    form = stable(formula, z)
    for x in POINTS:
        inner = abs(x) + abs(x) ** 3  # a rounding error of the exponent counts that often in its exponential
        assert error(formula, form, np.array([x], dtype)) <= PLACES[dtype] * (1 + inner)


def test_whole_arrays_evaluate_every_branch_quietly():
    for formula in ACCURATE:
        if any(truth(formula, x) is None or abs(truth(formula, x)) > 1e38 for x in (-1e4, 1e4)):
            continue
        x = np.array([-1e4, -1.0, 0.0, 1.0, 1e4], np.float32)
        with np.errstate(all="raise", under="ignore"):
            assert np.all(np.isfinite(run(stable(formula, z), x, r=1.5, beta=0.75)))


def test_names_do_not_collide():
    u = sympy.Symbol("u")
    form = stable(1 / (1 + exp(-u)), u)
    assert text(form) == "v = exp(-abs(u)); (1 if u >= 0, else v)/(1 + v)"
    assert form.identity == "1/(1 + exp(-u)) with v = exp(-abs(u)), which cannot overflow"


def test_only_python_scalars_as_constants():
    for formula in ACCURATE:
        assert all(
            type(getattr(node, "value", None)).__name__ in ("NoneType", "Fraction")
            for node in walk(stable(formula, z).value)
        )


def test_a_form_that_is_not_proved_is_not_used(monkeypatch):
    def refuse(*args, **named):
        raise NotProved("nothing")

    monkeypatch.setattr(stable_exp, "prove", refuse)
    assert text(stable(s, z)) == "1/(1 + exp(-z))"


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        (1 / (1 + exp(-z)), 1 / (1 + exp(z))),
        (log(1 + exp(z)), log(2 + exp(z))),
        (log(1 + exp(z)), log(1 + exp(z)) + 1),
    ],
)
def test_proof_rejects_what_is_not_equal(source, wrong):
    form, other = stable(source, z), wrong.xreplace({z: real_symbol(z)})
    work = Workspace(real_symbol(z), ("z",), lower, list(form.lets), [])
    prove(source.xreplace({z: real_symbol(z)}), real_symbol(z), form.value, work, logarithmic=source.has(log))
    with pytest.raises(NotProved):
        prove(other, real_symbol(z), form.value, work, logarithmic=source.has(log))


def test_unknown_function_is_refused():
    with pytest.raises(ValueError, match="no NumPy form"):
        stable(sympy.polylog(2, z), z)


SCRIPT = """
from test_stable import *
print([text(stable(formula, z)) + stable(formula, z).identity for formula in ACCURATE])
"""


def test_same_answer_under_every_hash_seed_and_ground_type():
    assert output_of(SCRIPT, "0", "python") == output_of(SCRIPT, "1", "python") == output_of(SCRIPT, "2", "flint")
