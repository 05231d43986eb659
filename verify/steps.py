"""Every step of a derivation on its own: before and after are the same number, and that number is the true adjoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from derive.derivation import Adjoint, Derivation
from derive.system import System
from derive.values.nodes import Expr
from derive.values.text import render_expr
from verify.evidence import Evidence
from verify.instance import instance, places, resting
from verify.numbers import Balls, Exact, Field, Number, Undecided
from verify.proof import proved
from verify.sizes import Sizes, plan
from verify.unroll import OutOfRange, Unrolled, match

PLACES = 6
ATTEMPTS = 8
BROKEN = (OutOfRange, Undecided, ZeroDivisionError, KeyError)


@dataclass(frozen=True)
class Link:
    """A claim that two expressions are equal on a region; `left` None stands for the true adjoint."""

    number: int
    rule: str
    left: Expr | None
    right: Expr


def links(adjoint: Adjoint) -> tuple[Link, ...]:
    """The claims of an adjoint equation: its start is the adjoint, each step, and that the steps hang together."""
    if not adjoint.steps:
        return (Link(0, "value", None, adjoint.value),)
    found = [Link(0, "chain rule", None, adjoint.steps[0].before)]
    last = adjoint.steps[0].before
    for number, step in enumerate(adjoint.steps, 1):
        if step.before != last:
            found.append(Link(number, "chain of steps", last, step.before))
        found.append(Link(number, step.rule, step.before, step.after))
        last = step.after
    if adjoint.value != last:
        found.append(Link(len(adjoint.steps), "chain of steps", last, adjoint.value))
    return tuple(found)


def check_steps(derivation: Derivation, seed: int = 0, plans: tuple[Sizes, ...] = ()) -> tuple[Evidence, ...]:
    """Evidence for every step of every adjoint equation, and for the regions covering every parameter."""
    bench = Bench(derivation.system, seed, plans)
    found = [evidence for adjoint in derivation.adjoints for evidence in check_adjoint(adjoint, bench)]
    return (*found, *check_regions(derivation, bench.plans))


class Bench:
    """Random instances of one system on which steps are checked, each unrolled when it is first needed."""

    def __init__(self, system: System, seed: int = 0, plans: tuple[Sizes, ...] = ()) -> None:
        self.system, self.seed, self.plans = system, seed, plans or plan(system, seed)

    @cached_property
    def exact(self) -> tuple[Unrolled, ...]:
        """Instances over rationals and oracles where these stay short, the first one also where kinks lie."""
        drawn: list[Unrolled] = []
        for sizes in self.plans:
            with suppress(Undecided):
                drawn.append(self.unroll(sizes, Exact))
        return (*drawn, *self.resting(drawn[0])) if drawn else ()

    @cached_property
    def balls(self) -> tuple[Unrolled, ...]:
        """Instances over balls."""
        return tuple(self.unroll(sizes, Balls) for sizes in self.plans)

    def resting(self, unrolled: Unrolled) -> Iterator[Unrolled]:
        """The same sizes at the places where kinks lie, as far as the functions are defined there."""
        for drawn in resting(unrolled.instance):
            still = Unrolled(drawn, unrolled.field)
            try:
                assert still.adjoints
            except (ZeroDivisionError, Undecided):
                continue
            yield still

    def unroll(self, sizes: Sizes, kind: Callable[[int], Field]) -> Unrolled:
        """A random instance at which everything is defined; several seeds are tried."""
        for attempt in range(self.seed, self.seed + ATTEMPTS):
            unrolled = Unrolled(instance(self.system, sizes, attempt), kind(attempt))
            try:
                with unrolled.field.context():
                    assert unrolled.adjoints
            except (Undecided, ZeroDivisionError):
                continue
            return unrolled
        raise Undecided(f"no random instance of {self.system.name} at {sizes} lies in the domain of its functions")


def check_adjoint(adjoint: Adjoint, bench: Bench) -> Iterator[Evidence]:
    """Evidence for each claim of one adjoint equation."""
    for link in links(adjoint):
        found = judge(adjoint, link, bench.exact or bench.balls)
        if found.grade == "failed":
            found = judge(adjoint, link, bench.balls)  # it may rest on what an oracle does not know
        if found.good and link.left is not None and proved(link.left, link.right, bench.system):
            found = replace(found, grade="proved")
        yield found


def judge(adjoint: Adjoint, link: Link, instances: tuple[Unrolled, ...]) -> Evidence:
    """Compare both sides at places of every instance; the first difference is reported."""
    visited = False
    for unrolled in instances:
        with unrolled.field.context():
            for letters in sample(adjoint, unrolled.sizes):
                visited = True
                left, right = side(adjoint, link.left, unrolled, letters), side(adjoint, link.right, unrolled, letters)
                if isinstance(left, str) or isinstance(right, str) or not unrolled.field.same(left, right):
                    return Evidence(
                        adjoint.id,
                        link.number,
                        link.rule,
                        "failed",
                        place(adjoint, unrolled, letters),
                        show(left, link.left),
                        show(right, link.right),
                    )
    return Evidence(adjoint.id, link.number, link.rule, instances[0].field.grade if visited else "not visited")


def sample(adjoint: Adjoint, sizes: Sizes) -> list[dict[str, int]]:
    """Up to PLACES places of the region: the first, the last, and others drawn by the name of the equation."""
    everywhere = list(sizes.places(adjoint.bounds))
    if len(everywhere) <= PLACES:
        return everywhere
    middle = Random(adjoint.id).sample(range(1, len(everywhere) - 1), PLACES - 2)
    return [everywhere[q] for q in (0, *sorted(middle), len(everywhere) - 1)]


def side(adjoint: Adjoint, expr: Expr | None, unrolled: Unrolled, letters: dict[str, int]) -> Number:
    """The value of one side at a place; a string says why there is none."""
    at = tuple(unrolled.sizes.value(p, letters) for p in adjoint.target.at)
    slots = unrolled.system.tensor(adjoint.of).slots if adjoint.of != "J" else ()
    named = {slot.index.name: position for slot, position in zip(slots, at, strict=True)}
    try:
        if expr is None:
            return unrolled.adjoint(adjoint.of, at)
        return unrolled.evaluator.compile(expr)({**named, **letters})
    except BROKEN as error:
        return f"undefined ({type(error).__name__}: {error})"


def place(adjoint: Adjoint, unrolled: Unrolled, letters: dict[str, int]) -> str:
    """`d.w[2, 1, 3] with m=2, L=3, random widths`."""
    at = ", ".join(str(unrolled.sizes.value(p, letters)) for p in adjoint.target.at)
    return f"{adjoint.target.tensor}[{at}] with {unrolled.instance.where}"


def show(value: Number, expr: Expr | None) -> str:
    """`1/3 = a[l, i, j] - y[i, j]`, shortened."""
    text = value if isinstance(value, str) else value.str(20) if hasattr(value, "rad") else str(value)
    text = text if len(text) < 60 else f"{text[:28]}...{text[-28:]}"
    return f"{text} = {'the adjoint' if expr is None else render_expr(expr)}"


def check_regions(derivation: Derivation, plans: tuple[Sizes, ...]) -> Iterator[Evidence]:
    """Every entry of every parameter has exactly one computed adjoint equation."""
    for tensor in derivation.system.role("parameter"):
        adjoints = [a for a in derivation.computed if a.of == tensor.name]
        for sizes in plans:
            counts = {
                at: sum(match(a.target, a.bounds, at, sizes) is not None for a in adjoints)
                for at in places(tensor, sizes)
            }
            wrong = next((at for at, count in counts.items() if count != 1), None)
            if wrong is not None:
                where = f"d.{tensor.name}{list(wrong)} with {sizes}"
                yield Evidence(f"d.{tensor.name}", 0, "regions", "failed", where, f"{counts[wrong]} equations", "1")
                break
