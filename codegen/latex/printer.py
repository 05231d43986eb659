"""Equations in LaTeX, in textbook order and letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from codegen.latex.function import function_of_matrix
from codegen.latex.layout import brackets, breadth, decimal, folded, packed
from codegen.latex.letters import Letters, nested
from codegen.latex.names import head, letter
from derive.values.binders import Extreme, Functional, MatrixFunction, Place, Product, Sum, spared
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
from derive.values.text import split_quotient, split_sign

SUM, BIG, PRODUCT, POWER, ATOM = range(5)
RELATIONS = {"=": "=", "==": "=", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">", "!=": r"\ne"}
CONSTANTS = {"pi": r"\pi", "Exp1": r"\mathrm{e}", "E": r"\mathrm{e}"}


@dataclass(frozen=True)
class Printer(Letters):
    """Prints the expressions of one system."""

    def expr(self, expr: Expr) -> str:
        """The LaTeX of an expression."""
        return self.piece(expr)[0]

    def piece(self, expr: Expr) -> tuple[str, int]:
        """LaTeX and how tightly it binds."""
        return RENDER[type(expr)](self, expr)

    def bracketed(self, expr: Expr, least: int) -> str:
        """LaTeX that binds at least so tightly."""
        text, binds = self.piece(expr)
        return text if binds >= least else brackets(text)

    def lines(self, expr: Expr, limit: float) -> list[str]:
        """The terms of a sum on as many lines as it takes for none to be wider than `limit` (in em)."""
        if not isinstance(expr, Add):
            return folded(self.expr(expr), limit)
        terms = [signed(self, term, first=q == 0) for q, term in enumerate(expr.terms)]
        return [part for line in packed(terms, limit) for part in folded(line, limit)]

    def equation(self, target: Expr, value: Expr, limit: float = 34.0) -> str:
        """`target = value`, broken into aligned lines where it is wide."""
        left = self.expr(target)
        lines = self.lines(value, limit - breadth(left))
        if len(lines) == 1:
            return f"{left} = {lines[0]}"
        body = r" \\ &\quad ".join(lines)
        return rf"\begin{{aligned}}[t] {left} &= {body} \end{{aligned}}"


# one function for each node


def render_number(printer: Printer, expr: Number) -> tuple[str, int]:
    top, bottom = abs(expr.value.numerator), expr.value.denominator
    text = str(top) if bottom == 1 else decimal(Fraction(top, bottom)) or rf"\tfrac{{{top}}}{{{bottom}}}"
    return (text, ATOM) if expr.value >= 0 else (f"-{text}", SUM)


def render_add(printer: Printer, expr: Add) -> tuple[str, int]:
    return "".join(signed(printer, t, first=q == 0) for q, t in enumerate(expr.terms)), SUM


def signed(printer: Printer, term: Expr, first: bool) -> str:
    """A term of a sum with its sign."""
    negative, size = sign(term)
    text = printer.bracketed(size, BIG)
    return ("-" if negative else "" if first else "+") + text


def sign(term: Expr) -> tuple[bool, Expr]:
    """Is the term negative, and the term without its sign, which may also stand inside a sum over letters."""
    if isinstance(term, Sum):
        negative, body = split_sign(term.body)
        return negative, Sum(body, term.bounds)
    return split_sign(term)


def render_mul(printer: Printer, expr: Mul) -> tuple[str, int]:
    negative, size = split_sign(expr)
    if negative:
        return "-" + printer.bracketed(size, BIG), SUM
    above, below = split_quotient(expr)
    scale_below = [f for f in below if scalar(f)]
    other_below = [f for f in below if not scalar(f)]
    scale_above = [f for f in above if scalar(f)] if below else []
    rest = [f for f in above if f not in scale_above]
    parts: list[str] = []
    if scale_below:
        parts.append(rf"\frac{{{chain(printer, scale_above)}}}{{{chain(printer, scale_below)}}}")
    elif scale_above and rest:
        parts.append(chain(printer, scale_above, alone=False))
    if other_below:
        tall: list[Expr] = [f for f in rest if isinstance(f, (Sum, Choice))]
        over = [f for f in rest if f not in tall] or ([] if scale_below or rest else scale_above)
        parts.append(rf"\frac{{{chain(printer, over)}}}{{{chain(printer, other_below)}}}")
        rest = tall
    if rest:
        parts.append(chain(printer, rest, alone=not parts))
    ends_big = bool(rest) and printer.piece(rest[-1])[1] == BIG
    return r"\,".join(parts).replace(r"\,\sum", r"\sum"), BIG if ends_big else PRODUCT


def scalar(factor: Expr) -> bool:
    """Does a factor read the same everywhere: numbers, sizes, hyper-parameters."""
    if isinstance(factor, Pow):
        return scalar(factor.base) and isinstance(factor.exponent, Number)
    return isinstance(factor, (Number, Count)) or isinstance(factor, Access) and not factor.at


def chain(printer: Printer, factors: list[Expr], alone: bool = True) -> str:
    """Factors side by side; a sum may stand last without brackets."""
    if not factors:
        return "1"
    if len(factors) == 1 and alone:
        return printer.expr(factors[0])
    texts = [printer.bracketed(f, PRODUCT) for f in factors[:-1]]
    texts.append(printer.bracketed(factors[-1], BIG))
    joined = texts[0]
    for before, text in zip(texts, texts[1:], strict=False):
        joined += (r"\cdot " if before[-1:].isdigit() and text[:1].isdigit() else r"\,") + text
    return joined


def render_pow(printer: Printer, expr: Pow) -> tuple[str, int]:
    if isinstance(expr.exponent, Number) and expr.exponent.value < 0:
        flipped = Number(-expr.exponent.value)
        below = expr.base if flipped.value == 1 else Pow(expr.base, flipped)
        return rf"\frac{{1}}{{{printer.expr(below)}}}", PRODUCT
    if expr.exponent == Number(Fraction(1, 2)):
        return rf"\sqrt{{{printer.expr(expr.base)}}}", ATOM
    text, binds = printer.piece(expr.base)
    plain = binds == ATOM and "^" not in text and r"\frac" not in text and not isinstance(expr.base, Call)
    return f"{text if plain else brackets(text)}^{{{printer.expr(expr.exponent)}}}", POWER


def render_count(printer: Printer, expr: Count) -> tuple[str, int]:
    single = expr.of.alone is not None or expr.of.number is not None
    return printer.affine(expr.of), ATOM if single else SUM


def render_access(printer: Printer, expr: Access) -> tuple[str, int]:
    return printer.access(expr), ATOM


def render_constant(printer: Printer, expr: Constant) -> tuple[str, int]:
    return CONSTANTS.get(expr.name, rf"\mathrm{{{expr.name}}}"), ATOM


def render_argument(printer: Printer, expr: Argument) -> tuple[str, int]:
    return letter(expr.name), ATOM


def render_call(printer: Printer, expr: Call) -> tuple[str, int]:
    name = expr.function
    args = [printer.expr(a) for a in expr.args]
    if name == "exp" and not any(expr.orders) and not any(c in args[0] for c in ("\\frac", "\\sum", "\\begin")):
        return f"e^{{{args[0]}}}", POWER
    if name == "Abs" and not any(expr.orders):
        return rf"\lvert {args[0]}\rvert", ATOM
    given = next((f.latex for f in printer.system.functions if f.name == name), "")
    text = head(name, given)
    if len(expr.orders) == 1:
        text += "'" * expr.orders[0]
    elif any(expr.orders):
        text += f"^{{({','.join(map(str, expr.orders))})}}"
    inside = ", ".join(args)
    return text + (
        brackets(inside) if any(c in inside for c in ("\\frac", "\\sum", "\\begin")) else f"({inside})"
    ), ATOM


def render_choice(printer: Printer, expr: Choice) -> tuple[str, int]:
    rows = [rf"{printer.expr(v)} & \text{{if }} {relation(printer, c)}" for c, v in expr.branches]
    rows.append(rf"{printer.expr(expr.otherwise)} & \text{{otherwise}}")
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", SUM


def relation(printer: Printer, condition: Relation) -> str:
    """`z > 0`."""
    return f"{printer.expr(condition.left)} {RELATIONS[condition.op]} {printer.expr(condition.right)}"


def render_sum(printer: Printer, expr: Sum) -> tuple[str, int]:
    signs = "".join(
        rf"\sum_{{{printer.index(b.index.name)}={printer.affine(b.lo)}}}^{{{printer.affine(b.hi)}}}"
        for b in nested(expr.bounds)
    )
    negative, body = split_sign(expr.body)
    text = rf"{signs} {printer.bracketed(body, BIG)}"
    return (f"-{text}", SUM) if negative else (text, BIG)


def render_product(printer: Printer, expr: Product) -> tuple[str, int]:
    """prod_k f(k), over all k but some."""
    (bound,), (body, places) = expr.bounds, spared(expr)
    letter = printer.index(bound.index.name)
    others = "".join(rf",\,{letter} \ne {printer.affine(p)}" for p in places)
    ends = rf"_{{{letter}={printer.affine(bound.lo)}{others}}}^{{{printer.affine(bound.hi)}}}"
    return rf"\prod{ends} {printer.bracketed(body, BIG)}", BIG


def render_extreme(printer: Printer, expr: Extreme) -> tuple[str, int]:
    (bound,) = expr.bounds
    where = rf"{printer.affine(bound.lo)} \le {printer.index(bound.index.name)} \le {printer.affine(bound.hi)}"
    name = rf"\operatorname*{{arg\,{expr.op}}}" if isinstance(expr, Place) else f"\\{expr.op}"
    return rf"{name}_{{{where}}} {printer.bracketed(expr.body, BIG)}", BIG


def render_bracket(printer: Printer, expr: Bracket) -> tuple[str, int]:
    return rf"[{printer.affine(expr.left)} {RELATIONS[expr.op]} {printer.affine(expr.right)}]", ATOM


def render_partial(printer: Printer, expr: Partial) -> tuple[str, int]:
    return rf"\frac{{\partial {printer.access(expr.of)}}}{{\partial {printer.access(expr.by)}}}", ATOM


def render_functional(printer: Printer, expr: Functional) -> tuple[str, int]:
    name = letter(expr.name)
    if expr.by:
        below = [printer.expr(expr.bodies[k].replaced({expr.bounds[k].index: p})) for k, p in expr.by]
        order = f"^{{{len(below)}}}" if len(below) > 1 else ""
        return rf"\frac{{\partial{order} {name}}}{{" + " ".join(rf"\partial {b}" for b in below) + "}", ATOM
    rows = []
    for body, bound in zip(expr.bodies, expr.bounds, strict=True):
        hidden = [q for q, p in enumerate(body.at) if p.alone == bound.index] if isinstance(body, Access) else []
        rows.append(printer.access(body, hidden[0]) if isinstance(body, Access) and hidden else printer.expr(body))
    return rf"{name}({', '.join(rows)})", ATOM


def render_matrix_function(printer: Printer, expr: MatrixFunction) -> tuple[str, int]:
    text = function_of_matrix(printer, expr)
    return text, BIG if expr.op == "det" else ATOM


RENDER: dict[type, Callable[[Printer, Any], tuple[str, int]]] = {
    Number: render_number,
    Add: render_add,
    Mul: render_mul,
    Pow: render_pow,
    Count: render_count,
    Access: render_access,
    Constant: render_constant,
    Argument: render_argument,
    Call: render_call,
    Choice: render_choice,
    Sum: render_sum,
    Product: render_product,
    Extreme: render_extreme,
    Place: render_extreme,
    Bracket: render_bracket,
    Partial: render_partial,
    Functional: render_functional,
    MatrixFunction: render_matrix_function,
}
