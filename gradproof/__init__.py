"""gradproof: equations of a network in; derived, generated, verified and typeset backpropagation out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradproof.judging import assert_gradient
    from verify.foreign.check import check_gradient

__version__ = "0.1.0"
__all__ = ["__version__", "assert_gradient", "check_gradient"]
HOMES = {"assert_gradient": "gradproof.judging", "check_gradient": "verify.foreign.check"}


def __getattr__(name: str) -> Any:
    """Public names, imported when they are first used: `import gradproof` imports nothing heavy."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
