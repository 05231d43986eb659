"""x log(x/q) at x = 0: the limit, 0. The logarithm is taken of 1 there, so that nothing is infinite."""

from __future__ import annotations

from codegen.stable.composed import factors_of, raised
from derive.system import System
from derive.values.binders import Sum
from derive.values.nodes import ONE, ZERO, Access, Add, Call, Choice, Expr, Mul, Number, Relation, mul, power
from derive.values.walks import walk


def without_zero_logs(expr: Expr, system: System) -> Expr:
    """The expression with every product x log(x ...) safe at x = 0, for x of data and variables."""
    if isinstance(expr, Mul):
        for factor in expr.factors:
            if may_vanish(factor, system):
                expr = mul(*(f if f == factor else safe(f, factor) for f in factors_of(expr)))
    children = expr.children if isinstance(expr, (Add, Mul, Sum)) else ()
    return expr.rebuild(tuple(without_zero_logs(c, system) for c in children)) if children else expr


def may_vanish(factor: Expr, system: System) -> bool:
    """Is it data or a variable, or one less such?"""
    entries = [node for node in walk(factor) if isinstance(node, Access)]
    if not isinstance(factor, (Access, Add)) or len(entries) != 1 or any(isinstance(n, Call) for n in walk(factor)):
        return False
    return entries[0].tensor in system.by_name and system.tensor(entries[0].tensor).role in ("data", "variable")


def safe(expr: Expr, x: Expr) -> Expr:
    """log(x ...) of 1 in place of x where x is 0"""
    if isinstance(expr, Call) and expr.function == "log" and not any(expr.orders):
        factors = [raised(f) for f in factors_of(expr.args[0])]
        if any(base == x and isinstance(e, Number) and e.value > 0 for base, e in factors):
            guarded = Choice(((Relation("==", x, ZERO), ONE),), x)
            return Call("log", (mul(*(power(guarded if base == x else base, e) for base, e in factors)),))
        return expr
    if isinstance(expr, (Add, Mul)):
        return expr.rebuild(tuple(safe(c, x) for c in expr.children))
    return expr
