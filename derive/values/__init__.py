"""The expressions that equations are made of, and what is known of integers."""
