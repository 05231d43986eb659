"""Ranges that follow: from slots, from readers, from what is read."""
