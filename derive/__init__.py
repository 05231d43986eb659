"""Equations in, derivation out. SymPy does the scalar algebra."""

from derive.adjoint import derive
from derive.derivation import Adjoint, Derivation, Step
from derive.errors import ModelError, Refused, RuleDidNotApply
from derive.language.entries import argmax, d
from derive.language.functions import Function, function
from derive.language.sums import Max, Min, Prod, Product, Sum, stop
from derive.language.whole import diagonal, eye, inner, mean, norm, norm2, outer, trace
from derive.model import Model
from derive.system import System

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
