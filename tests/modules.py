"""The generated module of any test model, rendered in memory."""

from functools import cache
from types import ModuleType

from models import derivation

from codegen.render import render_module
from verify.run import load


@cache
def module(name: str) -> ModuleType:
    """Derive, lower, render and run; nothing is written."""
    text = render_module(derivation(name), source=f"{name}.py", digest="0")
    return load(text, name)
