"""Stability across equations: rewriting of the statements before lowering."""

from __future__ import annotations

LARGEST = "max()"
