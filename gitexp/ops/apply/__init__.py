"""Bringing what a run had into the working tree, all of it or nothing, so that it can be undone."""
