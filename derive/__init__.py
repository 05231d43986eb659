"""Equations in, derivation out. SymPy does the scalar algebra."""

from derive.adjoint import derive
from derive.derivation import Adjoint, Derivation, Step
from derive.entries import argmax, d
from derive.errors import ModelError, Refused, RuleDidNotApply
from derive.functions import Function, function
from derive.model import Model
from derive.surface import Max, Min, Sum, stop
from derive.system import System

__all__ = [
    "Adjoint",
    "Derivation",
    "Function",
    "Max",
    "Min",
    "Model",
    "ModelError",
    "Refused",
    "RuleDidNotApply",
    "Step",
    "Sum",
    "System",
    "argmax",
    "d",
    "derive",
    "function",
    "stop",
]
