"""Activations: a = f(z), element by element."""

import sympy
from sympy import Abs, Max, Piecewise, Rational, erf, exp, log, sqrt

from derive.language.functions import function

sigmoid = function("sigmoid", lambda z: 1 / (1 + exp(-z)), latex=r"\sigma")
tanh = function("tanh", lambda z: sympy.tanh(z), latex=r"\tanh")
scaled_tanh = function("scaled_tanh", lambda z: Rational(17159, 10000) * sympy.tanh(2 * z / 3))
identity = function("identity", lambda z: z, latex=r"\mathrm{id}")
relu = function("relu", lambda z: Max(0, z))
leaky_relu = function("leaky_relu", lambda z, slope: Piecewise((z, z > 0), (slope * z, True)))
elu = function("elu", lambda z, alpha: Piecewise((z, z > 0), (alpha * (exp(z) - 1), True)))
softplus = function("softplus", lambda z: log(1 + exp(z)))
softsign = function("softsign", lambda z: z / (1 + Abs(z)))
swish = function("swish", lambda z: z / (1 + exp(-z)))
mish = function("mish", lambda z: z * sympy.tanh(log(1 + exp(z))))
gelu = function("gelu", lambda z: z * (1 + erf(z / sqrt(2))) / 2)
