"""The order of computation."""
