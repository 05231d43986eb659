"""Edits of equations: a rule used at one place, or the same change wherever one quantity is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

from derive.derivation import Adjoint, Derivation
from derive.system import System
from derive.values.nodes import MINUS_ONE, ONE, ZERO, Access, Choice, Expr, Mul, Partial, Relation, add, mul
from derive.values.text import render_expr as text
from derive.values.walks import transform, walk
from verify.diagnosis.rewrites import RULES, put, slope_changed
from verify.diagnosis.spots import UNKNOWN, Spot, slopes, spots


@dataclass(frozen=True)
class Edit:
    """New right sides by the ids of equations; `decay`: the term is one of the parameter alone.

    `scope` says where it holds: everywhere, in the layers that are wrong, or in the last of these.
    """

    kind: str
    values: tuple[tuple[str, Expr], ...]
    where: str
    says: str
    scope: str = ""
    decay: bool = False

    @property
    def open(self) -> bool:
        """Does it hold a number to be found?"""
        return any(node == UNKNOWN for _, value in self.values for node in walk(value))


def label(adjoint: Adjoint) -> str:
    """BP2 (d.z@l=2..L - 1)"""
    return f"{adjoint.name} ({adjoint.id})" if adjoint.name else adjoint.id


def edits(derivation: Derivation, adjoint: Adjoint) -> Iterator[Edit]:
    """All edits of one adjoint equation."""
    system = derivation.system
    parameter = system.tensor(adjoint.of).role == "parameter"
    own = Access(adjoint.of, adjoint.target.at)
    done = {adjoint.value}
    all_spots = list(spots(system, adjoint.of, adjoint.value, adjoint.bounds))
    for rule in RULES:
        for spot in all_spots:
            for rewrite in rule(spot):
                value = spot.put(rewrite.after)
                if value not in done:
                    done.add(value)
                    decay = parameter and about(rewrite.says, spot.node, own)
                    kind = named(rewrite.kind, adjoint, spot.node, rewrite.after, decay)
                    yield Edit(kind, ((adjoint.id, value),), label(adjoint), rewrite.says, decay=decay)
    if parameter:
        yield from added(adjoint, own)


def about(says: str, node: Expr, own: Access) -> bool:
    """Is it about a term of the parameter itself?"""
    terms = getattr(node, "terms", ())
    return any(own in set(walk(term)) and no_adjoint(term) and text(term) in says for term in terms)


def no_adjoint(term: Expr) -> bool:
    """Does an expression read no adjoint?"""
    return not any(isinstance(n, Access) and n.tensor.startswith("d.") for n in walk(term))


def named(kind: str, adjoint: Adjoint, before: Expr, after: Expr, decay: bool) -> str:
    """The class of a dropped term: a decay, a penalty, or what comes from the next step of a recurrence."""
    if kind != "term missing":
        return kind
    if decay:
        return "decay missing"
    kept = getattr(after, "terms", (after,))
    gone = [t for t in getattr(before, "terms", ()) if t not in kept]
    if any(isinstance(n, Access) and n.tensor == f"d.{adjoint.of}" for t in gone for n in walk(t)):
        return "truncated BPTT"
    if gone and all(map(no_adjoint, gone)) and any(not no_adjoint(t) for t in kept):
        return "penalty missing"
    return kind


def added(adjoint: Adjoint, own: Access) -> Iterator[Edit]:
    """d.b -> d.b + c b, d.b + c sign(b)"""
    sign = Choice(((Relation("==", own, ZERO), ZERO), (Relation("<", own, ZERO), MINUS_ONE)), ONE)
    decays = any(own in set(walk(t)) and no_adjoint(t) for t in getattr(adjoint.value, "terms", ()))
    for term, shown in ((own, text(own)), (sign, f"sign({text(own)})"))[1 if decays else 0 :]:
        value = add(adjoint.value, mul(UNKNOWN, term))
        says = f"a term {shown} is added {{c}} that does not belong"
        yield Edit("term added", ((adjoint.id, value),), label(adjoint), says)


def joint_edits(derivation: Derivation) -> Iterator[Edit]:
    """The same change in all equations."""
    system = derivation.system
    yield from slopes_everywhere(system, derivation.computed)
    yield from unchained(derivation)
    hypers = [Access(t.name) for t in system.role("hyper") if not t.slots]
    for gone in (group for count in (1, 2) for group in combinations(hypers, count)):
        values = ((a.id, without(a.value, gone)) for a in derivation.computed)
        shown = " and ".join(map(text, gone))
        new = tuple((ident, value) for ident, value in values if value != derivation[ident].value)
        yield Edit("penalty missing", new, "the whole gradient", f"{shown} {'is' if len(gone) == 1 else 'are'} 0 in it")
    for tensor in system.role("parameter"):
        yield from moved_early(derivation, tensor.name)
    parameters = {t.name for t in system.role("parameter")}
    scaled = tuple((a.id, mul(UNKNOWN, a.value)) for a in derivation.computed if a.of in parameters)
    yield Edit("factor", scaled, "the whole gradient", "it stands {c}")


def lemma_edits(derivation: Derivation) -> Iterator[Edit]:
    """Edits of an equation that was put into those that read it; these stand as the chain rule has them."""
    for lemma in derivation.adjoints:
        readers = [
            (a.id, before) for a in derivation.computed for before in (read_before(a, lemma.of),) if before is not None
        ]
        if lemma.inlined and readers:
            for edit in edits(derivation, lemma):
                yield replace(edit, values=(*edit.values, *readers))


def read_before(adjoint: Adjoint, name: str) -> Expr | None:
    """The last form of a right side that reads the adjoint of something, before that was put in."""
    for step in reversed(adjoint.steps):
        if any(isinstance(n, Access) and n.tensor == f"d.{name}" for n in walk(step.before)):
            return None if step is adjoint.steps[-1] and adjoint.value == step.before else step.before
    return None


def without(expr: Expr, gone: tuple[Access, ...]) -> Expr:
    """The expression with 0 for some hyper-parameters."""
    return transform(expr, lambda node: ZERO if node in gone else node)


def moved_early(derivation: Derivation, name: str) -> Iterator[Edit]:
    """w -> w + c d.w wherever w is read on the way back; d.w with its decay, or without it and then in that too"""
    for adjoint in derivation.adjoints_of(name):
        data = add(*(t for t in getattr(adjoint.value, "terms", (adjoint.value,)) if not no_adjoint(t)))
        for step, own in ((Access(f"d.{name}", adjoint.target.at), False), (data, False), (data, True)):
            new: list[tuple[str, Expr]] = []
            for other in derivation.computed:
                if own or other.of != name:
                    value = transform(other.value, partial(early, target=adjoint.target, name=name, step=step))
                    if value != other.value:
                        new.append((other.id, value))
            if new:
                says = f"{name} was moved by its own gradient {{c}} before it is read here"
                yield Edit("weights updated too early", tuple(new), ", ".join(ident for ident, _ in new), says)


def early(node: Expr, target: Access, name: str, step: Expr) -> Expr:
    """w -> w + c step"""
    if isinstance(node, Access) and node.tensor == name:
        letters = {p.letter: at for p, at in zip(target.at, node.at, strict=True) if p.letter is not None}
        return add(node, mul(UNKNOWN, step.replaced(letters)))
    return node


def unchained(derivation: Derivation) -> Iterator[Edit]:
    """d.z -> d.a, and d.a times the diagonal of da/dz, where the adjoint of a was put into that of z"""
    system = derivation.system
    for lemma in derivation.adjoints:
        for adjoint in derivation.computed:
            if lemma.inlined and lemma.target.at == adjoint.target.at and lemma.bounds == adjoint.bounds:
                of, by = Access(lemma.of, lemma.target.at), Access(adjoint.of, adjoint.target.at)
                for equation in system.equations_of(lemma.of):
                    if any(isinstance(n, Access) and n.tensor == adjoint.of for n in walk(equation.value)):
                        slope = mul(lemma.value, Partial(equation.id, of, by))
                        says = f"of the derivative of {text(of)} by {adjoint.of} only the diagonal is there"
                        yield Edit("diagonal Jacobian", ((adjoint.id, slope),), label(adjoint), says)
                        says = f"the adjoint of {text(of)} stands where that of {text(by)} belongs"
                        yield Edit("wrong cost derivative", ((adjoint.id, lemma.value),), label(adjoint), says)


def slopes_everywhere(system: System, adjoints: tuple[Adjoint, ...]) -> Iterator[Edit]:
    """f' of one variable changed wherever it stands: where its equation was put into those that read it."""
    found = {s.of for a in adjoints for n in walk(a.value) if isinstance(n, Mul) for s in slopes(system, n)}
    for name in sorted(found):
        number = 0
        while True:
            kinds: list[tuple[str, str]] = []
            new: list[tuple[str, Expr]] = []
            for adjoint in adjoints:
                value = changed(system, adjoint, name, number, kinds)
                if value != adjoint.value:
                    new.append((adjoint.id, value))
            if not kinds:
                break
            if len(new) > 1:
                yield Edit(kinds[0][0], tuple(new), ", ".join(ident for ident, _ in new), kinds[0][1])
            number += 1


def changed(system: System, adjoint: Adjoint, name: str, number: int, kinds: list[tuple[str, str]]) -> Expr:
    """The right side with the change of that number at every slope of a variable."""

    def rewrite(node: Expr) -> Expr:
        if isinstance(node, Mul):
            for slope in slopes(system, node):
                if slope.of == name:
                    only = Spot(system, adjoint.of, mul(*slope.factors, Access("d.?")), (), lambda new: new)
                    found = list(slope_changed(only))
                    if number < len(found):
                        kinds.append((found[number].kind, found[number].says))
                        return put(found[number].after, Access("d.?"), mul(*slope.rest))
        return node

    return transform(adjoint.value, rewrite)
