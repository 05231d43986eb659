"""The LaTeX printer, read back: a small reader evaluates what was printed, and must find the value of the equation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from entries import RAGGED, World, equations, world
from models import SHIPPED, VARIANTS, derivation

from codegen.latex.formula import formula
from codegen.latex.layout import breadth, packed
from codegen.latex.matrix import RENDER as RENDER_MATRIX
from codegen.latex.matrix import MatrixPrinter
from codegen.latex.names import WORDS, capital, checked_latex, escape, head, letter
from codegen.latex.printer import RENDER, Printer
from derive.errors import ModelError
from derive.matrix.nodes import Entries, Hadamard, Matrix, Product
from derive.system import System
from derive.values.affine import Affine, Index
from derive.values.binders import Bound, Extreme, Place, Sum
from derive.values.nodes import (
    MINUS_ONE,
    Access,
    Bracket,
    Call,
    Choice,
    Constant,
    Expr,
    Number,
    Partial,
    Pow,
    Relation,
    add,
    mul,
    power,
)
from derive.values.walks import walk

NAMES = (*SHIPPED, *VARIANTS)
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|.", re.DOTALL)
SKIP = frozenset((" ", "\\,", "\\quad", "\\Bigl", "\\Bigr", "\\bigl", "\\bigr", "&", "\\\\"))


@dataclass
class Reader:
    """Evaluates printed LaTeX at places of the letters; knows only how letters look."""

    system: System
    numbers: World
    tokens: list[str] = field(default_factory=list)
    position: int = 0
    places: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        printer = Printer(self.system)
        self.raised = printer.raised
        self.tensors = {printer.name(t.name): t.name for t in self.system.tensors}
        self.tensors |= {letter(error): f"d.{name}" for name, error in self.system.errors}
        self.functions = {head(f.name, f.latex): f.name for f in self.system.functions}
        self.functions |= {head(n): n for n in ("exp", "log", "tanh", *WORDS)}

    def read(self, text: str, places: dict[str, int]) -> float:
        text = re.sub(r"\\(begin|end)\{aligned\}(\[t\])?|\{\}", "", text)
        self.tokens = [t for t in TOKEN.findall(text) if t not in SKIP]
        self.position, self.places = 0, dict(places)
        value = self.sum()
        assert self.position == len(self.tokens), self.tokens[self.position :]
        return value

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        assert not expected or token == expected, f"{expected} expected, not {token} in {''.join(self.tokens)}"
        self.position += 1
        return token

    def group(self, read: Callable[[], float]) -> float:
        self.take("{")
        value = read()
        self.take("}")
        return value

    def sum(self) -> float:
        total, sign = 0.0, 1.0
        if self.peek() == "-":
            self.take()
            sign = -1.0
        total = sign * self.product()
        while self.peek() in ("+", "-"):
            sign = 1.0 if self.take() == "+" else -1.0
            total += sign * self.product()
        return total

    def product(self) -> float:
        value = self.factor()
        while self.peek() not in ("", "+", "-", "}", ")", "]", ",", "=", "\\le", "\\rvert"):
            if self.peek() == "\\cdot":
                self.take()
            value *= self.factor()
        return value

    def factor(self) -> float:
        value, plain = self.atom()
        while plain and self.peek() == "^":
            self.take()
            value **= self.group(self.sum)
        return value

    def atom(self) -> tuple[float, bool]:
        token = self.peek()
        if token == "\\sum":
            return self.series(), False
        if token in ("\\frac", "\\tfrac"):
            self.take()
            if self.tokens[self.position : self.position + 2] == ["{", "\\partial"]:
                return self.quotient(), True
            top = self.group(self.sum)
            return top / self.group(self.sum), True
        if token == "\\sqrt":
            self.take()
            return math.sqrt(self.group(self.sum)), True
        if token == "(":
            self.take()
            value = self.sum()
            self.take(")")
            return value, True
        if token == "[":
            self.take()
            left = self.sum()
            relation = self.take()
            right = self.sum()
            self.take("]")
            return float(left == right if relation == "=" else left <= right), True
        if token == "e" and self.tokens[self.position + 1] == "^":
            self.take()
            self.take()
            return math.exp(self.group(self.sum)), True
        if token[0].isdigit():
            return float(Fraction(self.take())), True
        return self.named()

    def look(self) -> str:
        """A letter, a command, an accent with its argument, or a braced letter with its index."""
        token = self.take()
        if token in ("\\mathrm", "\\operatorname", "\\hat") or token == "{":
            depth, text = int(token == "{"), token
            while depth or text in ("\\mathrm", "\\operatorname"):
                inner = self.take()
                depth += (inner == "{") - (inner == "}")
                text += inner
            if token == "\\hat":
                text += self.take()
            token = text
        while self.peek() == "'":
            token += self.take()
        return token

    def named(self) -> tuple[float, bool]:
        name = self.look()
        bare = name.rstrip("'")
        if bare in self.functions and self.peek() == "(":
            self.take()
            args = [self.sum()]
            while self.peek() == ",":
                self.take()
                args.append(self.sum())
            self.take(")")
            return self.numbers.function(self.functions[bare], (len(name) - len(bare),), args), False
        if name in self.places:
            return float(self.places[name]), True
        if name in self.tensors:
            return self.entry(self.tensors[name])
        if name in self.system.widths:
            self.take("_")
            return float(self.numbers.widths[int(self.group(self.sum)) - 1]), True
        return float(self.numbers.sizes[name]), True

    def entry(self, tensor: str) -> tuple[float, bool]:
        base = self.system.by_name[tensor.removeprefix("d.")]
        above = self.raised[base.name]
        upper = self.positions("^", len(above)) if above else []
        lower = self.positions("_", len(base.slots) - len(above)) if len(base.slots) > len(above) else []
        at = [upper.pop(0) if q in above else lower.pop(0) for q in range(len(base.slots))]
        return self.numbers.entry(tensor, tuple(at)), not above

    def positions(self, mark: str, count: int) -> list[int]:
        self.take(mark)
        self.take("{")
        found: list[int] = []
        while self.peek() != "}":
            if self.peek() == ",":
                self.take()
            together = (
                count > 1
                and "," not in self.tokens[self.position : self.tokens.index("}", self.position)]
                and not found
            )
            if together or (found and len(found) < count and self.tokens[self.position - 1] != ","):
                found.append(self.places[self.look()])
            else:
                found.append(int(self.sum()))
        self.take("}")
        assert len(found) == count
        return found

    def quotient(self) -> float:
        """An adjoint without a letter of its own; `\\frac` is read."""
        self.take("{")
        self.take("\\partial")
        above = self.look()
        self.take("}")
        self.take("{")
        self.take("\\partial")
        name = self.look()
        if above == letter(self.system.objective.target.tensor):
            self.tensors["?"] = f"d.{self.tensors[name]}"
            value, _ = self.entry(self.tensors["?"])
        else:
            base = self.system.by_name[self.tensors[name]]
            above_slots = self.raised[base.name]
            upper = self.positions("^", len(above_slots)) if above_slots else []
            lower = self.positions("_", len(base.slots) - len(above_slots))
            at = [upper.pop(0) if q in above_slots else lower.pop(0) for q in range(len(base.slots))]
            moving = [at[q] for q in range(len(base.slots)) if q not in above_slots][-1]
            value = self.numbers.entry(above, (moving,))
        self.take("}")
        return value

    def series(self) -> float:
        """Sums, outermost first; the body is the rest of the product."""
        self.take("\\sum")
        self.take("_")
        self.take("{")
        name = self.look()
        self.take("=")
        lo = int(self.sum())
        self.take("}")
        self.take("^")
        hi = int(self.group(self.sum))
        start, before, total = self.position, dict(self.places), 0.0
        for value in range(lo, hi + 1):
            self.position, self.places = start, {**before, name: value}
            total += self.product()
        if hi < lo:
            self.places = {**before, name: lo}
            self.product()
        self.places = before
        return total


def readable(expr: Expr) -> bool:
    return not any(isinstance(n, (Partial, Choice)) for n in walk(expr))


@pytest.mark.parametrize("name", NAMES)
def test_every_equation_is_read_back(name: str) -> None:
    derived = derivation(name)
    system, numbers = derived.system, world(derived.system, RAGGED)
    printer, reader = Printer(system), Reader(system, numbers)
    for ident, target, bounds, value in equations(derived):
        if ident == "J" and system.functionals or not readable(value):
            continue
        left, text = printer.expr(target), printer.expr(value)
        for places in numbers.run(bounds, {}):
            if ident != "J":
                assert reader.read(left, places) == numbers.value(target, places), left
            assert reader.read(text, places) == pytest.approx(numbers.value(value, places), rel=1e-12), text


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_read_back(name: str) -> None:
    derived = derivation(name)
    numbers = world(derived.system, (2, 1, 2, 2))
    printer, reader = Printer(derived.system), Reader(derived.system, numbers)
    for adjoint in derived.adjoints:
        slots = derived.system.tensor(adjoint.of).slots
        places = {s.index.name: 2 if q in printer.raised[adjoint.of] else 1 for q, s in enumerate(slots)}
        for step in adjoint.steps:
            if readable(step.after):
                text = printer.expr(step.after)
                assert reader.read(text, places) == pytest.approx(numbers.value(step.after, places), rel=1e-12), text


i, j, k, l = (Index(x) for x in "ijkl")


def at(tensor: str, *letters: Index) -> Access:
    return Access(tensor, tuple(map(Affine.of, letters)))


W, A, X, Y = at("w", l, j, k), at("a", l, i, k), at("x", i, k), at("y", i, j)
BOUND = (Bound(k, Affine.of(1), Affine.of(2)),)
TRICKY = (
    mul(X, Sum(mul(X, Y), BOUND)),
    mul(Sum(mul(X, Y), BOUND), X),
    add(Sum(X, BOUND), X),
    Sum(add(X, Y), BOUND),
    mul(Sum(X, BOUND), Sum(Y, BOUND)),
    Pow(Sum(X, BOUND), Number(Fraction(2))),
    Pow(A, Number(Fraction(2))),
    Pow(X, Number(Fraction(2))),
    Pow(mul(X, Y), Number(Fraction(2))),
    mul(MINUS_ONE, add(X, Y)),
    add(X, mul(MINUS_ONE, add(Y, X))),
    add(X, mul(MINUS_ONE, Sum(mul(MINUS_ONE, X), BOUND))),
    mul(X, power(add(X, Y), MINUS_ONE)),
    power(mul(X, Y), MINUS_ONE),
    mul(Number(Fraction(2, 3)), X),
    mul(Number(Fraction(-2, 3)), X),
    add(Number(Fraction(1)), mul(MINUS_ONE, Pow(A, Number(Fraction(2))))),
    Call("exp", (mul(MINUS_ONE, X),)),
    Pow(Call("exp", (X,)), Number(Fraction(2))),
    Call("exp", (mul(X, power(Y, MINUS_ONE)),)),
    mul(Call("log", (X,)), Y),
    mul(Bracket("=", Affine.of(i), Affine.of(j)), X),
    mul(Bracket("<=", Affine.of(i), Affine.of(j) + 1), X),
    mul(power(Access("lam"), Number(Fraction(-2))), X),
    mul(Number(Fraction(2)), Number(Fraction(3)), X),
    Sum(mul(X, Sum(Y, BOUND)), BOUND),
    Number(Fraction(17159, 10000)),
    mul(add(X, Y), add(X, mul(MINUS_ONE, Y))),
    power(add(Number(Fraction(1)), power(X, MINUS_ONE)), MINUS_ONE),
)


@pytest.mark.parametrize("expr", TRICKY, ids=range(len(TRICKY)))
def test_brackets_stand_where_they_must(expr: Expr) -> None:
    system = derivation("mlp").system
    numbers = world(system, RAGGED)
    places = {"i": 1, "j": 2, "k": 1, "l": 2}
    text = Printer(system).expr(expr)
    assert Reader(system, numbers).read(text, places) == pytest.approx(numbers.value(expr, places)), text


def test_lines_add_up_to_the_whole() -> None:
    system = derivation("mlp").system
    numbers, places = world(system, RAGGED), {"i": 1, "j": 2, "k": 1, "l": 2}
    long = add(*(mul(Number(Fraction(q)), X, Y) for q in range(-9, 9)))
    text = Printer(system).equation(Y, long, 20.0)
    assert text.count(r"\\") > 3
    right = text.replace(Printer(system).expr(Y) + " &=", "")
    assert Reader(system, numbers).read(right, places) == pytest.approx(numbers.value(long, places))


def test_products_of_matrices_and_hadamard_products_look_different() -> None:
    printer = MatrixPrinter(Printer(derivation("mlp").system))
    w, a = Entries(W, (j, k)), Entries(A, (i, k))
    shown = {printer.matrix(m) for m in matrices(w, a)}
    assert len(shown) == len(matrices(w, a))
    assert r"\odot" in printer.matrix(Hadamard((w, a)))
    assert r"\odot" not in printer.matrix(Product(w, a))


def matrices(w: Matrix, a: Matrix) -> list[Matrix]:
    return [
        Product(w, a),
        Product(a, w),
        Hadamard((w, a)),
        Product(Product(w, a), a),
        Hadamard((Product(w, a), a)),
        Product(w, Hadamard((a, a))),
        Product(Hadamard((w, a)), a),
        Hadamard((w, Product(a, a))),
    ]


def test_a_matrix_product_inside_a_hadamard_product_is_bracketed() -> None:
    printer = MatrixPrinter(Printer(derivation("mlp").system))
    w, a = Entries(W, (j, k)), Entries(A, (i, k))
    assert printer.matrix(Hadamard((Product(w, a), a))).startswith(r"\bigl(")


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("rho", r"\rho"),
        ("rho_hat", r"\hat{\rho}"),
        ("x", "x"),
        ("cost", r"\mathrm{cost}"),
        ("w1", "{w_{1}}"),
        ("lam", r"\lambda"),
        ("epsilon", r"\varepsilon"),
        ("a_out", r"{a_{\mathrm{out}}}"),
        ("low_pass", r"\mathrm{low\_pass}"),
        ("i'", "i'"),
    ],
)
def test_names_look_like_mathematics(name: str, look: str) -> None:
    assert letter(name) == look


def test_capitals() -> None:
    assert capital("w") == "W"
    assert capital(r"\delta") == r"\Delta"
    assert capital(r"\rho") is None


@pytest.mark.parametrize(
    "text", [r"\input{x}", r"\write18{x}", "{", "}", r"\lambda}{", "x$y", r"\def\x", r"\catcode`", "x%"]
)
def test_a_letter_that_is_no_letter_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="no letter that the report can print"):
        checked_latex(text)


def test_text_cannot_leave_its_place() -> None:
    assert escape(r"\end{document} 50% & _#$~^<>") == (
        r"\textbackslash{}end\{document\} 50\% \& \_\#\$\textasciitilde{}\textasciicircum{}\textless{}\textgreater{}"
    )


def test_two_positions_that_could_run_together_are_parted() -> None:
    printer = Printer(derivation("mlp").system)
    assert printer.access(Access("x", (Affine.of(i), Affine.of(k)))) == "x_{ik}"
    assert printer.access(Access("x", (Affine.of(1), Affine.of(2)))) == "x_{1,2}"
    assert printer.access(Access("x", (Affine.of(i) + 1, Affine.of(k)))) == "x_{i+1,k}"


def kinds(base: type) -> set[type]:
    """The classes of nodes that can occur: those that are records of their own."""
    found = {c for c in base.__subclasses__() if "key" in vars(c) or base is Matrix}
    return found.union(*(kinds(c) for c in base.__subclasses__()))


def test_every_node_has_a_renderer() -> None:
    assert set(RENDER) == kinds(Expr)
    assert set(RENDER_MATRIX) == kinds(Matrix)


def test_extremes() -> None:
    printer = Printer(derivation("mlp").system)
    assert printer.expr(Extreme("max", X, BOUND)) == r"\max_{1 \le k \le 2} x_{ik}"
    assert printer.expr(mul(Place("min", X, BOUND), Y)) == (
        r"(\operatorname*{arg\,min}_{1 \le k \le 2} x_{ik})\,y_{ij}"
    )


def test_branches_and_constants() -> None:
    printer = Printer(derivation("mlp").system)
    choice = Choice(((Relation(">", X, Number(Fraction(0))), X),), Number(Fraction(0)))
    assert printer.expr(choice) == r"\begin{cases} x_{ik} & \text{if } x_{ik} > 0 \\ 0 & \text{otherwise} \end{cases}"
    assert printer.expr(mul(choice, Y)).startswith(r"\left(\begin{cases}")
    assert printer.expr(Constant("pi")) == r"\pi"


def test_formulas_of_functions() -> None:
    sigmoid = next(f for f in derivation("mlp").system.functions if f.name == "sigmoid")
    assert formula(sigmoid.formula) == r"\frac{1}{1+e^{-z}}"


def test_breadth_grows_with_what_is_seen() -> None:
    assert breadth("x") < breadth("x+y") < breadth(r"\sum_{k=1}^{n_{l-1}} x+y")
    assert breadth(r"\frac{x}{y}") < breadth("xyz")
    assert packed(["a", "+b", "+c"], 3.0) == ["a+b", "{}+c"]
