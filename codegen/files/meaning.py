"""What an equation and a model mean, spelled out for digests: expression and ranges, and the formulas of the functions.

Comments, formatting and line numbers of the model file have no part in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy

from codegen.files.manifest import Derived, Entry, Given, sha256
from derive.derivation import Derivation
from derive.language.functions import Function
from derive.system import Equation, System, Tensor, accesses, calls
from derive.values.nodes import Access, Expr, Partial
from derive.values.walks import walk


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
        source,
        model_digest(system),
        {key: sha256(text) for key, text in declarations(system).items()},
        {e.id: Given(sha256(spell_equation(system, e)), follows[e.id]) for e in equations},
        {a.id: Derived(sha256(_spell(a.target, a.bounds, a.value)), a.name) for a in derivation.adjoints},
        {name: sha256(text) for name, text in texts.items()},
    )


def followers(derivation: Derivation) -> dict[str, tuple[str, ...]]:
    """For every equation of the model, the derived equations whose formula or value depends on it."""
    system = derivation.system
    equations = (*system.equations, system.objective)
    given = {e.id for e in equations}
    reads = {e.id: _read(derivation, e.value) for e in equations}
    through = {e.id: {e.id} for e in equations}
    for adjoint in derivation.adjoints:
        first = adjoint.steps[0].before if adjoint.steps else adjoint.value
        reads[adjoint.id] = _read(derivation, adjoint.value) | (_read(derivation, first) - given)
        through[adjoint.id] = {node.equation for node in walk(first) if isinstance(node, Partial)}
    rests_on = {name: {e for x in _closure(name, reads) for e in through[x]} for name in reads}
    shown = [a.id for a in derivation.adjoints if a.name or not a.inlined]
    return {e.id: tuple(a for a in shown if e.id in rests_on[a]) for e in equations}


def _read(derivation: Derivation, value: Expr) -> set[str]:
    """The equations, given and derived, that define the entries of a value."""
    tensors = {x.tensor for x in accesses(value)}
    system = derivation.system
    defined = [(e.id, e.target.tensor) for e in (*system.equations, system.objective)]
    defined += [(a.id, a.target.tensor) for a in derivation.adjoints]
    return {ident for ident, tensor in defined if tensor in tensors}


def _closure(start: str, reads: Mapping[str, set[str]]) -> frozenset[str]:
    """`start` and everything that it reads, directly or not."""
    found, waiting = {start}, [start]
    while waiting:
        for name in sorted(reads[waiting.pop()] - found):
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
        "names": " ".join(
            [
                system.name,
                *(f"{a.name}={a.target.key}" for a in system.aliases),
                *(f"{left}:{right}" for left, right in system.errors),
            ]
        ),
        "facts": " ".join(
            [
                *(f"{a.key}={b.key}" for a, b in (*system.facts.equal, *system.sums)),
                *(b.key for b in system.facts.at_least),
            ]
        ),
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
