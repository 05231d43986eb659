"""The rules of backpropagation, and what they need to know."""
