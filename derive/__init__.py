"""Equations in, derivation out. SymPy does the scalar algebra."""

from derive.errors import ModelError, Refused, RuleDidNotApply
from derive.functions import Function, function
from derive.model import Model, argmax, d
from derive.surface import Sum
from derive.system import System

__all__ = ["Function", "Model", "ModelError", "Refused", "RuleDidNotApply", "Sum", "System", "argmax", "d", "function"]
