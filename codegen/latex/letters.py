"""Names, integers and entries in LaTeX.

One convention for entries: the slot on which the ranges of other slots depend (the layer) and slots along which a
recurrence runs stand above, all other slots below, `w^{l}_{jk}`. A letter with something above it is bracketed
before it is raised to a power, so no superscript can be read as an exponent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from codegen.latex.layout import join
from codegen.latex.names import checked_latex, letter
from derive.regions.slots import stacked_slots
from derive.system import System
from derive.values.affine import Affine, Index, Node, Size, Width, indices
from derive.values.binders import Bound
from derive.values.nodes import Access, Expr


@dataclass(frozen=True)
class Letters:
    """Prints the names, integers and entries of one system; `inline` writes the quotient of an adjoint on one line."""

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

    def expr(self, expr: Expr) -> str:
        """The LaTeX of an expression."""
        raise NotImplementedError

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


def nested(bounds: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """The bounds in an order in which no end needs a letter that only comes later."""
    if len(bounds) < 2:
        return bounds
    own = {b.index for b in bounds}
    first = next((b for b in bounds if not own & {*indices(b.lo), *indices(b.hi)}), bounds[0])
    return (first, *nested(tuple(b for b in bounds if b is not first)))
