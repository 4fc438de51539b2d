"""The demo: a small training project in a repository of its own, recorded for real and then looked at."""
