"""`git exp repro`: a run once more, and how that compares with what it was."""
