"""What is stored under `generated/`, and how it is written."""
