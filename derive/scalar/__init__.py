"""Derivatives of scalar formulas, and the laws they obey."""
