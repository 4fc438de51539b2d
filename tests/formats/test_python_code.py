"""Programs in Python by what they do."""

from __future__ import annotations

import pytest

from gitexp.formats.python_code import fingerprint

CODE = '''
"""A grader."""
import sys

def grade(said, want):
    """Whether it is right."""
    return said == want  # exactly
'''


def test_layout_comments_and_docstrings_do_not_count() -> None:
    other = """
import sys
def grade(said,
          want):
    return (said == want)
"""
    assert fingerprint(CODE) == fingerprint(other) == fingerprint(CODE.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("==", "in"),
        ("grade", "score"),
        ("import sys", "import os"),
        ("return said", "return want"),
        ("(said, ", "(*, "),
    ],
)
def test_what_it_does_counts(old: str, new: str) -> None:
    changed = CODE.replace(old, new)
    assert fingerprint(changed) not in (fingerprint(CODE), None)


def test_constants_are_told_apart_by_their_types() -> None:
    assert len({fingerprint(f"x = {value}") for value in ("1", "1.0", "True", "'1'", "b'1'", "None")}) == 6


@pytest.mark.parametrize("code", ["def", b"\xff\xfe\x00", "x" * 10 + "\0", "(" * 5000])
def test_what_is_no_python_has_none(code: str | bytes) -> None:
    assert fingerprint(code) is None
