import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitexp.capture.terminal_log import REACH, left_out, reduce


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", b""),
        (b"plain\n\ttext \n", b"plain\n\ttext\n"),
        (b"one\r\ntwo\r\r\nthree", b"one\ntwo\nthree"),
        (b"10%\r20%\r100%\ndone\n", b"100%\ndone\n"),
        (b"longer text\rshort\n", b"shortr text\n"),
        (b"longer text\rshort      \n", b"short\n"),
        (b"longer text\r\x1b[Kshort\n", b"short\n"),
        (b"abc\b\bX\n", b"aXc\n"),
        (b"\b\b\bX\n", b"X\n"),
        (b"\x1b[1;31mred\x1b[0m \x1b[38;2;1;2;3mmore\x1b[m\n", b"red more\n"),
        (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n", b"alink\n"),
        (b"\x1bPdevice\x1b\\a\x1b(B\x1b=\x1b[?25lb\x1b[?25h\n", b"ab\n"),
        (b"a\x00\x07\x7fb\n", b"ab\n"),
        ("schön ✓ 漢字\n".encode(), "schön ✓ 漢字\n".encode()),
        (b"a\xffb\xc3\n", "a\ufffdb\ufffd\n".encode()),
        (b"\xc2\x9b31mx\n", b"31mx\n"),
        (b"a\nb\x1b[1A\x1b[2Kc\n", b" c\nb"),
        (b"a\nb\x1b[1A\r\x1b[2Kc\n", b"c\nb"),
        (b"a\n\x1b[999Ab\n", b"b\n"),
        (b"abcdef\x1b[3Gx\x1b[2Cy\n", b"abxdey\n"),
        (b"abcdef\x1b[3D\x1b[1P\n", b"abcef\n"),
        (b"abcdef\x1b[3D\x1b[2X\n", b"abc  f\n"),
        (b"abcdef\x1b[2D\x1b[1K\n", b"     f\n"),
        (b"a\nb\nc\x1b[2A\x1b[Jd\n", b"ad\n"),
        (b"\x1b7abc\x1b8x\n", b"xbc\n"),
        (b"before\n\x1b[?1049hinside\x1b[?1049lafter\n", b"before\nafter\n"),
        (b"before\n\x1b[?1049hcut off", b"before\n"),
        (b"\x1b[?1049hin" + left_out(99) + b"after\n", left_out(99) + b"after\n"),
        (b"log\n\x1b[H\x1b[2Jframe 1\nx\n\x1b[H\x1b[2Jframe 2\n", b"log\nframe 2\n"),
        (b"\x1b", b""),
        (b"end\x1b[12;3", b"end"),
        (b"\x1b]0;never ended\nnext\n", b"0;never ended\nnext\n"),
    ],
)
def test_reduced(raw, text):
    assert reduce(raw) == text


# Recorded from tqdm 4.70 at a terminal: two rounds of an outer bar, the inner one is removed after each.
TQDM = (
    b"\repochs:   0%|     | 0/2 [00:00<?, ?it/s]\r\n"
    b"\rbatches:   0%|    | 0/3 [00:00<?, ?it/s]\x1b[A\r\n"
    b"\rbatches:  33%|\xe2\x96\x8e| 1/3 [00:00<00:00, 19.93\x1b[A\r\n"
    b"\rbatches:  67%|\xe2\x96\x8b| 2/3 [00:00<00:00, 19.83\x1b[A\r\n"
    b"\rbatches: 100%|\xe2\x96\x88| 3/3 [00:00<00:00, 19.00\x1b[A\r\n"
    b"\r                                        \x1b[A"
    b"\repochs:  50%|\xe2\x96\x8c| 1/2 [00:00<00:00,  6.37i\r\n"
    b"\rbatches:   0%|    | 0/3 [00:00<?, ?it/s]\x1b[A\r\n"
    b"\rbatches:  33%|\xe2\x96\x8e| 1/3 [00:00<00:00, 19.93\x1b[A\r\n"
    b"\rbatches:  67%|\xe2\x96\x8b| 2/3 [00:00<00:00, 19.59\x1b[A\r\n"
    b"\rbatches: 100%|\xe2\x96\x88| 3/3 [00:00<00:00, 19.64\x1b[A\r\n"
    b"\r                                        \x1b[A"
    b"\repochs: 100%|\xe2\x96\x88| 2/2 [00:00<00:00,  6.44i"
    b"\repochs: 100%|\xe2\x96\x88| 2/2 [00:00<00:00,  6.42i\r\ndone\r\n"
)

# Recorded from rich 15: Live with two lines, updated twice.
RICH = (
    b"\x1b[?25l\x1b[1mstep 0\x1b[0m\r\n\x1b[1mloss 1.0\x1b[0m"
    b"\r\x1b[2K\x1b[1A\x1b[2K\x1b[1mstep 1\x1b[0m\r\n\x1b[1mloss 0.5\x1b[0m"
    b"\r\x1b[2K\x1b[1A\x1b[2K\x1b[1mstep 2\x1b[0m\r\n\x1b[1mloss 0.25\x1b[0m"
    b"\r\x1b[2K\x1b[1A\x1b[2K\x1b[1mstep 2\x1b[0m\r\n\x1b[1mloss 0.25\x1b[0m\r\n\x1b[?25hfinished\r\n"
)


def test_nested_progress_bars_leave_their_last_state():
    assert reduce(TQDM).decode().splitlines() == [
        "epochs: 100%|█| 2/2 [00:00<00:00,  6.42i",
        "done",
    ]


def test_live_displays_leave_their_last_state():
    assert reduce(RICH) == b"step 2\nloss 0.25\nfinished\n"


def test_many_lines_scroll_out_of_reach():
    lines = b"".join(b"line %d\n" % i for i in range(10 * REACH))
    reduced = reduce(lines + b"\x1b[99999Ahere\n").splitlines()
    assert len(reduced) == 10 * REACH
    assert (
        b"".join(line + b"\n" for line in reduced[: 9 * REACH])
        == lines[: lines.index(b"line %d\n" % (9 * REACH))]
    )
    assert sum(line.startswith(b"here") for line in reduced) == 1


def test_over_the_limit_beginning_and_end_stay_with_whole_lines():
    data = b"".join(b"line %06d\n" % i for i in range(10_000))
    reduced = reduce(data, limit=1200)
    head, tail = re.split(rb"\[\.\.\. [\d,]+ bytes left out \.\.\.\]\n", reduced)
    assert data.startswith(head)
    assert data.endswith(tail)
    assert head.endswith(b"\n")
    assert tail.startswith(b"line ")
    assert f"[... {len(data) - len(head) - len(tail):,} bytes left out ...]".encode() in reduced
    assert len(reduced) <= 1200 + 50


def test_a_cut_inside_a_long_line_keeps_characters_whole():
    reduced = reduce("é".encode() * 5000, limit=1001).decode()
    assert set(reduced) - set(string.printable) == {"é"}


def test_a_gigabyte_of_progress_would_be_one_line():
    bar = b"\r%3d%%|##########          | %d/100000 [00:01<00:09, 10.0it/s]"
    raw = b"".join(bar % (i // 1000, i) for i in range(20_000))
    assert reduce(raw + b"\n").count(b"\n") == 1
    assert len(reduce(raw)) < 100


MOVES = ["[A", "[3B", "[99C", "[9D", "[4G", "[E", "[2F", "[H", "[5;7H", "7", "8", "M"]
CHANGES = ["[K", "[1K", "[2K", "[J", "[2J", "[2P", "[X", "c", "[m", "]0;", "[?1049h"]
PIECES = st.sampled_from(
    [
        b"text",
        b"\r",
        b"\n",
        b"\b",
        b"\x07",
        b"\xc3",
        b"\n" * 300,
        *(b"\x1b" + s.encode() for s in MOVES + CHANGES),
    ]
)


@given(st.lists(PIECES | st.binary(max_size=8), max_size=60).map(b"".join))
def test_anything_becomes_clean_text(raw):
    text = reduce(raw).decode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


@example("\n")
@given(st.text(alphabet=string.ascii_letters + " é✓\t\n", max_size=500))
def test_plain_text_is_left_alone_but_for_blanks_at_line_ends_and_lines_at_its_end(text):
    expected = "\n".join(line.rstrip(" ") for line in text.split("\n"))
    reduced = reduce(text.encode()).decode()
    assert expected.startswith(reduced)
    assert expected[len(reduced) :].strip("\n") == ""
    if expected.strip("\n"):  # of nothing but empty lines nothing is left
        assert reduced.endswith("\n") == expected.endswith("\n")


HOSTILE = {
    "edits of a line of a million characters": (b"x" * 1_000_000 + b"\n", b"\x1b[Ay\n"),
    "erasing it from its start": (b"x" * 1_000_000, b"\x1b[1K"),
    "closing it up": (b"x" * 1_000_000 + b"\r", b"\x1b[P"),
    "backspaces in it": (b"x" * 1_000_000, b"\bx"),
    "commands without end": (b"", b"\x1b]0;"),
    "alternate screens without end": (b"", b"\x1b[?1049h"),
    "numbers without end": (b"", b"\x1b[1;"),
    "clearing a high screen": (b"\n" * 150, b"\x1b[2J\x1b[5B"),
}


@pytest.mark.parametrize(("start", "again"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_output_takes_linear_time(start, again):
    """Not timed: were one of these quadratic, it would take hours."""
    reduce(start + again * 10_000)
