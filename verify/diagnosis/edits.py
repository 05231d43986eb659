"""Edits of equations: a rule used at one place, or the same change wherever one quantity is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from derive.derivation import Adjoint, Derivation
from derive.values.nodes import MINUS_ONE, ONE, ZERO, Access, Call, Choice, Expr, Relation, add, mul
from derive.values.text import render_expr as text
from derive.values.walks import walk
from verify.diagnosis.rules import RULES
from verify.diagnosis.spots import UNKNOWN, no_adjoint, spots


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
    for edit, _, _ in rewritten(derivation, adjoint):
        yield edit
    if derivation.system.tensor(adjoint.of).role == "parameter":
        yield from added(adjoint, Access(adjoint.of, adjoint.target.at))


def rewritten(derivation: Derivation, adjoint: Adjoint) -> Iterator[tuple[Edit, Expr, Expr]]:
    """The edits by rules, each with what stood there and what stands there now."""
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
                    edit = Edit(kind, ((adjoint.id, value),), label(adjoint), rewrite.says, decay=decay)
                    yield edit, spot.node, rewrite.after


def about(says: str, node: Expr, own: Access) -> bool:
    """Is it about a term of the parameter itself?"""
    terms = getattr(node, "terms", ())
    return any(own in set(walk(term)) and no_adjoint(term) and text(term) in says for term in terms)


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
    about_it = [t for t in getattr(adjoint.value, "terms", ()) if own in set(walk(t)) and no_adjoint(t)]
    signed = any(isinstance(n, (Call, Choice)) for term in about_it for n in walk(term))
    for term, shown in ((own, text(own)), (sign, f"sign({text(own)})"))[bool(about_it) : 1 if signed else 2]:
        value = add(adjoint.value, mul(UNKNOWN, term))
        says = f"a term {shown} is added {{c}} that does not belong"
        yield Edit("term added", ((adjoint.id, value),), label(adjoint), says)


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
