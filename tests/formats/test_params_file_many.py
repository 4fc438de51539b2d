"""Many keys of a params file set and taken away at once: as one by one, and read as often as for one."""

import json
from itertools import combinations

import pytest
import tomlkit
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gitexp.errors import BrokenFile, UnknownKey, UsageError
from gitexp.formats import params_file, splice_json, splice_yaml
from gitexp.formats.assignment import has, split_key, with_changes, with_value, without_key
from gitexp.formats.params_file import edit, flatten, parse
from gitexp.formats.splices import Splice, spliced
from gitexp.model.missing import MISSING
from tests.formats.test_params_file import exact_unordered, pick, trees, yaml_files


def several(data, path, text):
    """Changes of which each can be made after those before it."""
    tree = parse(path, text)
    keys = [split_key(key) for key in flatten(tree) if "" not in key.split(".")]
    gone = data.draw(st.lists(st.sampled_from(keys), max_size=3)) if keys else []
    new = [pick(data, tree) for _ in range(data.draw(st.integers(1, 3)))]
    changes = dict(data.draw(st.permutations([*dict.fromkeys(gone, MISSING).items(), *new])))
    try:
        with_changes(tree, changes.items())
    except UsageError:
        assume(False)
    return changes


def one_by_one(path, text, changes):
    for key, value in changes.items():
        text = edit(path, text, {key: value})
    return parse(path, text)


def agrees(data, path, text):
    changes = several(data, path, text)
    assert exact_unordered(parse(path, edit(path, text, changes))) == exact_unordered(
        one_by_one(path, text, changes)
    )


@settings(deadline=None, max_examples=60)
@given(yaml_files(), st.data())
def test_yaml(text, data):
    agrees(data, "p.yaml", text.encode())


@settings(deadline=None, max_examples=60)
@given(trees, st.sampled_from([None, 0, 1, "\t"]), st.data())
def test_json(tree, indent, data):
    agrees(data, "p.json", json.dumps(tree, indent=indent).encode())


@settings(deadline=None, max_examples=40)
@given(trees, st.data())
def test_toml(tree, data):
    try:
        agrees(data, "p.toml", tomlkit.dumps(tree).encode())
    except BrokenFile:  # tomlkit cannot, and says so
        assume(False)


@pytest.mark.parametrize(
    ("path", "before", "changes", "after"),
    [
        (
            "p.yaml",
            "a:\n  b: 1  # one\nf: {x: 1, y: 2, z: 3}\n# end",
            {
                ("a", "c"): 2,
                ("o",): 3,
                ("f", "x"): 9,
                ("f", "w"): 4,
                ("a", "b"): 5,
                ("m", "k"): 6,
                ("m", "l"): 7,
            },
            "a:\n  b: 5  # one\n  c: 2\nf: {x: 9, y: 2, z: 3, w: 4}\no: 3\nm:\n  k: 6\n  l: 7\n# end",
        ),
        (
            "p.yaml",
            "a: &x {b: 1, c: 2}\nd: *x\ne: *x\n",
            {("d", "b"): 3, ("e", "c"): MISSING, ("a", "b"): 4},
            "a: &x {b: 4, c: 2}\nd: {b: 3, c: 2}\ne: {b: 1}\n",
        ),
        (
            "p.yaml",
            "a: {b: 1, c: 2, d: 3}\nx:\n  y: 1\n  z: 2\nk: 1\n",
            {
                ("a", "c"): MISSING,
                ("a", "d"): MISSING,
                ("x", "y"): MISSING,
                ("x", "z"): MISSING,
                ("k",): MISSING,
            },
            "a: {b: 1}\nx: {}\n",
        ),
        ("p.yaml", "", {("a", "b"): 1, ("c",): 2}, "a:\n  b: 1\nc: 2\n"),
        (
            "p.json",
            '{"a": {"b": 1, "c": 2}, "d": 3, "e": {"f": 1}}',
            {("a", "b"): MISSING, ("a", "c"): MISSING, ("d",): MISSING},
            '{"a": {}, "e": {"f": 1}}',
        ),
        (
            "p.json",
            '{\n  "a": 1,\n  "d": {}\n}',
            {("b",): 2, ("a",): 9, ("d", "x"): 1, ("d", "y"): 2, ("c", "k"): 3},
            '{\n  "a": 9,\n  "d": {"x": 1, "y": 2},\n  "b": 2,\n  "c": {"k": 3}\n}',
        ),
    ],
)
def test_layouts(path, before, changes, after):
    assert edit(path, before.encode(), changes).decode() == after


@pytest.mark.parametrize(
    ("path", "text", "reader"), [("p.yaml", "lr: 1\n", splice_yaml), ("p.json", "{}", splice_json)]
)
def test_a_file_is_read_as_often_for_a_thousand_keys_as_for_one(monkeypatch, path, text, reader):
    """What `edit` reads it for: what it means before and after, and where its items stand."""
    read = []
    for module, name in ((params_file, "load_user"), (splice_yaml, "compose_user"), (splice_json, "parse")):
        real = getattr(module, name)

        def counting(*args, real=real, **more):
            read.append(1)
            return real(*args, **more)

        monkeypatch.setattr(module, name, counting)

    def count(changes):
        read.clear()
        assert len(parse(path, edit(path, full, changes))) == len(full_values) + len(changes) * sign
        return len(read)

    new = {(f"k{number}",): number for number in range(1000)}
    full, full_values, sign = text.encode(), parse(path, text.encode()), 1
    assert count(new) == count({("k",): 1})
    full, sign = edit(path, full, new), -1
    full_values = parse(path, full)
    assert count(dict.fromkeys(list(new)[:-1], MISSING)) == count({("k0",): MISSING})


def test_what_cannot_be_set_is_named_among_many():
    changes = {(f"k{number}",): number for number in range(20)} | {("k7",): 7, ("bad", "x"): None}
    with pytest.raises(BrokenFile, match=r"cannot set 'bad\.x' in 'p\.toml': TOML has no null"):
        edit("p.toml", b"lr = 1\n", changes)


def test_changes_are_made_in_order():
    params = {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
    changes = [
        (("a", "c", "d"), 5),
        (("a", "c"), 7),
        (("a", "c", "x"), 1),
        (("e", "f"), 2),
        (("n", "m"), 0),
        (("a", "b"), MISSING),
    ]
    for some in combinations(changes, 3):
        expected = params
        for key, value in some:
            expected = without_key(expected, key) if value is MISSING else with_value(expected, key, value)
        assert with_changes(params, some) == expected
    assert params == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
    with pytest.raises(UnknownKey):
        with_changes(params, [(("a",), 1), (("a", "b"), MISSING)])
    assert has(params, ("a", "b"))


def test_splices_are_found_in_the_text_as_it_was():
    found = [Splice(3, 3, "outer", 1), Splice(3, 3, "inner", 2), Splice(0, 1, ""), Splice(1, 3, "x")]
    assert spliced("abcd", found) == "xinnerouterd"
    assert spliced("abcd", [Splice(0, 3, ""), Splice(1, 2, "")]) is None
