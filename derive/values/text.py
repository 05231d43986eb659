"""Plain text of expressions, for errors and the terminal: the same order and letters as the equations."""

from __future__ import annotations

from fractions import Fraction

from derive.values.affine import Affine, Index, Node, Size, Width
from derive.values.binders import Bound, Extreme, Functional, MatrixFunction, Place, Product, Sum, rebind, spared
from derive.values.nodes import (
    Access,
    Add,
    Argument,
    Bracket,
    Call,
    Choice,
    Constant,
    Count,
    Expr,
    Mul,
    Number,
    Partial,
    Pow,
    Relation,
)

SUM, PRODUCT, POWER, ATOM = range(4)


def render_affine(affine: Affine) -> str:
    """`2*t + s - 1`: positive terms first, then negative ones, then the number."""
    ordered = sorted(affine.terms, key=lambda term: term[1] < 0)
    parts: list[str] = []
    for atom, count in (*ordered, *(((None, affine.constant),) if affine.constant or not ordered else ())):
        size = str(abs(count)) if atom is None else _atom(atom) if abs(count) == 1 else f"{abs(count)}*{_atom(atom)}"
        parts.append((" - " if count < 0 else " + ") + size if parts else ("-" if count < 0 else "") + size)
    return "".join(parts)


def _atom(atom: Node) -> str:
    if isinstance(atom, Width):
        return f"{atom.name}({render_affine(atom.at)})"
    if isinstance(atom, Expr):
        return render_expr(atom)
    return atom.name if isinstance(atom, Size) else str(getattr(atom, "name", atom.key))


def render_range(lo: Affine, hi: Affine) -> str:
    """`1..n(l)`."""
    return f"{render_affine(lo)}..{render_affine(hi)}"


def render_expr(expr: Expr) -> str:
    """One line of text for an expression."""
    return _text(expr)[0]


def _text(expr: Expr) -> tuple[str, int]:
    """Text and how tightly it binds."""
    if isinstance(expr, Number):
        tight = expr.value >= 0 and expr.value.denominator == 1
        return str(expr.value), ATOM if tight else PRODUCT
    if isinstance(expr, Add):
        return _sum(expr), SUM
    if isinstance(expr, Mul):
        return _product(expr), PRODUCT
    if isinstance(expr, Pow):
        return _power(expr)
    if isinstance(expr, Count):
        return render_affine(expr.of), ATOM if expr.of.alone or expr.of.number is not None else SUM
    return _leaf(expr), ATOM


def _leaf(expr: Expr) -> str:
    if isinstance(expr, Access):
        return expr.tensor + (f"[{', '.join(map(render_affine, expr.at))}]" if expr.at else "")
    if isinstance(expr, (Constant, Argument)):
        return expr.name
    if isinstance(expr, Call):
        primes = (
            "'" * expr.orders[0]
            if len(expr.orders) == 1
            else "".join(f"_{k + 1}" * o for k, o in enumerate(expr.orders))
        )
        return f"{expr.function}{primes}({', '.join(map(render_expr, expr.args))})"
    if isinstance(expr, Sum):
        return f"Sum({render_expr(expr.body)}, {', '.join(map(_bound, expr.bounds))})"
    if isinstance(expr, Product):
        body, places = spared(expr)
        others = [f"{expr.bounds[0].index.name} != {render_affine(p)}" for p in places]
        return f"Product({', '.join([render_expr(body), _bound(expr.bounds[0]), *others])})"
    if isinstance(expr, Bracket):
        return f"[{render_affine(expr.left)} {expr.op} {render_affine(expr.right)}]"
    if isinstance(expr, Partial):
        return f"∂{render_expr(expr.of)}/∂{render_expr(expr.by)}"
    if isinstance(expr, Choice):
        branches = [f"{render_expr(v)} if {render_relation(c)}" for c, v in expr.branches]
        return f"({', '.join(branches)}, else {render_expr(expr.otherwise)})"
    if isinstance(expr, Extreme):
        name = {"max": "Max", "min": "Min"}[expr.op] if not isinstance(expr, Place) else f"arg{expr.op}"
        return f"{name}({render_expr(expr.body)}, {_bound(expr.bounds[0])})"
    if isinstance(expr, MatrixFunction):
        shown, elsewhere = at_its_letters(expr)
        letters = [b.index.name for b in shown.bounds]
        place = f"[{', '.join(map(render_affine, expr.at))}]" if elsewhere else ""
        return f"{expr.op}({', '.join([*map(render_expr, shown.bodies), *letters])}){place}"
    assert isinstance(expr, Functional), type(expr).__name__
    rows = [_row(b, body) for b, body in zip(expr.bounds, expr.bodies, strict=True)]
    head = f"{expr.name}({', '.join(rows)})"
    for argument, position in expr.by:
        head = f"∂{head}/∂{rows[argument].replace(':', render_affine(position))}"
    return head


def _bound(bound: Bound) -> str:
    """The letter, with its range where that moves with another letter."""
    moving = any(isinstance(atom, Index) for end in (bound.lo, bound.hi) for atom, _ in end.terms)
    ends = f", {render_affine(bound.lo)}, {render_affine(bound.hi)}"
    return f"({bound.index.name}{ends})" if moving else bound.index.name


def at_its_letters(expr: MatrixFunction) -> tuple[MatrixFunction, bool]:
    """The function with bound letters named as the place where it is read, as it is typed; is that impossible?"""
    own = expr.bounds[-len(expr.at) :] if expr.at else ()
    wanted = [p.letter for p in expr.at]
    inside = {x for body in expr.bodies for x in body.letters} - {b.index for b in own}
    if None in wanted or len(set(wanted)) < len(wanted) or inside & set(wanted):
        return expr, True
    letters = {b.index: x for b, x in zip(own, wanted, strict=True) if x is not None}
    values = {old: Affine.of(new) for old, new in letters.items()}
    return expr.bind(rebind(expr.bounds, letters), tuple(b.replaced(values) for b in expr.bodies)), False


def _row(bound: Bound, body: Expr) -> str:
    letter = Affine.of(bound.index)
    if isinstance(body, Access):
        return f"{body.tensor}[{', '.join(':' if p == letter else render_affine(p) for p in body.at)}]"
    return render_expr(body)


def render_relation(relation: Relation) -> str:
    """`z > 0`."""
    return f"{render_expr(relation.left)} {relation.op} {render_expr(relation.right)}"


def _bracketed(expr: Expr, least: int) -> str:
    text, binds = _text(expr)
    return text if binds >= least else f"({text})"


def _sum(expr: Add) -> str:
    parts: list[str] = []
    for term in expr.terms:
        negative, size = split_sign(term)
        text = _bracketed(size, PRODUCT)
        parts.append((" - " if negative else " + ") + text if parts else ("-" if negative else "") + text)
    return "".join(parts)


def split_sign(term: Expr) -> tuple[bool, Expr]:
    """Is the term negative, and the term without its sign."""
    if isinstance(term, Number) and term.value < 0:
        return True, Number(-term.value)
    if isinstance(term, Mul) and isinstance(term.factors[0], Number) and term.factors[0].value < 0:
        scale, rest = Number(-term.factors[0].value), term.factors[1:]
        kept = rest if scale.value == 1 else (scale, *rest)
        return True, Mul(kept) if len(kept) > 1 else kept[0]
    return False, term


def split_quotient(expr: Mul) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    """Factors above and below the fraction bar, in order."""
    above: list[Expr] = []
    below: list[Expr] = []
    for factor in expr.factors:
        if isinstance(factor, Number) and factor.value.denominator != 1:
            if factor.value.numerator != 1:
                above.append(Number(Fraction(factor.value.numerator)))
            below.append(Number(Fraction(factor.value.denominator)))
        elif isinstance(factor, Pow) and isinstance(factor.exponent, Number) and factor.exponent.value < 0:
            flipped = Number(-factor.exponent.value)
            below.append(factor.base if flipped.value == 1 else Pow(factor.base, flipped))
        else:
            above.append(factor)
    return tuple(above), tuple(below)


def _product(expr: Mul) -> str:
    negative, size = split_sign(expr)
    if negative:
        return "-" + _bracketed(size, PRODUCT)
    above, below = split_quotient(expr)
    top = "*".join(_bracketed(f, PRODUCT) for f in above) or "1"
    if not below:
        return top
    return (
        top
        + "/"
        + (_bracketed(below[0], POWER) if len(below) == 1 else f"({'*'.join(_bracketed(f, PRODUCT) for f in below)})")
    )


def _power(expr: Pow) -> tuple[str, int]:
    if isinstance(expr.exponent, Number) and expr.exponent.value < 0:
        flipped = Number(-expr.exponent.value)
        below = expr.base if flipped.value == 1 else Pow(expr.base, flipped)
        return f"1/{_bracketed(below, POWER)}", PRODUCT
    if expr.exponent == Number(Fraction(1, 2)):
        return f"sqrt({render_expr(expr.base)})", ATOM
    return f"{_bracketed(expr.base, ATOM)}**{_bracketed(expr.exponent, ATOM)}", POWER
