"""Two versions of something brought together, from what they have in common; no I/O."""
