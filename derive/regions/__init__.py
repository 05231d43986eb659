"""Where an equation holds: ranges, their cuts, shapes and letters."""
