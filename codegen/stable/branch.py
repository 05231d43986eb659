"""Choices: np.where evaluates every branch everywhere, so a branch must be harmless also where it is not taken.

Inside the functions that can overflow or leave their domain, the argument is kept in the branch's own region:
expm1(minimum(z, 0)) in the branch z < 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from codegen.program.special import SPECIAL
from codegen.stable.exponential import factored, is_exponential
from codegen.stable.plain import Workspace, call, lowered, plain
from derive.scalar.charts import exponential_family
from derive.scalar.kinks import atoms, linear
from derive.values.nodes import ONE, Argument, Call, Choice, Expr, Number, Pow, Relation, add, number
from derive.values.walks import walk

GROWING = ("exp", "expm1", "sinh", "cosh")
GUARDED = (
    *GROWING,
    "log",
    "log1p",
    "sqrt",
    "tan",
    "arcsin",
    "arccos",
    "arccosh",
    "arctanh",
    *(row.head for row in SPECIAL if row.singular),
)
TAMED = ("abs", "maximum", "minimum", "sign")
OPERATORS = {sympy.Gt: ">", sympy.Ge: ">=", sympy.Lt: "<", sympy.Le: "<=", sympy.Eq: "==", sympy.Ne: "!="}


@dataclass(frozen=True)
class Region:
    """Where a branch holds: between `lo` and `hi` (None: no bound), the ends in it or not, `hole` taken out."""

    lo: sympy.Expr | None = None
    hi: sympy.Expr | None = None
    lo_in: bool = True
    hi_in: bool = True
    hole: sympy.Expr | None = None


def rewrite_piecewise(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """Piecewise branch by branch, each kept inside its region."""
    if not isinstance(formula, sympy.Piecewise):
        return None
    work.rules.append("branches")
    refused: tuple[Boolean, ...] = ()
    branches: list[tuple[Boolean, Expr]] = []
    for value, condition in formula.args:
        condition = linear(unexponential(condition), work.z)
        region = region_of((*refused, condition), work.z)
        branches.append((condition, inside(lowered(value, work), region, work)))
        refused = (*refused, linear(sympy.Not(condition), work.z))
    if branches[-1][0] != sympy.true:
        raise ValueError(f"{formula} has no value where none of its conditions holds")
    values = [value for _, value in branches]
    if all(scalar(value, work) for value in values):
        step = rewrite_step(branches, work)
        if step is not None:
            return step
        values[-1] = call("maximum", call("minimum", Argument(work.z.name), values[-1]), values[-1])
    result = values[-1]
    for condition, value in reversed(list(zip((c for c, _ in branches[:-1]), values[:-1], strict=True))):
        result = choose(condition, value, result, work)
    return result


def unexponential(condition: Boolean) -> Boolean:
    """exp(w) >= c as w >= log(c), c > 0"""
    if isinstance(condition, Relational) and isinstance(condition.lhs, sympy.exp) and condition.rhs.is_positive:
        return condition.func(condition.lhs.args[0], sympy.log(condition.rhs))
    return condition


def rewrite_folded(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """c times a choice is the choice of c times each value: an exponential c is kept inside its region then"""
    if not formula.is_Mul:
        return None
    choices = [f for f in formula.args if isinstance(f, sympy.Piecewise)]
    rest = [f for f in formula.args if f not in choices]
    if len(choices) != 1 or not is_exponential(sympy.Mul(*rest), work.z):
        return None
    folded = sympy.Piecewise(*((value * sympy.Mul(*rest), c) for value, c in choices[0].args))
    return work.lower(folded, work)


def scalar(value: Expr, work: Workspace) -> bool:
    """Whether neither the argument nor a helper value stands here: np.where of Python scalars only is float64."""
    names = (work.z.name, *(name for name, _ in work.lets))
    return not any(isinstance(node, Argument) and node.name in names for node in walk(value))


def rewrite_step(branches: list[tuple[Boolean, Expr]], work: Workspace) -> Expr | None:
    """1 for z > 0, else b, is maximum(sign(z), b) for 0 <= b <= 1, and that has the dtype of z"""
    if len(branches) != 2:
        return None
    (condition, first), (_, second) = branches
    above, below = (first, second) if condition == (work.z > 0) else (second, first)
    if condition not in (work.z > 0, work.z <= 0) or above != ONE or not isinstance(below, Number):
        return None
    return call("maximum", call("sign", Argument(work.z.name)), below) if 0 <= below.value <= 1 else None


def choose(condition: Boolean, value: Expr, otherwise: Expr, work: Workspace) -> Expr:
    """`value` where the condition holds; "and" nests, "or" repeats, neighbouring choices join."""
    if condition in (sympy.true, sympy.false):
        return value if condition == sympy.true else otherwise
    if isinstance(condition, sympy.ITE):  # SymPy's comparison with a Piecewise
        test, then, other = condition.args
        return choose(test, choose(then, value, otherwise, work), choose(other, value, otherwise, work), work)
    if isinstance(condition, sympy.And):
        for part in condition.args:
            value = choose(part, value, otherwise, work)
        return value
    if isinstance(condition, sympy.Or):
        for part in condition.args:
            otherwise = choose(part, value, otherwise, work)
        return otherwise
    if not isinstance(condition, Relational):
        raise ValueError(f"condition {condition} is not a comparison")
    relation = Relation(OPERATORS[type(condition)], lowered(condition.lhs, work), lowered(condition.rhs, work))
    if isinstance(otherwise, Choice):
        return Choice(((relation, value), *otherwise.branches), otherwise.otherwise)
    return Choice(((relation, value),), otherwise)


def region_of(conditions: tuple[Boolean, ...], z: Symbol) -> Region:
    """The region that comparisons of z alone describe; others do not narrow it."""
    lo: list[tuple[sympy.Expr, bool]] = []
    hi: list[tuple[sympy.Expr, bool]] = []
    hole = None
    for atom in atoms(conditions):
        if not isinstance(atom, Relational) or atom.lhs != z or atom.rhs.has(z):
            continue
        closed = not isinstance(atom, (sympy.Gt, sympy.Lt))
        if isinstance(atom, (sympy.Gt, sympy.Ge, sympy.Eq)):
            lo.append((atom.rhs, closed))
        if isinstance(atom, (sympy.Lt, sympy.Le, sympy.Eq)):
            hi.append((atom.rhs, closed))
        if isinstance(atom, sympy.Ne):
            hole = atom.rhs
    low = sympy.Max(*(cut for cut, _ in lo)) if lo else None
    high = sympy.Min(*(cut for cut, _ in hi)) if hi else None
    return Region(low, high, all(c for cut, c in lo if cut == low), all(c for cut, c in hi if cut == high), hole)


def inside(value: Expr, region: Region, work: Workspace) -> Expr:
    """The value with the argument kept in the region wherever a function may overflow or leave its domain."""
    z = Argument(work.z.name)
    growing = isinstance(value, Call) and value.function in GROWING
    singular = isinstance(value, Call) and value.function in GUARDED and not growing
    if isinstance(value, Pow) and isinstance(value.exponent, Number):
        singular = value.exponent.value < 0 or value.exponent.value.denominator != 1
    if growing and bare(value, z):
        return put(value, z, clamped(z, region, work))
    if singular and bare(value, z):
        return put(value, z, kept(z, region, work))
    return value.rebuild(tuple(inside(child, region, work) for child in value.children)) if value.children else value


def bare(value: Expr, z: Expr) -> bool:
    """Whether z stands in the value outside abs, sign, maximum and minimum."""
    if isinstance(value, Call) and value.function in TAMED:
        return False
    return value == z or any(bare(child, z) for child in value.children)


def put(value: Expr, z: Expr, replacement: Expr) -> Expr:
    """The value with `replacement` for z."""
    if value == z:
        return replacement
    return value.rebuild(tuple(put(child, z, replacement) for child in value.children)) if value.children else value


def clamped(z: Expr, region: Region, work: Workspace) -> Expr:
    """z, or the nearest end of the region"""
    if region.hi is not None:
        z = call("minimum", z, plain(region.hi, work))
    return z if region.lo is None else call("maximum", z, plain(region.lo, work))


def kept(z: Expr, region: Region, work: Workspace) -> Expr:
    """z, or a point inside the region: at an open end the function may be singular"""
    lo, hi = region.lo, region.hi
    if region.hole is not None and lo is None and hi is None:
        return Choice(((Relation("!=", z, plain(region.hole, work)), z),), plain(region.hole + 1, work))
    if (lo is None or region.lo_in) and (hi is None or region.hi_in):
        return clamped(z, region, work)
    middle = (
        plain((lo + hi) / 2, work)
        if lo is not None and hi is not None
        else add(plain(lo, work), ONE)
        if lo is not None
        else add(plain(hi, work), number(-1))
    )
    if hi is not None:
        z = Choice(((Relation("<=" if region.hi_in else "<", z, plain(hi, work)), z),), middle)
    if lo is not None:
        z = Choice(((Relation(">=" if region.lo_in else ">", z, plain(lo, work)), z),), middle)
    return z


def rewrite_extremum(formula: sympy.Expr, work: Workspace) -> Expr | None:
    """Max(f, g), one with exponentials, as a choice by the sign of w, if f - g has the sign of w (or of -w)."""
    z = work.z
    if not isinstance(formula, (sympy.Max, sympy.Min)) or len(formula.args) != 2 or not is_exponential(formula, z):
        return None
    first, second = sorted(formula.args, key=lambda arg: (is_exponential(arg, z), sympy.default_sort_key(arg)))
    found = exponential_family((first - second,), z)
    if found is None or found[2][0].has(z):
        return None
    t, exponent, (ratio,) = found
    parts, _ = factored(ratio, t)
    ones = sum(m for p, m in parts.factors if p == 1 - t)
    others = [c for p, _ in parts.factors if p != 1 - t for c in sympy.Poly(p, t).coeffs()]
    if ones % 2 == 0 or not parts.constant.is_nonzero or not all(c.is_positive for c in others):
        return None
    if not (parts.constant.is_positive or parts.constant.is_negative):
        return None
    falling = parts.constant.is_positive == isinstance(formula, sympy.Max)  # 1 - t < 0 where w > 0
    condition = exponent < 0 if falling else exponent > 0
    return work.lower(sympy.Piecewise((first, condition), (second, True)), work)
