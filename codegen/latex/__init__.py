"""Equations in LaTeX."""
