"""Stable forms of one formula."""
