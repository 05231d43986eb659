"""Letters for summed indices: the model's own, chosen so that a sum over n(l) uses a letter that ran over n before."""

from __future__ import annotations

from derive.affine import Affine, Index, Node, Size, Width
from derive.expression import Access, Binder, Expr, Sum, free_indices, rebind, substitute, transform, walk
from derive.system import System


def renaming(expr: Expr, target: Access, system: System) -> tuple[tuple[str, str], ...]:
    """New names for primed summation letters, each different from every letter it could meet."""
    taken = {x.name for x in (*free_indices(expr), *free_indices(target))}
    bound = {b.index.name: b.hi for node in walk(expr) if isinstance(node, Binder) for b in node.bounds}
    taken |= {name for name in bound if "'" not in name}
    kinds = _kinds(system)
    chosen: dict[str, str] = {}
    for name, hi in bound.items():
        if "'" in name:
            kind = _kind(hi)
            plain = name.rstrip("'")
            alike = [x for x in system.letters if kind in kinds.get(x, ())]
            free = [x for x in (plain, *alike, *spare_letters(system)) if x not in taken]
            chosen[name] = free[0]
            taken.add(free[0])
    return tuple(chosen.items())


def spare_letters(system: System) -> tuple[str, ...]:
    """Letters that the model does not use."""
    used = {*system.letters, *system.sizes, *system.widths, *system.by_name}
    return tuple(x for x in (*"pqrstuvefgh", *(f"q{n}" for n in range(1, 10))) if x not in used)


def _kinds(system: System) -> dict[str, set[str]]:
    """The sizes over which each letter runs in the model's equations."""
    found: dict[str, set[str]] = {}
    for equation in (*system.equations, system.objective):
        bounds = [*equation.bounds, *(b for node in walk(equation.value) if isinstance(node, Sum) for b in node.bounds)]
        for bound in bounds:
            found.setdefault(bound.index.name, set()).add(_kind(bound.hi))
    return found


def _kind(hi: Affine) -> str:
    """The name of the size or width that ends a range."""
    atoms: list[Node] = [a for a, _ in hi.terms]
    named = [a.name for a in atoms if isinstance(a, (Size, Width))]
    return named[0] if named else ""


def relettered(expr: Expr, names: dict[str, str]) -> Expr:
    """Sum_i f(i) = Sum_k f(k), for every summed letter in `names`."""

    def rewrite(node: Expr) -> Expr:
        if not isinstance(node, Binder):
            return node
        own = {b.index: Index(names[b.index.name]) for b in node.bounds if b.index.name in names}
        values = {old: Affine.of(new) for old, new in own.items()}
        return node.bind(rebind(node.bounds, own), tuple(substitute(body, values) for body in node.children))

    return transform(expr, rewrite) if names else expr
