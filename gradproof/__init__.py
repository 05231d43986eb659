"""gradproof: equations of a network in; derived, generated, verified and typeset backpropagation out."""

__version__ = "0.1.0"
