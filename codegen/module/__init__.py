"""The text of a generated module."""
