"""From expressions to the array program."""
