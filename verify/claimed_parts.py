"""The derived equations that a claim is about, at its places, and the direct derivative of an entry by another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from derive.calculus.instances import Context
from derive.calculus.rules import apply
from derive.calculus.scalars import scalars_of
from derive.derivation import Adjoint, Derivation
from derive.errors import RuleDidNotApply
from derive.regions.regions import extent
from derive.system import Claim, System, accesses
from derive.values.affine import Affine, Index, Node
from derive.values.facts import Facts
from derive.values.nodes import Access, Expr, Partial, derived_by, is_derived
from derive.values.walks import transform
from verify.sizes import Sizes
from verify.unroll import match


@dataclass(frozen=True)
class Part:
    """What is derived and what is claimed for the places of one derived equation; `id` names it."""

    id: str
    derived: Expr
    claimed: Expr
    adjoint: Adjoint | None = None

    def holds(self, claim: Claim, letters: dict[str, int], sizes: Sizes) -> bool:
        """Is a place of the claim one of this equation?"""
        if self.adjoint is None:
            return True
        assert isinstance(claim.target, Access)
        at = tuple(sizes.value(p, letters) for p in claim.target.at)
        return match(self.adjoint.target, self.adjoint.bounds, at, sizes) is not None


def parts(claim: Claim, derivation: Derivation) -> Iterator[Part]:
    """The claim at the region of every derived equation that it may meet; none where nothing is derived."""
    if isinstance(claim.target, Partial):
        yield from direct(claim, claim.target, derivation.system)
        return
    assert isinstance(claim.target, Access)
    entry = derived_by(claim.target)
    for adjoint in derivation.adjoints_of(entry.tensor):
        yield from met(adjoint, entry, claim, derivation.system.facts)


def written_out(expr: Expr, derivation: Derivation, *, lemmas: bool) -> Expr:
    """The expression with derived equations put for the derivatives in it, where one holds at all places.

    `lemmas`: only those that the derivation itself wrote out.
    """

    def rewrite(node: Expr) -> Expr:
        if not isinstance(node, Access) or not is_derived(node.tensor):
            return node
        equations = derivation.adjoints_of(derived_by(node).tensor)
        kept = len(equations) != 1 or (lemmas and not equations[0].inlined)
        if kept or not all(p.letter for p in equations[0].target.at):
            return node
        values: dict[Node, Affine] = {
            p.alone: q for p, q in zip(equations[0].target.at, node.at, strict=True) if p.alone
        }
        return equations[0].value.replaced(values)

    return transform(expr, rewrite)


def met(adjoint: Adjoint, entry: Access, claim: Claim, facts: Facts) -> Iterator[Part]:
    """Both sides in the letters of the claim, if the region can hold one of its places."""
    own: dict[Node, Affine] = {}
    given: dict[Node, Affine] = {}
    for p, q in zip(adjoint.target.at, entry.at, strict=True):
        if p.letter:
            own[p.letter] = q
            lo, hi = next((b.lo, b.hi) for b in adjoint.bounds if b.index == p.letter)
        else:
            lo = hi = p
            if q.letter:
                given[q.letter] = p
        places = extent(q, claim.bounds)
        if facts.below(places.hi + 1, lo) or facts.below(hi + 1, places.lo):
            return
    derived = adjoint.value.replaced(own).replaced(given)
    yield Part(adjoint.id, derived, claim.value.replaced(given), adjoint)


def direct(claim: Claim, target: Partial, system: System) -> Iterator[Part]:
    """The direct derivative, by the rules of the calculus, if nothing else lies between the two entries."""
    equations = system.equations_of(target.of.tensor)
    if len(equations) != 1 or not all(isinstance(p.alone, Index) for p in equations[0].target.at):
        return
    read = {a.tensor for a in accesses(equations[0].value)}
    if any(target.by.tensor in upstream(name, system) for name in read):
        return
    context = Context(system, scalars_of(system))
    found: Expr = Partial(equations[0].id, target.of, target.by)
    with suppress(RuleDidNotApply):
        found = apply("differentiate", found, context, ())
        yield Part(target.key, sifted(found, claim, context), claim.value)


def sifted(expr: Expr, claim: Claim, context: Context) -> Expr:
    """The equalities solved, as far as there are any."""
    for rule in ("sift", "simplify"):
        with suppress(RuleDidNotApply):
            expr = apply(rule, expr, context, (("bounds", claim.bounds),) if rule == "sift" else ())
    return expr


def upstream(name: str, system: System) -> set[str]:
    """The tensors on which a tensor rests."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = {a.tensor for e in system.equations_of(waiting.pop()) for a in accesses(e.value)} - found
        found |= new
        waiting += sorted(new)
    return found
