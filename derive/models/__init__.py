"""The shipped models, one readable file each."""
