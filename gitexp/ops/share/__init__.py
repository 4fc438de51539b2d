"""Runs shared with other repositories: bytes first, refs last; what comes in is checked before it is seen."""
