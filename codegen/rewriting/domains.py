"""Where an equation has no value for some data: logarithms, roots, quotients and poles of what is given alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy

from codegen.program.special import BY_HEAD
from codegen.rewriting.zero_logs import without_zero_logs
from derive.system import System, accesses
from derive.values.affine import indices
from derive.values.algebra import to_sympy
from derive.values.binders import Bound, Sum, inside
from derive.values.nodes import ONE, ZERO, Access, Call, Choice, Expr, Number, Pow, Relation
from derive.values.walks import transform


@dataclass(frozen=True)
class Domain:
    """The real numbers at which a function has a value: what is said, and the test in code, of an argument `{0}`.

    `known` is what SymPy calls a number that is surely among them.
    """

    shown: str
    test: str
    known: str = ""


POSITIVE = Domain("{0} > 0", "{0} > 0", "is_positive")
NOT_NEGATIVE = Domain("{0} >= 0", "{0} >= 0", "is_nonnegative")
NOT_ZERO = Domain("{0} != 0", "{0} != 0", "is_nonzero")
NO_POLE = Domain("{0} to be none of 0, -1, -2, ...", "({0} > 0) | ({0} % 1 != 0)", "is_positive")
FINITE = Domain("arguments at which it has a value", "np.isfinite({0})")
DOMAINS = {
    "log": POSITIVE,
    "loggamma": POSITIVE,
    "gamma": NO_POLE,
    "digamma": NO_POLE,
    "asin": Domain("-1 <= {0} <= 1", "np.abs({0}) <= 1"),
    "acos": Domain("-1 <= {0} <= 1", "np.abs({0}) <= 1"),
    "atanh": Domain("-1 < {0} < 1", "np.abs({0}) < 1"),
    "erfinv": Domain("-1 < {0} < 1", "np.abs({0}) < 1"),
    "acosh": Domain("{0} >= 1", "{0} >= 1"),
}


@dataclass(frozen=True)
class Need:
    """The `formula` has a value where its `argument`, which is `value` written by data alone, lies in the domain."""

    formula: Expr
    argument: Expr
    domain: Domain
    value: Expr
    bounds: tuple[Bound, ...]


def needs(expr: Expr, bounds: tuple[Bound, ...], system: System, given: frozenset[str]) -> Iterator[Need]:
    """Every part of a right side that may have no value for some data; a branch of a Piecewise chooses its own.

    `given` are the quantities that data give, `given_by_data(system)`.
    """
    for node, around in _outside_branches(without_zero_logs(expr, system), bounds):
        for argument, domain in _arguments(node, given):
            plain = transform(argument, _unguarded)
            domain = NOT_NEGATIVE if plain != argument else domain
            value = _by_data(plain, system, given)
            if value is None or _lies_in(value, domain):
                continue
            free = value.letters
            ranges = {b.index: b for b in around}
            own = tuple(ranges[x] for x in free if x in ranges)
            if len(own) == len(free) and not any(indices(end) for b in own for end in (b.lo, b.hi)):
                yield Need(transform(node, _unguarded), plain, domain, value, own)


def given_by_data(system: System) -> frozenset[str]:
    """Data, hyper-parameters, and the variables that depend on nothing else."""
    known = {t.name for t in system.tensors if t.role in ("data", "hyper")}
    waiting = [t.name for t in system.role("variable")]
    grown = True
    while grown:  # written order: mostly one pass finds all
        before, left = len(known), list[str]()
        for name in waiting:
            read = {n for e in system.equations_of(name) for n in e.reads}
            (known.add if read <= known else left.append)(name)
        waiting, grown = left, len(known) > before
    return frozenset(known)


def _outside_branches(expr: Expr, bounds: tuple[Bound, ...]) -> Iterator[tuple[Expr, tuple[Bound, ...]]]:
    yield expr, bounds
    for child in () if isinstance(expr, Choice) else expr.children:
        yield from _outside_branches(child, inside(expr, bounds))


def _arguments(node: Expr, given: frozenset[str]) -> Iterator[tuple[Expr, Domain]]:
    """The arguments that decide whether a node has a value, if they are given by data."""
    if isinstance(node, Call) and not any(node.orders):
        if node.function in DOMAINS:
            yield from ((a, DOMAINS[node.function]) for a in node.args if _is_given(a, given))
        elif node.function in BY_HEAD and BY_HEAD[node.function].singular and _is_given(node, given):
            yield node, FINITE
    elif isinstance(node, Pow) and _is_given(node.base, given):
        exponent = node.exponent.value if isinstance(node.exponent, Number) else None
        if exponent is not None and exponent.denominator == 1:
            yield from ((node.base, NOT_ZERO) for _ in range(exponent < 0))
        elif exponent is not None:
            yield node.base, POSITIVE if exponent < 0 else NOT_NEGATIVE
        elif _is_given(node.exponent, given):
            yield node, FINITE
        elif accesses(node.exponent):
            yield node.base, NOT_NEGATIVE


def _is_given(expr: Expr, given: frozenset[str]) -> bool:
    found = accesses(expr)
    return bool(found) and all(a.tensor in given for a in found)


def _unguarded(node: Expr) -> Expr:
    """x, for the 1 in place of x = 0 that a factor x allows."""
    if isinstance(node, Choice) and node.branches == ((Relation("==", node.otherwise, ZERO), ONE),):
        return node.otherwise
    return node


def _by_data(expr: Expr, system: System, given: frozenset[str]) -> Expr | None:
    """The value with the equations of variables put in; None where a variable has several equations."""
    missing = False

    def written_out(node: Expr) -> Expr:
        nonlocal missing
        if not isinstance(node, Access) or system.tensor(node.tensor).role != "variable":
            return node
        equations = system.equations_of(node.tensor)
        letters = [x for p in equations[0].target.at if (x := p.letter)]
        if len(equations) > 1 or len(letters) < len(node.at):
            missing = True
            return node
        value = equations[0].value.replaced(dict(zip(letters, node.at, strict=True)))
        return transform(value, written_out)

    found = transform(expr, written_out)
    return None if missing else found


def _lies_in(value: Expr, domain: Domain) -> bool:
    """Does SymPy know, from the form alone, that the value lies in the domain?"""
    return bool(domain.known and getattr(_signed(value), domain.known))


def _signed(value: Expr) -> sympy.Expr:
    """The value with symbols of known sign: exp(x) > 0, and a sum of what is never negative is never negative."""
    symbols: dict[Expr, sympy.Symbol] = {}
    found = to_sympy(value, symbols)
    return found.xreplace({s: _with_sign(expr, s.name) for expr, s in symbols.items()})


def _with_sign(expr: Expr, name: str) -> sympy.Symbol:
    if isinstance(expr, Call) and expr.function in ("exp", "cosh"):
        return sympy.Symbol(name, positive=True)
    if isinstance(expr, Call) and expr.function == "Abs":
        return sympy.Symbol(name, nonnegative=True)
    if isinstance(expr, Sum) and _signed(expr.body).is_nonnegative:
        return sympy.Symbol(name, nonnegative=True)
    return sympy.Symbol(name, real=True)
