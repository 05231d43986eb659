"""Mutation of generated code: faults are planted, and the judge has to reject each of them."""
