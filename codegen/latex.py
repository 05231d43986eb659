"""Equations in LaTeX, in textbook order and letters.

One convention for entries: the slot on which the ranges of other slots depend (the layer) and slots along which a
recurrence runs stand above, all other slots below, `w^{l}_{jk}`. A letter with something above it is bracketed
before it is raised to a power, so no superscript can be read as an exponent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from codegen.latex_layout import brackets, breadth, decimal, folded, join, packed
from codegen.latex_function import function_of_matrix
from codegen.latex_names import checked_latex, head, letter
from derive.affine import Affine, Index, Node, Size, Width, indices
from derive.expression import (
    Access,
    Add,
    Argument,
    Bound,
    Bracket,
    Call,
    Choice,
    Constant,
    Count,
    Expr,
    Extreme,
    Functional,
    MatrixFunction,
    Mul,
    Number,
    Partial,
    Place,
    Pow,
    Product,
    Relation,
    Sum,
    spared,
    substitute,
)
from derive.slots import stacked_slots
from derive.system import System
from derive.text import split_quotient, split_sign

SUM, BIG, PRODUCT, POWER, ATOM = range(5)
RELATIONS = {"=": "=", "==": "=", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">", "!=": r"\ne"}
CONSTANTS = {"pi": r"\pi", "Exp1": r"\mathrm{e}", "E": r"\mathrm{e}"}


@dataclass(frozen=True)
class Printer:
    """Prints the expressions of one system; `inline` writes the quotient of an adjoint on one line."""

    system: System
    inline: bool = False

    @cached_property
    def raised(self) -> dict[str, frozenset[int]]:
        """For each tensor the slots that are printed above the letter."""
        return {t.name: frozenset(stacked_slots(self.system, t)) for t in self.system.tensors}

    # names and integers

    def name(self, tensor: str) -> str:
        """The letter of a tensor, as declared or as its name says."""
        given = self.system.by_name[tensor].latex if tensor in self.system.by_name else ""
        return checked_latex(given) if given else letter(tensor)

    def index(self, name: str) -> str:
        """The letter of an index; one that the author did not name (`_0`) gets a letter that is free."""
        number = name.lstrip("_").rstrip("'")
        if not name.startswith("_") or not number.isdigit():
            return letter(name)
        free = self.unused("pqrstuvh")
        return letter(free[int(number) % len(free)] + "'" * name.count("'"))

    def unused(self, letters: str) -> str:
        """Those of `letters` that mean nothing in this system yet."""
        system = self.system
        known = {*system.letters, *system.sizes, *system.widths, *system.functionals, *(t.name for t in system.tensors)}
        return "".join(x for x in letters if x not in known)

    def objective(self) -> str:
        """The letter of the objective."""
        return self.name(self.system.objective.target.tensor)

    def affine(self, affine: Affine) -> str:
        """`l-1`, `2t+s`: positive terms first, then negative ones, then the number."""
        ordered: list[tuple[Node | None, int]] = sorted(affine.terms, key=lambda term: term[1] < 0)
        if affine.constant or not ordered:
            ordered.append((None, affine.constant))
        parts: list[str] = []
        for atom, count in ordered:
            size = str(abs(count)) if atom is None else ("" if abs(count) == 1 else str(abs(count))) + self._atom(atom)
            parts.append(("-" if count < 0 else "+" if parts else "") + size)
        return "".join(parts)

    def _atom(self, atom: Node) -> str:
        if isinstance(atom, Width):
            return f"{letter(atom.name)}_{{{self.affine(atom.at)}}}"
        if isinstance(atom, (Index, Size)):
            return self.index(atom.name)
        assert isinstance(atom, Expr), type(atom).__name__
        return self.expr(atom)

    def extent(self, lo: Affine, hi: Affine) -> str:
        """`2,\\dots,L`."""
        return self.affine(lo) if lo == hi else rf"{self.affine(lo)},\dots,{self.affine(hi)}"

    def ranges(self, bounds: tuple[Bound, ...]) -> str:
        """`l=2,\\dots,L,\\quad i=1,\\dots,m`."""
        return r",\quad ".join(f"{self.index(b.index.name)}={self.extent(b.lo, b.hi)}" for b in nested(bounds))

    # entries

    def access(self, access: Access, hidden: int = -1) -> str:
        """`w^{l}_{jk}`; an adjoint by its declared letter, otherwise as a quotient. Slot `hidden` is shown as a dot."""
        if access.tensor.startswith("d."):
            below = Access(access.tensor[2:], access.at)
            declared = dict(self.system.errors).get(below.tensor)
            if declared is None and self.inline:
                return rf"\partial {self.objective()}/\partial {self.access(below)}"
            if declared is None:
                return rf"\frac{{\partial {self.objective()}}}{{\partial {self.access(below)}}}"
            return self._indexed(letter(declared), below.tensor, access.at, hidden)
        return self._indexed(self.name(access.tensor), access.tensor, access.at, hidden)

    def _indexed(self, look: str, tensor: str, at: tuple[Affine, ...], hidden: int) -> str:
        above = self.raised.get(tensor, frozenset())
        shown = [r"\bullet" if q == hidden else self.affine(p) for q, p in enumerate(at)]
        upper = join([s for q, s in enumerate(shown) if q in above])
        lower = join([s for q, s in enumerate(shown) if q not in above])
        return look + (f"^{{{upper}}}" if upper else "") + (f"_{{{lower}}}" if lower else "")

    # expressions

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


def nested(bounds: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """The bounds in an order in which no end needs a letter that only comes later."""
    if len(bounds) < 2:
        return bounds
    own = {b.index for b in bounds}
    first = next((b for b in bounds if not own & {*indices(b.lo), *indices(b.hi)}), bounds[0])
    return (first, *nested(tuple(b for b in bounds if b is not first)))


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
        below = [printer.expr(substitute(expr.bodies[k], {expr.bounds[k].index: p})) for k, p in expr.by]
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
