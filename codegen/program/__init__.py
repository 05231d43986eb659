"""The array program: typed values and statements."""
