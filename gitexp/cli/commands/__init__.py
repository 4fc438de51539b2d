"""One module for each command: parse, one call into ops, render."""
