"""Agreement of equations, derivation and generated code, and the evidence for each step."""
