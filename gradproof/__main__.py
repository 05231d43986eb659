"""`python -m gradproof`."""

from gradproof.start import script

script()
