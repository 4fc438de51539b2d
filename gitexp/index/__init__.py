"""The index: a deletable SQLite file that answers for all runs without asking git for any of them."""
