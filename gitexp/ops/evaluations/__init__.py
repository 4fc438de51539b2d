"""Evaluations in runs: brought in from logs, put into records, read again."""
