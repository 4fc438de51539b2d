"""Programs in Python by what they do."""

from __future__ import annotations

import pytest

from gitexp.formats.python_code import fingerprint, lines_of

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


def test_a_function_is_found_by_what_it_does() -> None:
    text = "import x\r\nclass Grader:\r\n    @x\r\n    def grade(self):\r\n        return 1\r\n\r\n\x0c\n"
    text += "if x:\n    def grade():\n        return 1\nelse:\n    def grade():\n        return 2\n"
    assert lines_of(text, "Grader.grade", fingerprint("@x\ndef grade(self): return 1") or "") == range(2, 5)
    assert lines_of(text, "grade", fingerprint("def grade(): return 2") or "") == range(11, 13)
    assert lines_of(text, "outer.<locals>.grade", fingerprint("def grade(): return 2") or "") is None
    for name, code in (("grade", "def grade(): return 3"), ("other", "def other(): return 1"), ("", "1")):
        assert lines_of(text, name, fingerprint(code) or "") is None
    assert lines_of("def (", "grade", "") is None
