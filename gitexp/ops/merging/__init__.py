"""Runs brought together: their code by git, their params key by key, into a draft that is yet to be run."""
