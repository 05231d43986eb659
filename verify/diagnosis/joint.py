"""Edits of several equations at once: the same change wherever one quantity is read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import combinations

from derive.derivation import Adjoint, Derivation
from derive.system import System
from derive.values.affine import Index
from derive.values.nodes import ZERO, Access, Bracket, Count, Expr, Mul, Partial, add, mul
from derive.values.text import render_expr as text
from derive.values.walks import transform, walk
from verify.diagnosis.edits import Edit, label, rewritten
from verify.diagnosis.rewrites import adjoints_of, put, slope_changed
from verify.diagnosis.spots import UNKNOWN, Spot, no_adjoint, slopes


def joint_edits(derivation: Derivation) -> Iterator[Edit]:
    """The same change in all equations."""
    system = derivation.system
    yield from slopes_everywhere(system, derivation.computed)
    yield from unchained(derivation)
    yield from in_all_regions(derivation)
    yield from taken_for_each_other(derivation)
    yield from step_left_out(derivation)
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
                says = kinds[0][1].replace("d.?", "the adjoint beside it")
                yield Edit(kinds[0][0], tuple(new), ", ".join(ident for ident, _ in new), says)
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
                        adjoints, others = adjoints_of(slope.rest)
                        return mul(put(found[number].after, Access("d.?"), mul(*adjoints)), *others)
        return node

    return transform(adjoint.value, rewrite)


def in_all_regions(derivation: Derivation) -> Iterator[Edit]:
    """An edit of one equation of a recurrence, made in those of its other steps too."""
    for adjoint in derivation.computed:
        others = [a for a in derivation.adjoints_of(adjoint.of) if a is not adjoint]
        if others and any(p.letter is not None for p in adjoint.target.at[:1]):
            for edit, before, after in rewritten(derivation, adjoint):
                new = [(a.id, moved(adjoint, a, before, after)) for a in others]
                kept = [(ident, value) for ident, value in new if value != derivation[ident].value]
                if kept:
                    values = (*edit.values, *kept)
                    yield Edit(edit.kind, values, ", ".join(ident for ident, _ in values), edit.says)


def moved(adjoint: Adjoint, other: Adjoint, before: Expr, after: Expr) -> Expr:
    """The right side of another equation of the same quantity, with one expression for another there too."""
    values = {
        mine.letter: theirs
        for mine, theirs in zip(adjoint.target.at, other.target.at, strict=True)
        if isinstance(mine.letter, Index) and mine != theirs
    }
    return put(other.value, before.replaced(values), after.replaced(values))


def taken_for_each_other(derivation: Derivation) -> Iterator[Edit]:
    """d.a -> d.c, d.c -> d.a, and a and c beside them, wherever one of the adjoints is read"""
    variables = derivation.system.role("variable")
    for one, other in combinations(variables, 2):
        if len(one.slots) == len(other.slots):
            names = {"": "", one.name: other.name, other.name: one.name}
            names |= {f"d.{a}": f"d.{b}" for a, b in names.items() if a}
            new: list[tuple[str, Expr]] = []
            for adjoint in derivation.computed:
                read = {n.tensor for n in walk(adjoint.value) if isinstance(n, Access)}
                if read & {f"d.{one.name}", f"d.{other.name}"}:
                    value = transform(adjoint.value, partial(renamed, names=names))
                    if value != adjoint.value:
                        new.append((adjoint.id, value))
            if new:
                says = f"what belongs to {one.name} and to {other.name} is taken for each other"
                yield Edit("swapped blocks", tuple(new), ", ".join(ident for ident, _ in new), says)


def step_left_out(derivation: Derivation) -> Iterator[Edit]:
    """d.z[t] -> d.z[t] [t >= 2] for every variable z along t, and [t <= T - 1]"""
    variables = {t.name for t in derivation.system.role("variable")}
    along = [a for a in derivation.computed if a.of in variables and a.target.at and a.bounds]
    ranges = dict.fromkeys(b for a in along for b in a.bounds[:1] if a.target.at[0].letter == b.index)
    for place in dict.fromkeys(b.lo for b in ranges):
        new = tuple((a.id, mul(Bracket("<=", place + 1, a.target.at[0]), a.value)) for a in along)
        yield Edit("off-by-one sample", new, "the way back", f"the first step, {text(Count(place))}, is left out")
    for place in dict.fromkeys(b.hi for b in ranges):
        new = tuple((a.id, mul(Bracket("<=", a.target.at[0] + 1, place), a.value)) for a in along)
        yield Edit("off-by-one sample", new, "the way back", f"the last step, {text(Count(place))}, is left out")


def renamed(node: Expr, names: dict[str, str]) -> Expr:
    """The entry of the other tensor."""
    return Access(names[node.tensor], node.at) if isinstance(node, Access) and node.tensor in names else node
