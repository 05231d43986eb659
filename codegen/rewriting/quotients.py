"""Quotients across equations: f'(z) / p with p = f(z) is one function of z, which is finite where p vanishes."""

from __future__ import annotations

from codegen.rewriting.means import complement, divisors, multiplied_out
from codegen.rewriting.saturation import Saturation
from codegen.stable.composed import factors_of
from codegen.stable.cores import core_of, put
from derive.values.binders import Bound, Functional, Sum
from derive.values.nodes import Access, Call, Expr, Mul, add, mul, number, power
from derive.values.walks import walk


class Quotients(Saturation):
    """Rewrites products in which an entry divides that an equation defines as a function."""

    def over_functions(self, expr: Expr, bounds: tuple[Bound, ...], target: str) -> Expr:
        """Products in which every entry that divides meets other functions of its own argument."""
        if isinstance(expr, Mul):
            products = multiplied_out(expr, lambda term: bool(self.functions_below(term, bounds)))
            found = [self.merged(product, bounds, target) for product in products]
            if None not in found and any(f != p for f, p in zip(found, products, strict=True)):
                return add(*(f for f in found if f is not None))
        inner = (*bounds, *expr.bounds) if isinstance(expr, (Sum, Functional)) else bounds
        children = expr.children
        return expr.rebuild(tuple(self.over_functions(c, inner, target) for c in children)) if children else expr

    def functions_below(self, product: Expr, bounds: tuple[Bound, ...]) -> list[tuple[Expr, Expr, Expr]]:
        """(divisor, what it is by the equation of its entry, the core of that) for all entries that divide."""
        found = []
        for divisor, base, times in divisors(product):
            entry = base if isinstance(base, Access) else complement(base)
            definition = self.definition(entry, bounds) if isinstance(entry, Access) else None
            core = core_of(definition) if definition is not None else None
            if isinstance(entry, Access) and definition is not None and core is not None and core != definition:
                found.append((divisor, power(put(base, entry, definition), number(-times)), core))
        return found

    def merged(self, product: Expr, bounds: tuple[Bound, ...], target: str) -> Expr | None:
        """The product with its divisors taken together with their partners; None if one has no partner."""
        free = list(factors_of(product))
        for divisor, meaning, core in self.functions_below(product, bounds):
            partners = [f for f in free if f != divisor and core_of(f) == core and has_call(f)]
            joined = mul(meaning, *partners)
            if not partners or not self.worth(joined, core):
                return None
            free = [f for f in free if f != divisor and f not in partners]
            free.append(self.composed(joined, core, f"{self.spoken(target)}_of_{self.name_of(core)}"))
        return mul(*free)


def has_call(expr: Expr) -> bool:
    """Does a function stand in it?"""
    return any(isinstance(node, Call) for node in walk(expr))
