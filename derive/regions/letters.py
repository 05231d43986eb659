"""Letters for summed indices: the model's own, chosen so that a sum over n(l) uses a letter that ran over n before."""

from __future__ import annotations

from derive.system import System, size_name
from derive.values.affine import Affine, Index
from derive.values.binders import Binder, rebind
from derive.values.nodes import Access, Expr
from derive.values.walks import transform, walk


def renaming(expr: Expr, target: Access, system: System) -> tuple[tuple[str, str], ...]:
    """New names for primed summation letters, each different from every letter it could meet."""
    taken = {x.name for x in (*expr.letters, *target.letters)}
    bound = {b.index.name: b.hi for node in walk(expr) if isinstance(node, Binder) for b in node.bounds}
    taken |= {name for name in bound if "'" not in name}
    chosen: dict[str, str] = {}
    for name, hi in bound.items():
        if "'" in name:
            size = size_name(hi)
            plain = name.rstrip("'")
            alike = [x for x in system.letters if size in system.letter_sizes.get(x, ())]
            free = [x for x in (plain, *alike, *spare_letters(system)) if x not in taken]
            chosen[name] = free[0]
            taken.add(free[0])
    return tuple(chosen.items())


def spare_letters(system: System) -> tuple[str, ...]:
    """Letters that the model does not use."""
    used = {*system.letters, *system.sizes, *system.widths, *system.by_name}
    return tuple(x for x in (*"pqrstuvefgh", *(f"q{n}" for n in range(1, 10))) if x not in used)


def relettered(expr: Expr, names: dict[str, str]) -> Expr:
    """Sum_i f(i) = Sum_k f(k), for every summed letter in `names`."""

    def rewrite(node: Expr) -> Expr:
        if not isinstance(node, Binder):
            return node
        own = {b.index: Index(names[b.index.name]) for b in node.bounds if b.index.name in names}
        values = {old: Affine.of(new) for old, new in own.items()}
        return node.bind(rebind(node.bounds, own), tuple(body.replaced(values) for body in node.children))

    return transform(expr, rewrite) if names else expr
