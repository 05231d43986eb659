"""Statements rewritten before they are lowered: stability across equations, shared values."""
