"""What an author types, and the checks on it."""
