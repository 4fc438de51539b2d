"""Params files as the merge driver merges them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitexp.errors import BrokenFile
from gitexp.formats import params_file
from gitexp.formats.yaml import dump
from gitexp.git.process import Git
from gitexp.merge import mappings
from gitexp.model.values import same
from gitexp.ops.drivers.lines import Texts, merge_lines
from gitexp.ops.drivers.params import MAX_SIZE, merge

BASE = """\
# training
lr: 0.1  # rate
wd: 0.0
model:
  # how wide
  width: 3
  depth: 2
layers:
  - 1
  - 2
  - 3
  - 4
"""


def by_lines(texts: Texts) -> bytes | None:
    return merge_lines(Git(Path.cwd(), dict(os.environ)), texts)


def merged(ours: str, theirs: str, base: str = BASE, path: str = "params.yaml") -> bytes | Texts:
    return merge(path, Texts(base.encode(), ours.encode(), theirs.encode()), by_lines)


def clean(ours: str, theirs: str, base: str = BASE, path: str = "params.yaml") -> str:
    found = merged(ours, theirs, base, path)
    assert isinstance(found, bytes)
    return found.decode()


def conflicting(ours: str, theirs: str, base: str = BASE, path: str = "params.yaml") -> str:
    """The file with the marks that git leaves."""
    found = merged(ours, theirs, base, path)
    assert isinstance(found, Texts)
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for place, text in zip(places, (found.ours, found.base, found.theirs), strict=True):
            place.write_bytes(text)
        names = ("-L", "ours", "-L", "base", "-L", "theirs")
        git = Git(Path(folder), dict(os.environ))
        result = git.run("merge-file", "-p", "-q", *names, *map(str, places), check=False)
    assert result.code > 0
    return result.stdout.decode()


def test_keys_side_by_side_are_no_conflict() -> None:
    ours, theirs = BASE.replace("lr: 0.1", "lr: 0.2"), BASE.replace("wd: 0.0", "wd: 0.5")
    assert by_lines(Texts(BASE.encode(), ours.encode(), theirs.encode())) is None
    assert clean(ours, theirs) == ours.replace("wd: 0.0", "wd: 0.5")


def test_comments_of_both_sides_stay() -> None:
    ours = BASE.replace("# training", "# training, ours").replace("lr: 0.1", "lr: 0.2")
    theirs = BASE.replace("wd: 0.0", "wd: 0.5").replace("  # how wide", "  # how wide it is")
    assert clean(ours, theirs) == ours.replace("wd: 0.0", "wd: 0.5").replace("how wide", "how wide it is")


def test_where_comments_collide_ours_stay() -> None:
    ours = BASE.replace("# rate", "# the rate").replace("lr: 0.1", "lr: 0.2")
    theirs = BASE.replace("# rate", "# a rate").replace("wd: 0.0", "wd: 0.5")
    assert clean(ours, theirs) == ours.replace("wd: 0.0", "wd: 0.5")


def test_keys_come_and_go() -> None:
    ours = BASE.replace("wd: 0.0\n", "")
    theirs = BASE.replace("lr: 0.1  # rate\n", "lr: 0.3  # rate\nseed: 1\n").replace("  depth: 2\n", "")
    assert params_file.parse("p.yaml", clean(ours, theirs).encode()) == {
        "lr": 0.3,
        "seed": 1,
        "model": {"width": 3},
        "layers": [1, 2, 3, 4],
    }


def test_a_key_that_both_add_is_there_once() -> None:
    """By line it would be there twice, which no reader takes."""
    ours, theirs = "seed: 1\n" + BASE, BASE + "seed: 1\n"
    lines = by_lines(Texts(BASE.encode(), ours.encode(), theirs.encode()))
    assert lines is not None
    assert lines.count(b"seed") == 2
    assert clean(ours, theirs) == ours


def test_marks_of_a_conflict_are_at_its_key_alone() -> None:
    ours = BASE.replace("lr: 0.1", "lr: 0.2").replace("width: 3", "width: 4")
    theirs = BASE.replace("lr: 0.1", "lr: 0.3").replace("wd: 0.0", "wd: 0.5")
    marked = "<<<<<<< ours\nlr: 0.2  # rate\n=======\nlr: 0.3  # rate\n>>>>>>> theirs\n"
    expected = ours.replace("lr: 0.2  # rate\n", marked).replace("wd: 0.0", "wd: 0.5")
    assert conflicting(ours, theirs) == expected


def test_a_key_taken_away_here_and_changed_there_is_a_conflict() -> None:
    ours, theirs = BASE.replace("wd: 0.0\n", ""), BASE.replace("wd: 0.0", "wd: 0.5").replace("0.1", "0.7")
    found = conflicting(ours, theirs)
    assert "<<<<<<< ours\n=======\nwd: 0.5\n>>>>>>> theirs\n" in found
    assert "lr: 0.7  # rate\n" in found


def test_lines_of_one_list_are_merged_as_git_does() -> None:
    ours, theirs = BASE.replace("- 1\n", "- 10\n"), BASE.replace("- 4\n", "- 40\n")
    assert clean(ours, theirs) == ours.replace("- 4\n", "- 40\n")


def test_json_and_toml() -> None:
    base = '{\n  "lr": 0.1,\n  "wd": 0.0\n}\n'
    found = clean(base.replace("0.1", "0.2"), base.replace("0.0", "0.5"), base, "params.json")
    assert found == '{\n  "lr": 0.2,\n  "wd": 0.5\n}\n'
    base = "lr = 0.1 # rate\nwd = 0.0\n"
    found = clean(base.replace("0.1", "0.2"), base.replace("0.0", "0.5"), base, "params.toml")
    assert found == "lr = 0.2 # rate\nwd = 0.5\n"


@pytest.mark.parametrize(
    "theirs",
    [
        "- a\n",
        "lr: [\n",
        "lr: 1\nlr: 2\n",
        "lr: !!python/object 1\n",
        "<<<<<<< x\n",
        "\x00",
        "a: " + "x" * MAX_SIZE,
    ],
)
def test_what_is_no_params_file_is_left_to_git(theirs: str) -> None:
    with pytest.raises(BrokenFile):
        merged(BASE.replace("0.1", "0.2"), theirs)


def test_anchors_stay_where_git_can_merge_the_text() -> None:
    base = "a: &x {b: 1}\nc: 2\nd: 3\ne: 4\nf: *x\n"
    ours, theirs = base.replace("b: 1", "b: 5"), base.replace("e: 4", "e: 6")
    assert clean(ours, theirs, base) == ours.replace("e: 4", "e: 6")


keys = st.sampled_from(["a", "b", "c", "d"])
trees = st.recursive(
    st.integers(0, 3) | st.sampled_from(["x", None, 1.0, [1, 2]]),
    lambda inner: st.dictionaries(keys, inner, max_size=4),
    max_leaves=6,
)
params = st.dictionaries(keys, trees, max_size=4)


@settings(deadline=None, max_examples=30)
@given(params, params, params)
@example({"b": {"d": 1, "a": 2}}, {"b": {}}, {"d": None, "c": 2, "b": {"d": None}})
def test_the_merge_means_what_the_merge_by_key_means(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    expected = mappings.merge(base, [ours, theirs])
    found = merged(*(dump(tree).decode() for tree in (ours, theirs, base)))  # raises where it would mislead
    if isinstance(found, bytes):
        read = params_file.parse("p.yaml", found)
        changed = mappings.changes(expected.values, read)
        assert all(any(key[: len(one.key)] == one.key for one in expected.conflicts) for key in changed)
        return
    assert expected.conflicts
    # Each side has what the merge by key has, and its own where the sides differ.
    sides = [params_file.parse("p.yaml", text) for text in found]
    for number, one in enumerate(sides):
        known = mappings.changes(expected.values, one)
        assert all(any(key[: len(c.key)] == c.key for c in expected.conflicts) for key in known)
        for conflict in expected.conflicts:
            wanted = (conflict.base, *conflict.values)[number]
            assert same(_at(one, conflict.key), wanted)


def _at(tree: Any, key: tuple[str, ...]) -> Any:
    from gitexp.model.missing import MISSING

    for part in key:
        if not isinstance(tree, dict) or part not in tree:
            return MISSING
        tree = tree[part]
    return tree


@settings(deadline=None, max_examples=30)
@given(params, params)
def test_changes_make_the_one_of_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    text = params_file.edit("p.yaml", dump(old), mappings.changes(old, new))
    assert same(params_file.parse("p.yaml", text), new)
