"""Every model that the tests run through the whole road: the shipped ones and the variants of the network."""

import importlib
import runpy
from functools import cache
from pathlib import Path

from derive import Derivation, System, derive

SHIPPED = (
    "theorems",
    "mlp",
    "mlp_tanh",
    "softmax_classifier",
    "softmax_squared_error",
    "sigmoid_cross_entropy",
    "regression",
    "sparse_autoencoder",
)
VARIANTS = ("made_up", "activity", "skip", "tied", "renamed")
HERE = Path(__file__).parent


@cache
def system(name: str) -> System:
    """The checked system of a shipped model or of a variant."""
    if name in SHIPPED:
        return importlib.import_module(f"derive.models.{name}").model.system
    return runpy.run_path(str(HERE / "variants" / f"{name}.py"))["model"].system


@cache
def derivation(name: str) -> Derivation:
    """Its derivation."""
    return derive(system(name))
