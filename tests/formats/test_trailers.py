"""The lines of a commit's message that name its runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.formats.trailers import line, lines, named, says_nothing, without
from gitexp.model.names import new_name

A, B = "brave-otter-3f2ak7", "tiny-lynx-abcdef"

MESSAGES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "none": (b"subject\n\nbody\n", ()),
    "a trailer": (f"subject\n\nExp-Run: {A}\n".encode(), (A,)),
    "two of one run": (f"subject\n\nExp-Run: {A}\nExp-Run: {A}\n".encode(), (A,)),
    "squashed": (f"one\n\nExp-Run: {B}\n\ntwo\n\nExp-Run: {A}\nSigned-off-by: x\n".encode(), (B, A)),
    "merge --squash": (f"Squashed\n\n    one\n    \n    Exp-Run: {A}\n".encode(), (A,)),
    "another case, no end": (f"subject\n\nexp-run:\t{A}  ".encode(), (A,)),
    "line ends of Windows": (f"subject\r\n\r\nExp-Run: {A}\r\n".encode(), (A,)),
    "not a name": (b"subject\n\nExp-Run: ../../x\nExp-Run: x\nExp-Run: -n\n", ()),
    "in a sentence": (f"see Exp-Run: {A}\n".encode(), ()),
    "not UTF-8": (b"\xff\xfe\n\nExp-Run: " + A.encode() + b"\n", (A,)),
}


@pytest.mark.parametrize("what", MESSAGES)
def test_the_runs_that_a_message_names(what: str) -> None:
    message, names = MESSAGES[what]
    assert named(message) == names


def test_own_lines_go_and_others_stay() -> None:
    message = f"subject\n\nExp-Run: {A}\nReviewed-by: x\nExp-Run: {B}\n    Exp-Run: {A}\n".encode()
    assert lines(message) == {A, B}
    assert without(message, {A}) == f"subject\n\nReviewed-by: x\nExp-Run: {B}\n    Exp-Run: {A}\n".encode()
    assert without(message, {A, B}) == f"subject\n\nReviewed-by: x\n    Exp-Run: {A}\n".encode()


@given(st.binary(), st.binary())
def test_a_line_put_in_and_taken_out(before: bytes, after: bytes) -> None:
    name = new_name()
    begin = before + b"\n" if before else b""
    message = begin + line(name).encode() + b"\n" + after
    assert name in named(message)
    assert without(message, {name}) == begin + after
    assert without(message, set()) == message


EMPTY: dict[str, tuple[bytes, bytes, bytes]] = {
    "nothing": (b"", b"", b"#"),
    "comments": (b"\n# Please enter\n#\n# On branch main\n", b"", b"#"),
    "a sign-off": (b"\n\nSigned-off-by: A <a@b>\n# x\n", b"", b"#"),
    "other comments": (b"\n; Please enter\n", b"", b";"),
    "the diff of --verbose": (
        b"\n# ------------------------ >8 ------------------------\ndiff --git a/x b/x\n+y\n",
        b"",
        b"#",
    ),
    "the template": (b"WHY:\n\n# help\nWHAT:\n# Please enter\n", b"WHY:\n\n# help\nWHAT:\n", b"#"),
    "the template, signed": (b"WHY:\n\nSigned-off-by: x\n", b"WHY:\n", b"#"),
}


@pytest.mark.parametrize("what", EMPTY)
def test_what_git_refuses(what: str) -> None:
    message, template, comment = EMPTY[what]
    assert says_nothing(message, template, comment)
    assert not says_nothing(b"subject\n" + message, template, comment)
