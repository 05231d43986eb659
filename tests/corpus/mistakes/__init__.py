"""Mistakes planted in the right implementations, each a textual edit of one place."""

from corpus.mistakes.kinds import KINDS
from corpus.mistakes.networks import NETWORKS
from corpus.mistakes.regressions import REGRESSIONS
from corpus.mistakes.sequences import SEQUENCES
from corpus.mistakes.structures import STRUCTURES

MISTAKES = (*NETWORKS, *STRUCTURES, *SEQUENCES, *REGRESSIONS)

__all__ = ["KINDS", "MISTAKES"]
