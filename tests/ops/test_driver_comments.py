"""The comments of params files, merged as the merge driver merges them."""

from __future__ import annotations

import itertools
import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.formats import params_file
from gitexp.git.process import Git
from gitexp.ops.drivers.comments import left_out, merged
from gitexp.ops.drivers.lines import Texts, merge_lines
from gitexp.ops.drivers.params import merge

BASE = """\
# training
hidden: 16

optim:
  lr: 0.1   # step size
  wd: 0.0   # decay
"""
ADA = """\
# training
# A: see notebook 7
hidden: 16  # A: do not touch

optim:
  lr: 0.4   # bigger, by Ada
  wd: 0.0   # decay
"""
GRACE = BASE.replace("wd: 0.0   # decay", "wd: 0.01   # some decay, by Grace")
BOTH = ADA.replace("wd: 0.0   # decay", "wd: 0.01   # some decay, by Grace")


@cache
def by_lines(texts: Texts) -> bytes | None:
    return merge_lines(Git(Path.cwd(), dict(os.environ)), texts)


def never(_: Texts) -> bytes | None:
    """A merge by line that always finds conflicts: all is left to the keys."""
    return None


def of(base: str, ours: str, theirs: str) -> Texts:
    return Texts(base.encode(), ours.encode(), theirs.encode())


def test_a_text_of_several_lines_that_became_a_value_loses_no_comment() -> None:
    base = "a: 1\nb: |  # keep\n  t1\n  t2\nc: 1\nd: 1\ne: 1\n"
    ours = base.replace("a: 1", "a: 2  # mine").replace("c: 1", "c: 2")
    theirs = "a: 1\nb: 5  # keep\nc: 1\n# why d\nd: 1\ne: 1  # of e\n"
    texts = of(base, ours, theirs)
    both = "a: 2  # mine\nb: 5  # keep\nc: 2\n# why d\nd: 1\ne: 1  # of e\n"
    assert merge("params.yaml", texts, never) == both.encode()
    assert left_out("params.yaml", texts, both.encode()) == []


def test_line_breaks_stay_those_of_the_file() -> None:
    base, ours = "b: [1, 2]\r\nz: x\r\n", "b: [1, 2]\r\nz: y\r\n"
    theirs = "b: [1, 2]  # two\r\n# the last\r\nz: x  # z\r\n"
    text = merge("params.yaml", of(base, ours, theirs), never)
    assert text == b"b: [1, 2]  # two\r\n# the last\r\nz: y  # z\r\n"


def test_a_value_of_another_side_brings_no_comment_in_toml() -> None:
    text = params_file.edit("p.toml", b"a = [1, 2]  # ours\n", {("a",): [1, 3]}, [b"a = [1, 3]  # theirs\n"])
    assert text == b"a = [1, 3]  # ours\n"


@pytest.mark.parametrize(("ours", "theirs"), [(ADA, GRACE), (GRACE, ADA)])
def test_a_comment_goes_with_its_key(ours: str, theirs: str) -> None:
    texts = of(BASE, ours, theirs)
    assert by_lines(texts) is None
    assert merge("params.yaml", texts, by_lines) == BOTH.encode()
    assert left_out("params.yaml", texts, BOTH.encode()) == []


def test_in_toml_too() -> None:
    base, ours, theirs, both = (
        text.replace("optim:", "[optim]").replace(": ", " = ").replace("# A = ", "# A: ")
        for text in (BASE, ADA, GRACE, BOTH)
    )
    assert merge("params.toml", of(base, ours, theirs), by_lines) == both.encode()
    assert merge("params.toml", of(base, theirs, ours), by_lines) == both.encode()


def test_of_a_file_that_both_added_the_comments_of_both_are_there() -> None:
    ours, theirs = "# ours\na: 1\nb: 2  # two\n", "a: 1  # one\nb: 2\n# more\nc: 3\n"
    found = merge("params.yaml", of("", ours, theirs), by_lines)
    assert found == b"# ours\na: 1  # one\nb: 2  # two\n# more\nc: 3\n"


def test_a_comment_that_both_changed_stays_ours_and_is_told() -> None:
    ours = BASE.replace("# decay", "# decay, ours").replace("lr: 0.1", "lr: 0.2")
    theirs = BASE.replace("# decay", "# decay, theirs").replace("wd: 0.0", "wd: 0.5")
    texts = of(BASE, ours, theirs)
    found = merge("params.yaml", texts, by_lines)
    assert found == ours.replace("wd: 0.0", "wd: 0.5").encode()
    assert left_out("params.yaml", texts, found) == [
        "'params.yaml': a comment on 'optim.wd' is left out, of theirs: # decay, theirs"
    ]


def test_what_stands_in_a_conflict_are_the_lines_of_each_side() -> None:
    ours = BASE.replace("lr: 0.1   # step size", "lr: 0.9   # far bigger, by Grace")
    found = merge("params.yaml", of(BASE, ours, ADA), by_lines)
    assert isinstance(found, Texts)
    assert (
        found.ours == ADA.replace("lr: 0.4   # bigger, by Ada", "lr: 0.9   # far bigger, by Grace").encode()
    )
    assert found.theirs == ADA.encode()
    assert b"  lr: 0.1   # step size\n" in found.base


def test_the_comments_of_a_key_that_theirs_took_away_are_told() -> None:
    ours = BASE.replace("# decay", "# keep this small").replace("lr: 0.1", "lr: 0.2")
    texts = of(BASE, ours, BASE.replace("  wd: 0.0   # decay\n", ""))
    found = merge("params.yaml", texts, by_lines)
    assert isinstance(found, bytes)
    assert b"wd" not in found
    (told,) = left_out("params.yaml", texts, found)
    assert "of ours: # keep this small" in told


def test_comments_inside_of_a_list_come_with_it() -> None:
    base = "a: 1\nlayers:\n  - 1  # first\n  - 2\nz: 0\n"
    ours = base.replace("a: 1", "a: 2").replace("z: 0", "z: 5")
    theirs = (
        base.replace("  - 2\n", "  # then\n  - 2\n").replace("a: 1", "a: 1  # one").replace("z", "y: 1\nz")
    )
    found = merge("params.yaml", of(base, ours, theirs), never)
    assert isinstance(found, bytes)
    assert b"  - 1  # first\n  # then\n  - 2\n" in found
    assert b"a: 2  # one\n" in found


NAMES = ("a", "b", "m.c", "m.d", "e")
TEXTS = st.sampled_from(["", "one", "two # three", "ünï: x", "-"])
EDIT = st.tuples(st.sampled_from(["value", "behind", "above"]), TEXTS, st.integers(1, 9))


def written(items: dict[str, dict[str, object]]) -> str:
    lines: list[str] = []
    for name in NAMES:
        one = items[name]
        pad = "  " if "." in name else ""
        if name == "m.c":
            lines.append("m:")
        lines += [f"{pad}# {one['above']}"] if one.get("above") else []
        behind = f"  # {one['behind']}" if one.get("behind") else ""
        lines.append(f"{pad}{name[-1]}: {one['value']}{behind}")
    return "\n".join(lines) + "\n"


def edited(
    items: dict[str, dict[str, object]], edits: dict[str, tuple[str, str, int]]
) -> dict[str, dict[str, object]]:
    return {
        name: one
        | ({edits[name][0]: edits[name][2 if edits[name][0] == "value" else 1]} if name in edits else {})
        for name, one in items.items()
    }


ITEMS = st.fixed_dictionaries(
    {name: st.fixed_dictionaries({"value": st.just(0), "above": TEXTS, "behind": TEXTS}) for name in NAMES}
)


@settings(max_examples=30, deadline=None)
@given(ITEMS, st.dictionaries(st.sampled_from(NAMES), st.tuples(st.booleans(), EDIT)))
def test_edits_of_different_keys_are_both_made(
    items: dict[str, dict[str, object]], edits: dict[str, tuple[bool, tuple[str, str, int]]]
) -> None:
    ours, theirs = (
        {k: edit for k, (side, edit) in edits.items() if side is which} for which in (True, False)
    )
    texts = of(written(items), written(edited(items, ours)), written(edited(items, theirs)))
    both = written(edited(edited(items, ours), theirs)).encode()
    assert merge("params.yaml", texts, never) == both
    assert left_out("params.yaml", texts, both) == []


@settings(max_examples=30, deadline=None)
@given(ITEMS, st.dictionaries(st.sampled_from(NAMES), EDIT))
def test_merging_once_more_changes_nothing(
    items: dict[str, dict[str, object]], edits: dict[str, tuple[str, str, int]]
) -> None:
    base, one = written(items), written(edited(items, edits))
    for texts in (of(base, one, one), of(base, base, one), of(base, one, base)):
        assert merge("params.yaml", texts, never) == one.encode()


@settings(max_examples=30, deadline=None)
@given(ITEMS, *[st.dictionaries(st.sampled_from(NAMES), EDIT)] * 2)
def test_no_comment_is_dropped_in_silence(
    items: dict[str, dict[str, object]],
    ours: dict[str, tuple[str, str, int]],
    theirs: dict[str, tuple[str, str, int]],
) -> None:
    texts = of(written(items), written(edited(items, ours)), written(edited(items, theirs)))
    found = merge("params.yaml", texts, never) if texts.ours != texts.theirs else texts.ours
    results = (found,) if isinstance(found, bytes) else (found.ours, found.theirs)
    told = left_out("params.yaml", texts, *results)
    for key, edit in itertools.chain(ours.items(), theirs.items()):
        if edit[0] != "value" and edit[1] not in ("", items[key][edit[0]]):
            comment = f"# {edit[1]}"
            there = any(comment in text.decode() for text in results)
            assert there or any(one.endswith(comment) for one in told), key


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "p.yaml",
            "# x\na: 'b # c' # d\n\nm: # e\n  # f\n  n: |  # g\n    # no\n  o: [1, # h\n    2]\n# end",
        ),
        ("p.toml", "# x\na = 'b # c' # d\n\n[m] # e\nn = '''\n# no\n''' # g\n'o.p'.q = [1, # h\n 2]\n# end"),
    ],
)
def test_a_text_is_all_of_its_pieces(path: str, text: str, end: str) -> None:
    data = (text.replace("\n", end or "\n") + end).encode()
    lines = params_file.lines_of(path, data)
    assert lines is not None
    assert params_file.put_together(lines, data) == data
    found = [comment.strip("\r") for _, comment in lines.comments()]
    assert found == [f"# {word}" for word in ("x", "d", "e", "f", "g", "h", "end") if f"# {word}" in text]


@pytest.mark.parametrize("text", ["{a: 1}\n", "? a\n: 1\n", "--- {}\n", "[[t]]\na = 1\n"])
def test_without_lines_for_the_keys_ours_stays(text: str) -> None:
    path = "p.toml" if text.startswith("[[") else "p.yaml"
    data = text.encode()
    assert params_file.lines_of(path, data) is None
    assert merged(path, data, Texts(data, data, data), by_lines) == data
