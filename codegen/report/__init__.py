"""The document of one model."""
