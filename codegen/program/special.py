"""Special functions: one row for each, what SymPy, scipy.special and ball arithmetic call it.

A row is all that the tool knows of a function; SymPy gives its derivative. `REWRITES` are functions that are written
by others, and identities that one function of several arguments needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

from derive.errors import Refused

Ball = Any  # verify gives balls; this room does not know them


@dataclass(frozen=True)
class Special:
    """SymPy's `head` is `special.name(...)` in code; `ball` is its value at balls, for whoever has balls.

    `part`: which of several results, or the real one. `scale`: near its zeros the error is relative to this size.
    `singular`: it has no value at some real numbers.
    """

    head: str
    name: str
    ball: Callable[..., Ball]
    part: int | str | None = None
    scale: float = 0.0
    singular: bool = False

    @property
    def code(self) -> str:
        """The name in code."""
        return f"special.{self.name}"


def log_of_size(z: Ball) -> Ball:
    """log|gamma(z)|"""
    return z.lgamma() if z > 0 else abs(z.gamma()).log()


SPECIAL = (
    Special("erf", "erf", lambda z: z.erf()),
    Special("erfc", "erfc", lambda z: z.erfc()),
    Special("erfcx", "erfcx", lambda z: (z * z).exp() * z.erfc()),
    Special("ndtr", "ndtr", lambda z: (-z / (z * 0 + 2).sqrt()).erfc() / 2),
    Special("log_ndtr", "log_ndtr", lambda z: ((-z / (z * 0 + 2).sqrt()).erfc() / 2).log()),
    Special("erfi", "erfi", lambda z: z.erfi()),
    Special("erfinv", "erfinv", lambda z: z.erfinv(), singular=True),
    Special("erfcinv", "erfcinv", lambda z: z.erfcinv(), scale=1.0, singular=True),
    Special("gamma", "gamma", lambda z: z.gamma(), singular=True),
    Special("loggamma", "loggamma", lambda z: z.lgamma(), scale=1.0, singular=True),
    Special("gammaln", "gammaln", log_of_size, scale=1.0, singular=True),
    Special("digamma", "psi", lambda z: z.digamma(), scale=1.0, singular=True),
    Special("zeta", "zeta", lambda s, *a: s.zeta(*a), singular=True),
    Special("gammainc", "gammainc", lambda s, z: z.gamma_lower(s, 1), singular=True),
    Special("gammaincc", "gammaincc", lambda s, z: z.gamma_upper(s, 1), singular=True),
    Special("betaln", "betaln", lambda a, b: log_of_size(a) + log_of_size(b) - log_of_size(a + b), None, 1.0, True),
    Special("beta", "beta", lambda a, b: a.gamma() * b.gamma() / (a + b).gamma(), singular=True),
    Special("besselj", "jv", lambda n, z: z.bessel_j(n), scale=1.0),
    Special("bessely", "yv", lambda n, z: z.bessel_y(n), scale=1.0, singular=True),
    Special("besseli", "iv", lambda n, z: z.bessel_i(n)),
    Special("besselk", "kv", lambda n, z: z.bessel_k(n), singular=True),
    Special("Ei", "expi", lambda z: z.ei(), scale=1.0, singular=True),
    Special("Si", "sici", lambda z: z.si(), part=0),
    Special("Ci", "sici", lambda z: z.ci(), part=1, scale=1.0, singular=True),
    Special("Shi", "shichi", lambda z: z.shi(), part=0),
    Special("Chi", "shichi", lambda z: z.chi(), part=1, scale=1.0, singular=True),
    Special("LambertW", "lambertw", lambda z: z.lambertw(), part="real", singular=True),
    Special("airyai", "airy", lambda z: z.airy_ai(), part=0, scale=1.0),
    Special("airyaiprime", "airy", lambda z: z.airy_ai(derivative=1), part=1, scale=1.0),
    Special("airybi", "airy", lambda z: z.airy_bi(), part=2, scale=1.0),
    Special("airybiprime", "airy", lambda z: z.airy_bi(derivative=1), part=3, scale=1.0),
)
BY_HEAD = {row.head: row for row in SPECIAL}


def polygamma(order: Any, z: Any) -> Any:
    """psi^(n)(z) = (-1)^(n + 1) n! zeta(n + 1, z) for n >= 1; psi^(0) is digamma"""
    if not order.is_Integer:
        raise Refused(f"polygamma needs an integer as its order, not {order}")
    if order == 0:
        return sympy.Function("digamma")(z)
    return (-1) ** (order + 1) * sympy.factorial(order) * sympy.Function("zeta")(order + 1, z)


REWRITES: dict[str, Callable[..., Any]] = {
    "coth": lambda x: 1 / sympy.tanh(x),
    "sech": lambda x: 1 / sympy.cosh(x),
    "csch": lambda x: 1 / sympy.sinh(x),
    "cot": lambda x: 1 / sympy.tan(x),
    "sec": lambda x: 1 / sympy.cos(x),
    "csc": lambda x: 1 / sympy.sin(x),
    "acot": lambda x: sympy.atan(1 / x),
    "asec": lambda x: sympy.acos(1 / x),
    "acsc": lambda x: sympy.asin(1 / x),
    "acoth": lambda x: sympy.atanh(1 / x),
    "asech": lambda x: sympy.acosh(1 / x),
    "acsch": lambda x: sympy.asinh(1 / x),
    "sinc": lambda x: sympy.Piecewise((1, sympy.Eq(x, 0)), (sympy.sin(x) / x, True)),
    "polygamma": polygamma,
    "factorial": lambda x: sympy.gamma(x + 1),
    "binomial": lambda n, k: sympy.gamma(n + 1) / sympy.gamma(k + 1) / sympy.gamma(n - k + 1),
    "uppergamma": lambda s, z: sympy.gamma(s) * sympy.Function("gammaincc")(s, z),
    "lowergamma": lambda s, z: sympy.gamma(s) * sympy.Function("gammainc")(s, z),
}
