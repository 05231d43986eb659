"""Derivation in; array program, NumPy module and LaTeX report out."""
