"""A system unrolled at concrete sizes: every entry, its direct derivatives, and the true adjoints.

Values come from the equations alone, derivatives from dual numbers entry by entry, adjoints from adding them up
along the unrolled graph. Nothing of the calculus takes part, so these are the values that it is judged by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from derive.system import Equation, System
from derive.values.affine import Affine, Index
from derive.values.binders import Bound
from derive.values.nodes import Access, Expr
from verify.chain import Chain
from verify.duals import Dual, primal
from verify.evaluate import KINK, Evaluator
from verify.instance import Entry, Instance, places
from verify.numbers import Field, Number, short
from verify.sizes import Sizes

OBJECTIVE: Entry = ("J", ())


class OutOfRange(LookupError):
    """An entry that does not exist was read."""


@dataclass(frozen=True)
class Defined:
    """One computed entry: the equation that defines it, its value, and the direct derivative by each entry it reads."""

    equation: str
    value: Number
    direct: dict[Entry, Number]


class Unrolled:
    """All entries of an instance over one field, computed when first asked for."""

    def __init__(self, instance: Instance, field: Field) -> None:
        self.instance, self.field, self.system, self.sizes = instance, field, instance.system, instance.sizes
        with field.context():
            self.given = {entry: field.rational(value) for entry, value in instance.entries.items()}
        self.defined: dict[Entry, Defined] = {}
        self.chain = Chain(self.evaluate)
        self.local = Evaluator(self.system, self.sizes, field, self.leaf, flat=self.flat, stated=True)
        self.evaluator = Evaluator(self.system, self.sizes, field, self.read, self.direct, self.flat)
        self.known: dict[Entry, dict[Entry, Number]] = {}
        self.existing: dict[str, frozenset[tuple[int, ...]]] = {}
        self.moved = frozenset(name for stated in self.system.stated for name in stated.inputs)

    def value(self, tensor: str, at: tuple[int, ...] = ()) -> Number:
        """The value of an entry. OutOfRange if there is none."""
        entry = tensor, at
        if entry in self.given:
            return self.given[entry]
        return self.define(entry).value

    def define(self, entry: Entry) -> Defined:
        """Evaluate the equation of an entry, what it reads before it."""
        if entry not in self.defined:
            self.chain.reach(entry)
        return self.defined[entry]

    def evaluate(self, entry: Entry) -> None:
        """Evaluate the equation of an entry."""
        equation, letters = equation_at(self.system, self.sizes, entry)
        result = self.local.compile(equation.value)(letters)
        found = (result.value, result.parts) if isinstance(result, Dual) else (result, {})
        self.defined[entry] = Defined(equation.id, short(found[0]), found[1])

    def leaf(self, tensor: str, at: tuple[int, ...]) -> Dual:
        """An entry as an independent quantity; derivatives by data and numbers are for those who ask for them."""
        given = self.system.tensor(tensor).role in ("data", "hyper") and tensor not in self.moved
        return Dual(self.value(tensor, at), {} if given else {(tensor, at): self.local.one})

    def read(self, tensor: str, at: tuple[int, ...]) -> Number:
        """An entry, or for `d.u` the true adjoint of an entry of u."""
        return self.adjoint(tensor[2:], at) if tensor.startswith("d.") else self.value(tensor, at)

    def direct(self, equation: str, of: Access, of_at: tuple[int, ...], by: Access, by_at: tuple[int, ...]) -> Number:
        """The direct derivative of one entry by another, 0 where it is not read; without an equation the whole one."""
        if not equation:
            return self.whole((of.tensor, of_at)).get((by.tensor, by_at), self.evaluator.zero)
        found = self.define((of.tensor, of_at))
        if found.equation != equation:
            raise OutOfRange(f"{of.tensor}{list(of_at)} is defined by {found.equation}, not by {equation}")
        return found.direct.get((by.tensor, by_at), self.evaluator.zero)

    def flat(self, value: Expr, letters: dict[str, int]) -> bool:
        """Is an expression 0, and its derivative by every entry on which it rests, as that of a sum of squares is?"""
        result = self.local.compile(value)(letters)
        return bool(primal(result) == 0) and self.still(result.parts if isinstance(result, Dual) else {})

    def still(self, direct: dict[Entry, Number]) -> bool:
        """Are all derivatives 0, or by entries that are flat? A norm is none at 0."""
        if KINK in direct:
            return False
        defined = {entry: self.defined.get(entry) for entry, part in direct.items() if part != 0}
        return all(d is not None and bool(d.value == 0) and self.still(d.direct) for d in defined.values())

    def whole(self, entry: Entry) -> dict[Entry, Number]:
        """The derivative of an entry by every entry on which it rests, directly or not."""
        if entry not in self.known:
            self.define(entry)
            at = tuple(map(Affine.of, entry[1]))
            self.known[entry] = self.slopes(Access(entry[0], at), {})
        return self.known[entry]

    def slopes(self, value: Expr, letters: dict[str, int]) -> dict[Entry, Number]:
        """The derivative of a value by every entry on which it rests."""
        result = self.local.compile(value)(letters)
        found = dict(result.parts) if isinstance(result, Dual) else {}
        for entry in reversed(self.defined):
            if entry in found:
                found = accumulate(found, self.defined[entry].direct, found[entry])
        return found

    @cached_property
    def adjoints(self) -> dict[Entry, Number]:
        """dJ/du for every entry u that J depends on: Sum over its readers v of dJ/dv * (direct dv/du)."""
        self.define(OBJECTIVE)
        found: dict[Entry, Number] = {OBJECTIVE: self.evaluator.one}
        for entry in reversed(self.defined):  # an entry is defined after all that it reads
            if entry in found:
                found = accumulate(found, self.defined[entry].direct, found[entry])
        return found

    def adjoint(self, tensor: str, at: tuple[int, ...] = ()) -> Number:
        """dJ/du[at]. OutOfRange if there is no such entry."""
        if (tensor, at) in self.adjoints:
            return self.adjoints[tensor, at]
        if not self.exists(tensor, at):
            raise OutOfRange(f"{tensor}{list(at)} does not exist at {self.sizes}")
        return self.evaluator.zero

    def exists(self, tensor: str, at: tuple[int, ...]) -> bool:
        """Is there such an entry at these sizes?"""
        if tensor not in self.existing:
            self.existing[tensor] = frozenset(places(self.system.tensor(tensor), self.sizes))
        return at in self.existing[tensor]


def accumulate(found: dict[Entry, Number], direct: dict[Entry, Number], weight: Number) -> dict[Entry, Number]:
    """`found` with weight * direct added, in place."""
    for entry, part in direct.items():
        term = part * weight
        found[entry] = short(found[entry] + term if entry in found else term)
    return found


def equation_at(system: System, sizes: Sizes, entry: Entry) -> tuple[Equation, dict[str, int]]:
    """The equation that defines an entry, and the letters at which it does. OutOfRange if there is none."""
    tensor, at = entry
    for equation in system.equations_of(tensor):
        letters = match(equation.target, equation.bounds, at, sizes)
        if letters is not None:
            return equation, letters
    raise OutOfRange(f"no equation defines {tensor}{list(at)} at {sizes}")


def match(target: Access, bounds: tuple[Bound, ...], at: tuple[int, ...], sizes: Sizes) -> dict[str, int] | None:
    """The letters at which `target` is the entry at `at`, within its bounds; None if it is not."""
    letters = {p.alone.name: place for p, place in zip(target.at, at, strict=True) if isinstance(p.alone, Index)}
    if any(sizes.value(p, letters) != place for p, place in zip(target.at, at, strict=True)):
        return None
    inside = all(sizes.value(b.lo, letters) <= letters[b.index.name] <= sizes.value(b.hi, letters) for b in bounds)
    return letters if inside else None
