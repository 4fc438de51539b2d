"""How to log in somewhere."""

from __future__ import annotations

from typing import NamedTuple


class Login(NamedTuple):
    """A name and a password, and all that git said of them, to be given back to it."""

    username: str
    password: str
    told: str
