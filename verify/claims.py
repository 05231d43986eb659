"""Formulas that the author of a model claims for derivatives, against the derivatives of the unrolled equations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from derive.derivation import Derivation
from derive.system import Claim, System
from derive.values.affine import Affine
from derive.values.nodes import ZERO, Access, Partial
from derive.values.text import render_expr
from verify.canonical import identical
from verify.claimed_parts import Part, parts, written_out
from verify.evidence import Judged
from verify.numbers import Exact, Number, Undecided
from verify.sizes import Sizes
from verify.steps import BROKEN, Bench
from verify.terms import Gap, wrong_term
from verify.unroll import OutOfRange, Unrolled

PLACES = 24  # at each of the sizes


@dataclass(frozen=True)
class Point(Gap):
    """A place at which both sides have values: `derived` is the derivative, `claimed` what the formula gives."""

    @property
    def agrees(self) -> bool:
        return self.same(self.derived, self.claimed)

    @property
    def different(self) -> bool:
        """Is it proved that the two are different? Numbers of oracles are not those of the functions."""
        if isinstance(self.unrolled.field, Exact):
            return not self.unrolled.field.memo and bool(self.derived != self.claimed)
        return not (self.derived - self.claimed).contains(0)

    @property
    def resting(self) -> bool:
        """Does it lie where kinks are?"""
        return bool(self.unrolled.instance.note)

    @property
    def zero(self) -> bool:
        return all(self.same(value, 0 * value) for value in (self.derived, self.claimed))


@dataclass(frozen=True)
class Seen:
    """All points of one kind of numbers, and the places at which the claimed formula alone has no value."""

    points: tuple[Point, ...]
    gaps: tuple[str, ...]

    @property
    def same(self) -> bool:
        return bool(self.points) and not self.gaps and all(p.agrees for p in self.points)


def check_claims(derivation: Derivation, seed: int = 0, plans: tuple[Sizes, ...] = ()) -> tuple[Judged, ...]:
    """A verdict on every claim of a model. What cannot be evaluated is undecided."""
    system = derivation.system
    if not system.claims:
        return ()
    bench = Bench(wide(system), seed, plans)
    return tuple(judged(claim, derivation, bench) for claim in system.claims)


def wide(system: System) -> System:
    """The system with the functions that its claims use."""
    extra = dict.fromkeys(f for claim in system.claims for f in claim.functions)
    return replace(system, functions=(*system.functions, *extra))


def judged(claim: Claim, derivation: Derivation, bench: Bench) -> Judged:
    """The verdict on one claim."""
    told = Judged(
        f"{render_expr(claim.target)} = {render_expr(claim.value)}", claim.source.file, claim.source.line, "undecided"
    )
    try:
        exact = seen(claim, bench.exact)
        if any(p.different for p in exact.points):
            return refuted(claim, told, exact, derivation)
        balls = exact if exact.same else seen(claim, bench.balls)
    except (OutOfRange, Undecided) as error:
        return replace(told, why=str(error))
    told = replace(told, points=len(balls.points))
    if any(p.different for p in balls.points):
        return refuted(claim, told, balls, derivation)
    if not balls.same:
        return replace(told, why=unsettled(balls))
    if claim.value != ZERO and all(p.zero for p in balls.points):
        return replace(told, why="both sides are 0 at every point that was tried")
    proved = proved_for(claim, derivation, bench)
    return replace(told, grade="proved" if proved else balls.points[0].unrolled.field.grade)


def proved_for(claim: Claim, derivation: Derivation, bench: Bench) -> bool:
    """Is the claim, at the region of every derived equation that it meets, that equation? They hold all its places."""
    found = tuple(parts(claim, derivation))
    everywhere = all(
        any(part.holds(claim, letters, sizes) for part in found)
        for sizes in bench.plans
        for letters in sizes.places(claim.bounds)
    )
    return everywhere and all(_equal(part, claim, derivation, bench.system) for part in found)


def _equal(part: Part, claim: Claim, derivation: Derivation, system: System) -> bool:
    target = claim.target
    inlined = frozenset({target.of.tensor}) if isinstance(target, Partial) else frozenset()
    sides = part.derived, part.claimed
    for lemmas in (None, True, False):
        if lemmas is not None:
            sides = written_out(sides[0], derivation, lemmas=lemmas), written_out(sides[1], derivation, lemmas=lemmas)
        if identical(sides[0], sides[1], system, inlined):
            return True
    return False


def seen(claim: Claim, instances: Iterable[Unrolled]) -> Seen:
    """Both sides at places of every instance."""
    points, gaps = [], []
    for unrolled in instances:
        with unrolled.field.context():
            left, right = (unrolled.evaluator.compile(side) for side in (claim.target, claim.value))
            for letters in sampled(claim, unrolled.sizes):
                try:
                    derived = left(letters)
                except BROKEN:
                    continue
                try:
                    points.append(Point(unrolled, letters, derived, right(letters)))
                except BROKEN as error:
                    gaps += [] if unrolled.instance.note else [f"{place(claim, unrolled, letters)}: {error}"]
    return Seen(tuple(points), tuple(gaps))


def sampled(claim: Claim, sizes: Sizes) -> Iterator[dict[str, int]]:
    """The first and the last place, and others drawn by the text of the claim."""
    everywhere = list(sizes.places(claim.bounds))
    if len(everywhere) <= PLACES:
        yield from everywhere
        return
    middle = Random(claim.target.key).sample(range(1, len(everywhere) - 1), PLACES - 2)
    yield from (everywhere[q] for q in (0, *sorted(middle), len(everywhere) - 1))


def unsettled(found: Seen) -> str:
    """Why nothing follows from points none of which refutes the claim."""
    if not found.points and not found.gaps:
        return "no size that was tried reaches a place of it"
    if found.gaps:
        return f"the claimed formula has no value at {found.gaps[0]}"
    point = next(p for p in found.points if not p.agrees)
    return (
        f"at {point.letters} with {point.unrolled.instance.where} the numbers cannot be told apart, nor are they equal"
    )


def refuted(claim: Claim, told: Judged, found: Seen, derivation: Derivation) -> Judged:
    """The verdict with a point at which both sides differ; where only kinks lie at such points, nothing is decided."""
    wrong = [p for p in found.points if p.different]
    point = next((p for p in wrong if not p.resting), wrong[0])
    where = place(claim, point.unrolled, point.letters)
    shown = number(point.derived), number(point.claimed)
    told = replace(told, points=len(found.points), where=where, derived=shown[0], claimed=shown[1])
    if point.resting:
        why = f"the two differ at kinks only: {where} is {told.derived}, claimed {told.claimed}"
        return replace(told, why=why)
    return replace(told, grade="refuted", why=compared(claim, point, found, derivation))


def compared(claim: Claim, point: Point, found: Seen, derivation: Derivation) -> str:
    """The derived terms against the claimed ones, at the region of the point: what is wrong, or the derived formula."""
    for part in parts(claim, derivation):
        if part.holds(claim, point.letters, point.unrolled.sizes):
            near = [p for p in found.points if part.holds(claim, p.letters, p.unrolled.sizes)]
            why = wrong_term(part.derived, part.claimed, near, derivation.system)
            return why or f"derived: {render_expr(part.derived)}"
    return ""


def place(claim: Claim, unrolled: Unrolled, letters: dict[str, int]) -> str:
    """`d.w[2, 1, 3] with m=2, L=3, random widths`."""

    def entry(access: Access) -> str:
        at = tuple(Affine.of(unrolled.sizes.value(p, letters)) for p in access.at)
        return render_expr(Access(access.tensor, at))

    target = claim.target
    if isinstance(target, Partial):
        return f"∂{entry(target.of)}/∂{entry(target.by)} with {unrolled.instance.where}"
    assert isinstance(target, Access)
    return f"{entry(target)} with {unrolled.instance.where}"


def number(value: Number) -> str:
    """A fraction, or the digits of a ball."""
    text = value.str(20) if hasattr(value, "rad") else str(value)
    return text if len(text) < 60 else f"{text[:28]}...{text[-28:]}"
