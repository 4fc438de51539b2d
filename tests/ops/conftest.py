"""The program and the people who share a remote, as the tests of the command line have them."""

from tests.cli.conftest import exp, world

__all__ = ["exp", "world"]
