"""`python -m gradproof`."""

from gradproof.cli import script

script()
