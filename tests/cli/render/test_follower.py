from __future__ import annotations

from gitexp.cli.render.follower import Follower


def test_lines_come_out_as_they_were_left() -> None:
    follower = Follower(None, lambda text: text.replace("secret", "***"))
    assert follower.feed(b"one\r\nsec") == "one\n"
    assert follower.feed(b"ret\n10%\r\xe2\x82") == "***\n"
    assert follower.feed(b"\xac 20%\x1b[31m\n\x1b]0;t\x07x\xe2\x80\xae") == "€ 20%\n"
    assert follower.end() == "x\\u202e\n"


def test_the_unfinished_line_is_drawn_again_on_a_screen() -> None:
    follower = Follower(10, str)
    assert follower.feed(b"10%") == "\r\x1b[K10%"
    assert follower.feed(b"\r20% of everything") == "\r\x1b[K20% of ev…"
    assert follower.feed(b"\n") == "\r\x1b[K20% of everything\n"
    assert follower.end() == ""


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    follower = Follower(None, str)
    assert follower.feed(b"x" * 70_000) == "x" * 70_000 + "\n"
