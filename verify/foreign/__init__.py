"""Judging code that other people wrote: their gradient against a model, or against their own cost."""
