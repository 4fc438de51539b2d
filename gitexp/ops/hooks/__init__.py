"""What git calls before and after it commits and pushes: our hooks, and how they get into a repository."""
