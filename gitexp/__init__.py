"""git exp: experiment tracking that is git."""

__version__ = "0.1.0"
