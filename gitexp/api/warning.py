"""What is said where something cannot be recorded and the program goes on."""

from __future__ import annotations


class GitExpWarning(UserWarning):
    """Something could not be recorded; the program goes on."""


def warn(message: str) -> None:
    """Warn of it once where the program recorded something."""
    import warnings

    try:
        warnings.warn(message, GitExpWarning, stacklevel=4)
    except GitExpWarning:
        # Where warnings are errors they still must not end the training.
        import logging

        logging.getLogger("gitexp").warning(message)
