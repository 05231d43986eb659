"""`generated/manifest.json`: which equations each generated file was made from, and what follows from them.

A digest is taken of the meaning of an equation, spelled out below: expression and ranges, and the formulas of the
functions that stand in it. Comments, formatting and line numbers of the model file have no part in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sympy

from derive.derivation import Derivation
from derive.expression import Access, Expr
from derive.functions import Function
from derive.system import Equation, System, Tensor, accesses, calls

NAME = "manifest.json"


@dataclass(frozen=True)
class Given:
    """An equation of the model: digest of its meaning, and the derived equations that follow from it."""

    digest: str
    followed_by: tuple[str, ...]


@dataclass(frozen=True)
class Derived:
    """An adjoint equation: digest of its formula, and its textbook name if it has one."""

    digest: str
    name: str


@dataclass(frozen=True)
class Entry:
    """One model of the manifest. `declared` are digests of everything in the model file that is no equation."""

    source: str
    digest: str
    declared: Mapping[str, str]
    equations: Mapping[str, Given]
    derived: Mapping[str, Derived]
    files: Mapping[str, str]


def sha256(text: str) -> str:
    """Hexadecimal digest of a text; line ends of a Windows checkout do not count."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode("utf-8")).hexdigest()


def model_digest(system: System) -> str:
    """Digest of everything that a model means."""
    lines = [f"{key}: {text}" for key, text in sorted(declarations(system).items())]
    lines += [f"{e.id}: {spell_equation(system, e)}" for e in (*system.equations, system.objective)]
    return sha256("\n".join(lines))


def entry(derivation: Derivation, *, source: str, texts: Mapping[str, str]) -> Entry:
    """The manifest's entry for a model whose generated files are `texts`, by file name."""
    system = derivation.system
    follows = followers(derivation)
    equations = (*system.equations, system.objective)
    return Entry(
        source, model_digest(system),
        {key: sha256(text) for key, text in declarations(system).items()},
        {e.id: Given(sha256(spell_equation(system, e)), follows[e.id]) for e in equations},
        {a.id: Derived(sha256(_spell(a.target, a.bounds, a.value)), a.name) for a in derivation.adjoints},
        {name: sha256(text) for name, text in texts.items()},
    )


def followers(derivation: Derivation) -> dict[str, tuple[str, ...]]:
    """For every equation of the model, the derived equations whose formula or value depends on it."""
    system = derivation.system
    needs: dict[str, set[str]] = {}
    for equation in (*system.equations, system.objective):
        needs[equation.id] = _read(system, equation.value)
    for adjoint in derivation.adjoints:
        read = {x.tensor for x in accesses(adjoint.value)}
        others = {a.id for a in derivation.adjoints if a.target.tensor in read}
        needs[adjoint.id] = {*adjoint.uses, *_read(system, adjoint.value), *others}
    reach = {name: _closure(name, needs) for name in needs}
    derived = [a.id for a in derivation.adjoints]
    return {e.id: tuple(a for a in derived if e.id in reach[a]) for e in (*system.equations, system.objective)}


def _read(system: System, value: Expr) -> set[str]:
    return {e.id for x in accesses(value) for e in system.equations_of(x.tensor)}


def _closure(start: str, needs: Mapping[str, set[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in sorted(needs.get(waiting.pop(), ())):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return frozenset(found)


# canonical text


def spell_equation(system: System, equation: Equation) -> str:
    """The meaning of an equation: its two sides, its ranges, and the formulas that it calls."""
    names = sorted({c.function for c in calls(equation.value)})
    own = [f for f in system.functions if f.name in names]
    return "; ".join([_spell(equation.target, equation.bounds, equation.value), *map(spell_function, own)])


def _spell(target: Access, bounds: Iterable[Any], value: Expr) -> str:
    return f"{target.key} = {value.key} for {' '.join(b.key for b in bounds)}"


def spell_function(function: Function) -> str:
    """`sigmoid(z) = ...`, or the name alone for a function that stays symbolic."""
    head = f"{function.name}({','.join(map(str, function.arguments))}){function.latex}"
    return f"{head} = {spell_sympy(function.formula)}" if function.formula is not None else head


def spell_sympy(value: sympy.Basic) -> str:
    """A SymPy expression as nested parentheses, sums and products in the order of their own text."""
    if isinstance(value, sympy.Rational):
        return f"{value.p}/{value.q}"
    if not value.args:
        return str(value)
    parts = [spell_sympy(part) for part in value.args]
    if isinstance(value, (sympy.Add, sympy.Mul, sympy.Max, sympy.Min)):
        parts.sort()
    return f"({type(value).__name__} {' '.join(parts)})"


def declarations(system: System) -> dict[str, str]:
    """What a model file states besides its equations: shapes, facts, names, the prediction, the title."""
    return {
        **{t.name: _spell_tensor(t) for t in system.tensors},
        "names": " ".join([system.name, *(f"{a.name}={a.target.key}" for a in system.aliases),
                           *(f"{left}:{right}" for left, right in system.errors)]),
        "facts": " ".join([*(f"{a.key}={b.key}" for a, b in (*system.facts.equal, *system.sums)),
                           *(b.key for b in system.facts.at_least)]),
        "prediction": _spell_prediction(system),
        "sizes": " ".join([*system.sizes, *system.widths, *system.letters, *system.functionals]),
        "title": system.title,
    }


def _spell_tensor(tensor: Tensor) -> str:
    slots = ",".join(f"{s.index.key}={s.lo.key}..{s.hi.key}" for s in tensor.slots)
    return f"{tensor.role} [{slots}] {tensor.latex}"


def _spell_prediction(system: System) -> str:
    if system.prediction is None:
        return "none"
    p = system.prediction
    bounds = " ".join(b.key for b in p.bounds)
    return f"{p.value.key} for {bounds} cut {p.cut.key if p.cut else '-'} over {p.over.key if p.over else '-'}"


# the file


def dump(entries: Mapping[str, Entry]) -> str:
    """The text of the manifest: sorted, one fact a line."""
    return json.dumps({"models": {name: asdict(e) for name, e in entries.items()}}, indent=2, sort_keys=True) + "\n"


def load(text: str) -> dict[str, Entry]:
    """The entries of a manifest's text. ValueError if it is none (a merge conflict, another program's file)."""
    try:
        return {str(name): _entry(raw) for name, raw in json.loads(text)["models"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no manifest: {error!r}") from None


def _entry(raw: Mapping[str, Any]) -> Entry:
    return Entry(
        str(raw["source"]), str(raw["digest"]), dict(raw["declared"]),
        {k: Given(str(v["digest"]), tuple(v["followed_by"])) for k, v in raw["equations"].items()},
        {k: Derived(str(v["digest"]), str(v["name"])) for k, v in raw["derived"].items()}, dict(raw["files"]),
    )
