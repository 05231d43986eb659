"""The sample index: found from the shapes, and dropped where one sample is to be looked at alone."""

from __future__ import annotations

from dataclasses import replace as with_changes

from derive.system import System, accesses
from derive.values.affine import Affine, Node, Size
from derive.values.binders import Bound, Functional, Sum, summed
from derive.values.nodes import Access, Add, Count, Expr, Mul, Number, Partial, Pow, add, mul, number, power
from derive.values.walks import transform, walk

ONE = Affine.of(1)


def sample_size(system: System) -> Size | None:
    """The one size along which all data run and no parameter does: the number of samples."""
    found = [
        Size(name)
        for name in system.sizes
        if system.role("data")
        and all(_slots(system, t.name, Size(name)) for t in system.role("data"))
        and not any(_slots(system, t.name, Size(name)) for t in system.role("parameter"))
    ]
    return found[0] if len(found) == 1 else None


def _slots(system: System, name: str, size: Size) -> tuple[int, ...]:
    tensor = system.by_name.get(name.removeprefix("d."))
    if tensor is None:
        return ()
    return tuple(q for q, s in enumerate(tensor.slots) if s.lo == ONE and s.hi == Affine.of(size))


def without_samples(system: System, size: Size) -> System:
    """The same tensors without their sample slots; equations stay as they are."""
    tensors = tuple(
        with_changes(t, slots=tuple(s for q, s in enumerate(t.slots) if q not in _slots(system, t.name, size)))
        for t in system.tensors
    )
    return with_changes(system, tensors=tensors)


def for_one_sample(expr: Expr, system: System, size: Size, *, alone: bool = True) -> Expr:
    """The equation of one sample: sample slots dropped and, if it is `alone`, the value at `size` = 1.

    Without `alone` nothing may be summed over samples: see `sums_samples`.
    """
    if isinstance(expr, Access):
        gone = _slots(system, expr.tensor, size)
        return Access(expr.tensor, tuple(p for q, p in enumerate(expr.at) if q not in gone))
    if isinstance(expr, Partial):
        return expr
    kept = expr
    if expr.children:
        kept = expr.rebuild(tuple(for_one_sample(c, system, size, alone=alone) for c in expr.children))
    if isinstance(kept, Sum):
        return summed(kept.body, tuple(b for b in kept.bounds if not _over_samples(b, size)))
    if isinstance(kept, Functional) or not alone:
        return kept
    values: dict[Node, Affine] = {size: ONE}
    return transform(kept.replaced(values), _evaluated)


def sums_samples(expr: Expr, size: Size) -> bool:
    """Does the value sum over samples?"""
    return any(isinstance(n, Sum) and any(_over_samples(b, size) for b in n.bounds) for n in walk(expr))


def _evaluated(expr: Expr) -> Expr:
    if isinstance(expr, Count) and expr.of.number is not None:
        return number(expr.of.number)
    if isinstance(expr, Pow):
        return power(expr.base, expr.exponent)
    if isinstance(expr, Mul):
        return mul(*expr.factors)
    return add(*expr.terms) if isinstance(expr, Add) else expr


def _over_samples(bound: Bound, size: Size) -> bool:
    return bound.lo == ONE and bound.hi == Affine.of(size)


def letters_without_samples(bounds: tuple[Bound, ...], size: Size) -> tuple[Bound, ...]:
    """The bounds of an equation for one sample."""
    return tuple(b for b in bounds if not _over_samples(b, size))


def sample_cost(system: System) -> tuple[Access, Expr] | None:
    """(C[i], factor), if the objective is factor * Sum_i C[i] and terms in parameters, and no sample meets another.

    Then the adjoint of whatever belongs to sample i is the factor times the derivative of C[i].
    """
    size = sample_size(system)
    if size is None:
        return None
    value = system.objective.value
    terms = value.terms if isinstance(value, Add) else (value,)
    moving = [t for t in terms if any(_kind(system, a) in ("variable", "data") for a in accesses(t))]
    if len(moving) != 1:
        return None
    factors = moving[0].factors if isinstance(moving[0], Mul) else (moving[0],)
    sums = [f for f in factors if isinstance(f, Sum)]
    rest = [f for f in factors if not isinstance(f, Sum)]
    if len(sums) != 1 or any(not _plain(f) for f in rest):
        return None
    total = sums[0]
    if not isinstance(total.body, Access) or len(total.bounds) != 1 or not _over_samples(total.bounds[0], size):
        return None
    if any(_meets(system, e.value, size) for e in system.equations):
        return None
    return total.body, mul(*rest) if rest else number(1)


def _kind(system: System, access: Access) -> str:
    return system.tensor(access.tensor).role


def _plain(factor: Expr) -> bool:
    return isinstance(factor, (Number, Count)) or isinstance(factor, Pow) and _plain(factor.base)


def _meets(system: System, expr: Expr, size: Size) -> bool:
    """Does the expression sum over samples, or read two of them?"""
    if sums_samples(expr, size):
        return True
    read = {a.at[q].key for a in accesses(expr) for q in _slots(system, a.tensor, size)}
    return len(read) > 1 or any(_meets(system, c, size) for c in expr.children)
