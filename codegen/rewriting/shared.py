"""Values that several statements compute get a name: the program does not repeat a product of arrays.

A value is worth it if it holds a sum of products and is the argument of a function, a power, a maximum or a
condition: the derivative needs the same argument again. `pre_a` is what the equation of `a` applies a function to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from dataclasses import replace as with_changes

from codegen.rewriting.named import Named
from derive.order.dependence import Statement
from derive.values.binders import Bound, Extreme, Sum, inside
from derive.values.nodes import Access, Bracket, Call, Choice, Expr, Mul, Pow
from derive.values.walks import outline, walk

Place = tuple[Expr, tuple[Bound, ...]]  # an expression, and the ranges of the letters around it
Sections = list[list[Statement]]


def shared(sections: Sections, named: Named) -> Sections:
    """The sections with a variable for every argument that would be computed more than once."""
    statements = [s for section in sections for s in section]
    outlines = Counter(outline(value) for s in statements for value, _ in _costly(s.value, s.bounds))
    sharing = Sharing(named, statements)
    for statement in statements:
        for value, own in _arguments(statement):
            if outlines[outline(value)] > 1:
                sharing.consider(with_changes(statement, bounds=own, value=value))
    return [sharing.section(section) for section in sections] if sharing.chosen else sections


def is_costly(expr: Expr) -> bool:
    """Does it hold a sum of products of entries?"""
    return any(isinstance(n, Sum) and any(_is_product(part) for part in walk(n.body)) for n in walk(expr))


def _is_product(expr: Expr) -> bool:
    return isinstance(expr, Mul) and sum(any(isinstance(n, Access) for n in walk(f)) for f in expr.factors) > 1


def _costly(expr: Expr, bounds: tuple[Bound, ...]) -> Iterator[Place]:
    """The parts that hold a sum of products, innermost first; what a condition guards is left where it stands."""
    if is_costly(expr) and not (isinstance(expr, Mul) and any(isinstance(f, Bracket) for f in expr.factors)):
        for child in expr.children:
            yield from _costly(child, inside(expr, bounds))
        yield expr, bounds


def _arguments(statement: Statement) -> Iterator[Place]:
    """The costly arguments in a statement with the ranges of their letters, those of the left side first."""
    for expr, bounds in _costly(statement.value, statement.bounds):
        for child in expr.children if isinstance(expr, (Call, Choice, Extreme, Pow)) else ():
            letters = set(child.letters)
            own = tuple(b for b in inside(expr, bounds) if b.index in letters)
            if is_costly(child) and len(own) == len(letters):
                yield child, own


@dataclass
class Sharing:
    """Chooses values, innermost first, and puts variables in their place.

    `chosen` defines the variables; `done` names those whose definition has been put into a section.
    """

    named: Named
    statements: list[Statement]
    chosen: list[Statement] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    def consider(self, first: Statement) -> None:
        """Choose a value if it stands in two places, and is costly also when the values chosen so far are known."""
        if not is_costly(self.rewritten(first.value, first.bounds)):
            return
        if sum(self.uses(s.value, s.bounds, first) for s in self.statements) > 1:
            name = f"pre_{self.named.spoken(first.target.tensor)}"
            entry = self.named.named(name, first.value, first.bounds, [])
            self.chosen.append(Statement(entry.tensor, entry, first.bounds, first.value))

    def uses(self, expr: Expr, bounds: tuple[Bound, ...], first: Statement) -> int:
        """How often a value stands in an expression."""
        if not is_costly(expr):
            return 0
        if self.named.instance(first, expr, bounds) is not None:
            return 1
        return sum(self.uses(child, inside(expr, bounds), first) for child in expr.children)

    def rewritten(self, expr: Expr, bounds: tuple[Bound, ...]) -> Expr:
        """An expression with variables in place of the chosen values, outermost first."""
        if not is_costly(expr):
            return expr
        entries = (self.named.instance(s, expr, bounds) for s in reversed(self.chosen))
        return next((e for e in entries if e is not None), None) or self.parts(expr, bounds)

    def parts(self, expr: Expr, bounds: tuple[Bound, ...]) -> Expr:
        """An expression whose parts are rewritten."""
        return expr.rebuild(tuple(self.rewritten(child, inside(expr, bounds)) for child in expr.children))

    def section(self, statements: list[Statement]) -> list[Statement]:
        """The statements with variables in place of the chosen values, each defined before its first use."""
        found: list[Statement] = []
        for statement in statements:
            value = self.rewritten(statement.value, statement.bounds)
            self.define(value, found)
            found.append(with_changes(statement, value=value))
        return found

    def define(self, value: Expr, found: list[Statement]) -> None:
        """Put what defines the variables of a value in front of it."""
        read = {n.tensor for n in walk(value) if isinstance(n, Access)} - self.done
        for variable in self.chosen:
            if variable.target.tensor in read:
                self.done.add(variable.target.tensor)
                inner = self.parts(variable.value, variable.bounds)
                self.define(inner, found)
                found.append(with_changes(variable, value=inner))
