"""What a run was seen to read, as inputs of it."""
