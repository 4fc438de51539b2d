"""Logs that other tools write, read as suites."""
