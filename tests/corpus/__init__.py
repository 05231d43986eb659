"""Gradients written by hand, as users write them, and mistakes planted in them: the examination of a judge.

Nothing here was derived from a model by this project, or read off its generated code. `written/` holds the users'
files; they, the table of implementations, the mistakes and the points need NumPy only. `reference` needs the project.
"""

from corpus.implementations import IMPLEMENTATIONS
from corpus.mistakes import MISTAKES
from corpus.points import KINDS, points
from corpus.records import Code, Implementation, Mistake, Point, Result

__all__ = ["IMPLEMENTATIONS", "KINDS", "MISTAKES", "Code", "Implementation", "Mistake", "Point", "Result", "points"]
