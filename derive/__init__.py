"""Equations in, derivation out. SymPy does the scalar algebra."""

from derive.adjoint import derive
from derive.derivation import Adjoint, Derivation, Step
from derive.entries import argmax, d
from derive.errors import ModelError, Refused, RuleDidNotApply
from derive.functions import Function, function
from derive.model import Model
from derive.sums import Max, Min, Prod, Product, Sum, stop
from derive.system import System
from derive.whole import diagonal, eye, inner, mean, norm, norm2, outer, trace

__all__ = [
    "Adjoint",
    "Derivation",
    "Function",
    "Max",
    "Min",
    "Model",
    "ModelError",
    "Prod",
    "Product",
    "Refused",
    "RuleDidNotApply",
    "Step",
    "Sum",
    "System",
    "argmax",
    "d",
    "derive",
    "diagonal",
    "eye",
    "function",
    "inner",
    "mean",
    "norm",
    "norm2",
    "outer",
    "stop",
    "trace",
]
