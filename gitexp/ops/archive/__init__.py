"""Archives: refs that keep many ended runs reachable, and list them."""
