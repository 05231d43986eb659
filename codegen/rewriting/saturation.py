"""Stability across equations where a mean saturates: logarithms of it and quotients by it, from logs of its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from dataclasses import replace as with_changes

import sympy

from codegen.rewriting.means import Mean, complement, divisors, mean_of, multiplied_out, saturates, without_counts
from codegen.rewriting.named import Named, log_name
from codegen.stable.composed import entry_of, factors_of, formula_of, raised
from codegen.stable.cores import put
from derive.order.dependence import Statement
from derive.system import accesses
from derive.values.binders import Bound, Functional, Sum
from derive.values.nodes import MINUS_ONE, ONE, Access, Add, Call, Expr, Mul, Number, add, mul, power


@dataclass
class Saturation(Named):
    """Rewrites what reads a mean that may saturate; keeps the means that it replaced until one is read."""

    replaced: set[str] = field(default_factory=set)
    waiting: list[Statement] = field(default_factory=list)

    def read_ones(self, statements: list[Statement]) -> list[Statement]:
        """Without means that were replaced wherever they stood; one waits for a section that still reads it."""
        statements, self.waiting = [*self.waiting, *statements], []
        predicted = self.system.prediction
        read = {a.tensor for s in statements for a in accesses(s.value)}
        read |= {a.tensor for a in accesses(predicted.value)} if predicted else set()
        self.waiting = [s for s in statements if s.target.tensor in self.replaced - read]
        return [s for s in statements if s not in self.waiting]

    def mean(self, base: Expr, bounds: tuple[Bound, ...]) -> Mean | None:
        """The mean that r or 1 - r is, with the logarithm of its parts; None if it is none or cannot saturate."""
        entry = base if isinstance(base, Access) else complement(base)
        value = self.definition(entry, bounds) if isinstance(entry, Access) else None
        if not isinstance(entry, Access) or value is None:
            return None
        found = mean_of(entry, value, base != entry, self.system.facts, frozenset(b.index for b in bounds))
        inner = entry_of(found.part) if found else None
        if found is None or inner is None:
            return None
        part, name, definition = found.part, inner.tensor, self.definition(inner, (*bounds, found.bound))
        below = entry_of(definition) if definition is not None else None
        if definition is not None and below is not None and below != definition:
            name = definition.function if isinstance(definition, Call) else name
            part, name, inner = put(part, inner, definition), log_name(part, inner, name), below
        else:
            name = log_name(part, inner, name)
        symbol = sympy.Symbol(inner.tensor.replace(".", "_"), real=True)
        try:
            if not saturates(formula_of(part, inner, symbol, self.system), symbol):
                return None
        except ValueError:
            return None
        return with_changes(found, log=self.composed(Call("log", (part,)), inner, name))

    def exponential(self, mean: Mean, bounds: tuple[Bound, ...], made: list[Statement]) -> Expr:
        """exp(log f), log f a variable"""
        entry = entry_of(mean.part)
        assert entry is not None
        name = log_name(mean.part, entry, entry.tensor)
        return Call("exp", (self.variable(name, entry, mean.log, (*bounds, mean.bound), made),))

    def logs_of_means(
        self, expr: Expr, bounds: tuple[Bound, ...], made: list[Statement]
    ) -> tuple[Expr, tuple[Expr, ...]]:
        """log(c r^p) = log c + p log r, r > 0: c and p log r; log r = log(Sum_i exp(log f(z[i])) / m)"""
        others: list[Expr] = []
        terms: list[Expr] = []
        for factor in factors_of(expr):
            base, exponent = raised(factor)
            mean = self.mean(base, bounds) if isinstance(exponent, Number) else None
            if mean is None:
                others.append(factor)
                continue
            total = Sum(self.exponential(mean, bounds, made), (mean.bound,))
            value = Call("log", (mul(total, mean.weight),))
            name = log_name(base, mean.entry, mean.entry.tensor)
            terms.append(mul(exponent, self.variable(name, mean.entry, value, bounds, made)))
            self.replaced.add(mean.entry.tensor)
        return mul(*others) if others else ONE, tuple(terms)

    def quotients(self, expr: Expr, bounds: tuple[Bound, ...], made: list[Statement]) -> Expr:
        """Products in which every mean that divides meets one of its parts, multiplied out as far as that needs."""
        if isinstance(expr, Mul):
            products = multiplied_out(expr, lambda term: self.divided(term, bounds))
            found = [self.quotient(p, bounds) for p in products]
            if any(found) and None not in found:
                pairs = zip(products, found, strict=True)
                return add(*(self.shared(product, parts or [], bounds, made) for product, parts in pairs))
        inner = (*bounds, *expr.bounds) if isinstance(expr, (Sum, Functional)) else bounds
        children = expr.children
        return expr.rebuild(tuple(self.quotients(c, inner, made) for c in children)) if children else expr

    def divided(self, expr: Expr, bounds: tuple[Bound, ...]) -> bool:
        """Does a mean divide a term of the expression?"""
        if any(self.mean(base, bounds) for _, base, _ in divisors(expr)):
            return True
        return any(self.divided(t, bounds) for f in factors_of(expr) if isinstance(f, Add) for t in f.terms)

    def quotient(self, product: Expr, bounds: tuple[Bound, ...]) -> list[tuple[Expr, Expr, Mean]] | None:
        """(part, divisor, mean) for all means that divide; None if one of them has no part among the factors."""
        free, found = list(factors_of(product)), []
        for divisor, base, times in divisors(product):
            mean = self.mean(base, bounds)
            if mean is None:
                continue
            part = next((f for f in free if self.stands_in(f, mean, bounds)), None)
            if part is None or times != 1:
                return None
            free.remove(part)
            found.append((part, divisor, mean))
        return found

    def stands_in(self, factor: Expr, mean: Mean, bounds: tuple[Bound, ...]) -> bool:
        """Is the factor one of the parts whose mean this is?"""
        place = mean.place(factor)
        return place is not None and self.within(place, (mean.bound,), bounds)

    def shared(
        self, product: Expr, found: list[tuple[Expr, Expr, Mean]], bounds: tuple[Bound, ...], made: list[Statement]
    ) -> Expr:
        """f(z[k]) / r = m share, share = exp(log f(z[k])) / Sum_i exp(log f(z[i])), for r = Sum_i f(z[i]) / m"""
        factors = list(factors_of(product))
        for part, divisor, mean in found:
            place, entry = mean.place(part), entry_of(part)
            assert place is not None and entry is not None
            own = self.exponential(mean, bounds, made)
            value = mul(own.replaced(place), power(Sum(own, (mean.bound,)), MINUS_ONE))
            name = log_name(part, entry, entry.tensor).replace("log_", "share_", 1)
            factors.remove(divisor)
            factors[factors.index(part)] = self.variable(name, entry, value, bounds, made)
            factors += factors_of(power(mean.weight, MINUS_ONE))
            self.replaced.add(mean.entry.tensor)
        return without_counts(factors)
