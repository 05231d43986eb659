"""All single edits of a node, those that people make most first."""

from __future__ import annotations

from verify.diagnosis.rewrites import RULES_OF_NODES, Rule
from verify.diagnosis.rewrites_of_sums import RULES_OF_SUMS
from verify.diagnosis.rewrites_of_values import RULES_OF_VALUES

RULES: tuple[Rule, ...] = (*RULES_OF_NODES, *RULES_OF_SUMS, *RULES_OF_VALUES)
