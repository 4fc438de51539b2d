"""Params files that are read without the general reader: whatever they hold, it reads the same."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitexp.errors import BrokenFile
from gitexp.formats import params_file
from gitexp.formats.plain_params import parse, read_plain
from gitexp.model.values import same

PARTS = (
    *("", "a", "b c", "on", "2", "é", "a:b", "https://x/#y", "null", "true", "True", "~", "0.1", "1e-3"),
    *("1.5e-03", "0x1f", "010", "-0", "-3", ".5", ".inf", "1_0", "12:30", "2024-01-01", "[]", "{}", "[1, 2]"),
    *('"q # r"', "'s'", '"', "'", "|", ">-", "&x", "*x", "<<", "!t", "- ", "-", "? ", ": ", ":", ",", "---"),
    *("#", "# c", " # d's", " #", "\t# e", "  ", "    ", " ", "\n", "\n\n", "\r", "\ufeff", "\u2028", "\x85"),
)
KEYS = ("a", "lr", "b c", "\u00e9", "x_1", "z/w", "k-1")
ODD_KEYS = ("a:b", "on", "2", '"k"', "#", "# a", "- a", "  a", "  - a", "    a", "-")
PLAIN = ("1", "0.1", "1.0e-03", "tiny", "true", "null", "a/b.c", "x y", ".nan", "[]", "-2", '"q # r"')
ENDS = ("", "", " # told", "  # it's", " ", "#")


def lines(keys: tuple[str, ...], values: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.builds("{}: {}{}".format, *map(st.sampled_from, (keys, values, ENDS)))


LINE = st.one_of(lines(KEYS, PLAIN), lines(KEYS, PLAIN), lines(ODD_KEYS, PLAIN), lines(KEYS, PARTS))
TEXTS = st.one_of(
    st.lists(LINE, min_size=1, max_size=5, unique_by=lambda line: line.partition(":")[0]).map("\n".join),
    st.lists(st.sampled_from(PARTS)).map("".join),
)


@given(TEXTS)
@example("text: |\n  # a line\n\n  another\nlr: 1")
@example("# it's\na: 1 # |\n\nb:\n  - c # d\n  - e\n")
@example("a: 'b\n# c\nd: 1\n'")
@example("a: b\n# c\n  d")
@example("a: 1.5e+999")
@example("a: 1 # b\rc")
def test_the_same_as_the_general_reader(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    plain = read_plain(data)
    if plain is not None:
        assert same(plain, params_file.parse("params.yaml", data))


def test_what_most_files_are_like_is_plain() -> None:
    text = "# of it\n\nmodel:\n  name: tiny # it's small\n  layers: 2\nlr: 0.1   # rate\nseeds:\n  - 1\n"
    told = {"model": {"name": "tiny", "layers": 2}, "lr": 0.1, "seeds": [1]}
    assert read_plain(text.encode()) == told
    assert parse("p.yaml", text.encode()) == told
    assert read_plain(b"a: [1]\n") is None
    assert parse("p.yaml", b"a: [1]\n") == {"a": [1]}
    assert parse("p.json", b'{"a": 1}') == {"a": 1}
    assert parse("p.toml", b"a = 1") == {"a": 1}


def test_what_is_broken_is_told_as_ever() -> None:
    for data in (b"a: 1\na: 2\n", b"a: b: c\n", b"- a\n", b"a: \xff\n"):
        assert read_plain(data) is None
        with pytest.raises(BrokenFile, match=r"params\.yaml"):
            parse("params.yaml", data)
