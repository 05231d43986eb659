"""Index equations as matrix equations."""
