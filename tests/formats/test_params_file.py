import difflib
import json

import pytest
import tomlkit
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gitexp.errors import BrokenFile, UnknownKey, UsageError
from gitexp.formats.assignment import without_key
from gitexp.formats.params_file import (
    Assignment,
    apply,
    edit,
    flatten,
    join_key,
    lookup,
    parse,
    parse_assignment,
    split_key,
)
from gitexp.formats.yaml import dump
from gitexp.model.missing import MISSING
from tests.formats.values import exact

YAML_TEXT = """\
# training
lr: 1e-3  # rate
'model': &m
  name: "x"   # the name

  layers:
    - 1
    # between
    - 2   # two
  # inner
  act: relu

other: *m
inh:
  <<: *m
  z: 1
flow: {a: 1, b: [1,2], c, "d":5,
  e: {}, # end
}
json: {"a":[1], "b":{"c":2}}
nothing:
nothing2: # hello
text: |  # why
  foo

  bar

# about folded
folded: >+
  one
  two

plain: several
  lines of
  text   # end
list:
- a
- b: 1
empty: {}
tagged: !!str 12
last: 'it''s'
"""

TOML_TEXT = """\
# training
lr = 1e-3 # rate
a.b = 1
when = 2026-01-01
[model]  # here
name = "x" # the name
layers = [
  1, # one
  2
]
text = '''
several
'''
inline = { a = 1, b = "c" }

# the last
[opt.sgd]
m = 0.9
"""

JSON_TEXT = """\
{
  "lr": 1e-3,
  "model" : { "name": "x", "layers": [1,
     2], "deep": {"a": {}} },
\t"nan": NaN, "é": "\\u00e9",

  "last": null
}
"""


def changed(before: bytes, after: bytes) -> list[str]:
    """The lines that went (`-`) and came (`+`)."""
    lines = difflib.ndiff(before.decode().splitlines(), after.decode().splitlines())
    return [line[0] + line[2:] for line in lines if line[0] in "+-"]


@pytest.mark.parametrize(
    ("key", "value", "lines"),
    [
        ("lr", 0.1, ["-lr: 1e-3  # rate", "+lr: 0.1  # rate"]),
        ("lr", 1e-5, ["-lr: 1e-3  # rate", "+lr: 1.0e-05  # rate"]),
        ("lr", "1e-3", ["-lr: 1e-3  # rate", '+lr: "1e-3"  # rate']),
        ("flow.a", "x, y", ['-flow: {a: 1, b: [1,2], c, "d":5,', '+flow: {a: "x, y", b: [1,2], c, "d":5,']),
        ("flow.c", 3, ['-flow: {a: 1, b: [1,2], c, "d":5,', '+flow: {a: 1, b: [1,2], c: 3, "d":5,']),
        ("flow.d", [], ['-flow: {a: 1, b: [1,2], c, "d":5,', '+flow: {a: 1, b: [1,2], c, "d":[],']),
        ("flow.e.f", True, ["-  e: {}, # end", "+  e: {f: true}, # end"]),
        ("json.b.c", "x", ['-json: {"a":[1], "b":{"c":2}}', '+json: {"a":[1], "b":{"c":"x"}}']),
        ("nothing", 5, ["-nothing:", "+nothing: 5"]),
        ("nothing2", {"a": 1}, ["-nothing2: # hello", "+nothing2: {a: 1} # hello"]),
        ("nothing2.a", 1, ["-nothing2: # hello", "+nothing2: {a: 1} # hello"]),
        ("text", "a\nb", ["-text: |  # why", "-  foo", "-", "-  bar", '+text: "a\\nb"']),
        ("plain", "x", ["-plain: several", "-  lines of", "-  text   # end", "+plain: x   # end"]),
        ("list", [1], ["-list:", "-- a", "-- b: 1", "+list: [1]"]),
        ("empty", [{"a": None}], ["-empty: {}", "+empty: [{a: null}]"]),
        ("tagged", 13, ["-tagged: !!str 12", "+tagged: 13"]),
        ("last", "no", ["-last: 'it''s'", '+last: "no"']),
        ("new", {"a": {"b": 1}}, ["+new:", "+  a:", "+    b: 1"]),
        ("other", 1, ["-other: *m", "+other: 1"]),
        ("other.act", "z", ["-other: *m", '+other: {name: "x", layers: [1, 2], act: z}']),
        ("inh.act", "gelu", ["+  act: gelu"]),
        ("inh.z", 2, ["-  z: 1", "+  z: 2"]),
        ("inh.new.a", 2, ["+  new:", "+    a: 2"]),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_yaml_edits_touch_the_value_alone(key, value, lines, newline, final):
    text = YAML_TEXT.replace("\n", newline)
    before = (text if final else text.removesuffix(newline)).encode()
    after = edit("params.yaml", before, {split_key(key): value})
    assert sorted(changed(before, after)) == sorted(lines)
    assert after.endswith(b"\n") is final
    if newline == "\r\n":
        assert after.count(b"\n") == after.count(b"\r\n")
    assert edit("params.yaml", before, {}) == before


def test_aliases_of_a_changed_value_keep_theirs():
    before = YAML_TEXT.encode()
    after = edit("params.yaml", before, {("model", "layers"): [3], ("model", "name"): "y"})
    value = parse("params.yaml", after)
    assert value["model"] == {"name": "y", "layers": [3], "act": "relu"}
    assert value["other"] == {"name": "x", "layers": [1, 2], "act": "relu"}
    assert value["inh"] == {"name": "x", "layers": [1, 2], "act": "relu", "z": 1}
    assert "    # between" not in after.decode()
    assert "  # inner" in after.decode()


@pytest.mark.parametrize("base", [{"a": 1}, {"a": {"b": 2}}])
def test_empty_files_can_be_filled(base):
    for before in (b"", b"# nothing yet", b"# nothing yet\n", b"---\n", b"{}\n", b"\xef\xbb\xbf# bom\n"):
        changes = {split_key(key): value for key, value in flatten(base).items()}
        after = edit("p.yaml", before, changes)
        assert parse("p.yaml", after) == base
        assert after.startswith(before) or before == b"{}\n"
    for path in ("p.json", "p.toml"):
        assert parse(path, edit(path, b"", changes)) == base


@pytest.mark.parametrize(
    ("key", "value", "lines"),
    [
        ("lr", 0.1, ["-lr = 1e-3 # rate", "+lr = 0.1 # rate"]),
        ("a.b", 2, ["-a.b = 1", "+a.b = 2"]),
        ("a.c", 2, ["+a.c = 2"]),
        ("model.name", "z", ['-name = "x" # the name', '+name = "z" # the name']),
        ("model.layers", [1.5], ["-layers = [", "-  1, # one", "-  2", "-]", "+layers = [1.5]"]),
        ("model.inline.a", 2, ['-inline = { a = 1, b = "c" }', '+inline = { a = 2, b = "c" }']),
        ("opt.sgd.m", 1, ["-m = 0.9", "+m = 1"]),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_toml_edits_touch_the_value_alone(key, value, lines, newline):
    before = TOML_TEXT.replace("\n", newline).encode()
    after = edit("p.toml", before, {split_key(key): value})
    assert sorted(changed(before, after)) == sorted(lines)
    assert after.count(b"\n") == after.count(newline.encode())


@pytest.mark.parametrize(
    "key", ["new", "model.new", "opt.sgd.new", "opt.adam.m", "x.y.z", "model.inline.new"]
)
def test_toml_edits_add_keys(key):
    before = TOML_TEXT.encode()
    after = edit("p.toml", before, {split_key(key): 1})
    assert lookup(parse("p.toml", after), split_key(key)) == 1
    assert [line for line in changed(before, after) if line[0] == "-" and "inline" not in line] == []


@pytest.mark.parametrize(
    ("path", "key", "lines"),
    [
        ("p.yaml", "lr", ["-lr: 1e-3  # rate"]),
        ("p.yaml", "flow.a", ['-flow: {a: 1, b: [1,2], c, "d":5,', '+flow: {b: [1,2], c, "d":5,']),
        ("p.yaml", "json.b", ['-json: {"a":[1], "b":{"c":2}}', '+json: {"a":[1]}']),
        ("p.yaml", "json.b.c", ['-json: {"a":[1], "b":{"c":2}}', '+json: {"a":[1], "b":{}}']),
        ("p.yaml", "text", ["-text: |  # why", "-  foo", "-", "-  bar"]),
        ("p.yaml", "list", ["-list:", "-- a", "-- b: 1"]),
        ("p.yaml", "other.act", ["-other: *m", '+other: {name: "x", layers: [1, 2]}']),
        ("p.yaml", "last", ["-last: 'it''s'"]),
        ("p.toml", "lr", ["-lr = 1e-3 # rate"]),
        ("p.toml", "a.b", ["-a.b = 1", "+", "+[a]"]),
        ("p.toml", "model.inline.b", ['-inline = { a = 1, b = "c" }', "+inline = { a = 1  }"]),
        ("p.toml", "opt.sgd.m", ["-m = 0.9"]),
        ("p.json", "lr", ['-  "lr": 1e-3,', '-  "model" :', '+  "model" :']),
        (
            "p.json",
            "last",
            ['-\t"nan": NaN, "é": "\\u00e9",', '+\t"nan": NaN, "é": "\\u00e9"', "-", '-  "last": null'],
        ),
    ],
)
def test_a_key_is_taken_away_alone(path, key, lines):
    before = {"p.yaml": YAML_TEXT, "p.toml": TOML_TEXT, "p.json": JSON_TEXT}[path].encode()
    after = edit(path, before, {split_key(key): MISSING})
    assert parse(path, after) == without_key(parse(path, before), split_key(key))
    if path != "p.json" or key != "lr":
        assert sorted(changed(before, after)) == sorted(lines)


def test_a_key_that_is_not_there_is_not_taken_away():
    for path, text in (("p.yaml", YAML_TEXT), ("p.toml", TOML_TEXT), ("p.json", JSON_TEXT)):
        with pytest.raises(UnknownKey):
            edit(path, text.encode(), {("lt",): MISSING})
    with pytest.raises(BrokenFile, match="without changing something else"):
        edit("p.yaml", YAML_TEXT.encode(), {("inh", "act"): MISSING})


def test_toml_has_no_null():
    with pytest.raises(BrokenFile, match="TOML has no null"):
        edit("p.toml", b"a = 1\n", {("a",): [None]})


@pytest.mark.parametrize(
    ("key", "value", "old", "new"),
    [
        ("lr", 0.5, "1e-3", "0.5"),
        ("model.name", "é", '"x"', '"é"'),
        ("model.layers", {"a": []}, "[1,\n     2]", '{"a": []}'),
        ("model.deep.a.b", 1, "{}", '{"b": 1}'),
        ("model.new", 1, '{"a": {}}', '{"a": {}}, "new": 1'),
        ("last", [float("inf")], "null", "[Infinity]"),
        ("last.a", 1, "null", '{"a": 1}'),
        ("new", 1, "null", 'null,\n  "new": 1'),
    ],
)
def test_json_edits_touch_the_value_alone(key, value, old, new):
    after = edit("p.json", JSON_TEXT.encode(), {split_key(key): value})
    assert after.decode() == JSON_TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        ("p.json", '{\n  "a": 1, // no\n}', "line 2, column 11"),
        ("p.json", '{"a": 1, "a": 2}', ""),
        ("p.json", "[1]", "line 1, column 1"),
        ("p.json", '{"a":' * 100_000, ""),
        ("p.yaml", "a: 1\n\tb: 2\n", "line 2"),
        ("p.yaml", "- a\n", "line 1, column 1"),
        ("p.yml", "a: [\n", "line 2, column 1"),
        ("p.toml", "a = 1\nb =\n", "line 2"),
        ("p.toml", "a = 1\na = 2\n", ""),
        ("p.ini", "a = 1\n", ""),
    ],
)
def test_broken_files_are_named_with_line_and_column(path, text, place):
    with pytest.raises(BrokenFile, match=rf"'{path}'.*{place}"):
        parse(path, text.encode())


def test_files_that_are_not_utf_8_are_refused():
    with pytest.raises(BrokenFile, match=r"'p\.toml' line 2, column 4: not UTF-8"):
        parse("p.toml", b"a = 1\nb =\xff\n")


def test_dates_of_toml_are_text():
    assert parse("p.toml", TOML_TEXT.encode())["when"] == "2026-01-01"


def test_an_edit_that_would_change_something_else_is_refused():
    with pytest.raises(BrokenFile, match=r"cannot set 'b' in 'p\.yaml' without changing something else"):
        edit("p.yaml", b"a: |\n  x", {("b",): 1})


names = st.sampled_from(["lr", "model", "name", "no", "1", "x.y", "é", "true", "layers"]) | st.text(
    "ab: #'\"-.,{}[]", max_size=6
)
leaves = (
    st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False)
    | st.text("ab 1-#:,[]{}'\"\n\\é", max_size=10)
)
items = leaves | st.lists(leaves, max_size=3)
trees = st.recursive(
    st.dictionaries(names, items, min_size=1, max_size=4),
    lambda inner: st.dictionaries(names, items | inner, min_size=1, max_size=4),
    max_leaves=12,
)
comments = st.sampled_from(["", "", "  # note", " #: {x"])


@st.composite
def yaml_files(draw):
    """A tree, and YAML for it in a layout that people use."""
    lines = []
    step = draw(st.sampled_from([1, 2, 4]))

    def write(tree, pad):
        for key, value in tree.items():
            if draw(st.integers(0, 3)) == 0:
                lines.append(draw(st.sampled_from(["", f"{pad}# about it", "# odd", "   "])))
            head = f"{pad}{json.dumps(key, ensure_ascii=False)}:"
            if isinstance(value, dict) and draw(st.booleans()):
                lines.append(head + draw(comments))
                write(value, pad + " " * step)
            elif isinstance(value, list) and value and draw(st.booleans()):
                lines.append(head + draw(comments))
                dash = pad + draw(st.sampled_from(["", " ", "  "])) + "- "
                for item in value:
                    lines.append(dash + json.dumps(item).replace("Infinity", ".inf") + draw(comments))
            elif isinstance(value, str) and draw(st.booleans()):
                text = dump({"k": value}).decode().removeprefix("k:").removesuffix("\n")
                lines.extend(
                    (head + text).split("\n") if "\n" not in text else [head + " " + json.dumps(value)]
                )
            else:
                lines.append(
                    f"{head} {json.dumps(value, ensure_ascii=False)}".replace("Infinity", ".inf")
                    + draw(comments)
                )

    tree = draw(trees)
    write(tree, "")
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    return newline.join(lines) + draw(st.sampled_from(["", newline, newline + "# end" + newline]))


def pick(data, tree):
    """A key of `tree`, or a new one, with a value for it."""
    keys = [split_key(key) for key in flatten(tree) if "" not in key.split(".")]
    key = data.draw(st.sampled_from(keys)) if keys else ("lr",)
    cut = data.draw(st.integers(1, len(key)))
    more = data.draw(st.lists(names.filter(bool), max_size=2))
    return (*key[:cut], *more), data.draw(items | trees)


def expected(tree, key, value):
    return apply(tree, [Assignment(key, value, add=True)])[0]


def without(lines, gone):
    return [line for line in lines if line not in gone]


@settings(deadline=None, max_examples=60)
@given(yaml_files(), st.data())
def test_any_yaml_edit_reads_back(text, data):
    before = text.encode()
    tree = parse("p.yaml", before)
    key, value = pick(data, tree)
    after = edit("p.yaml", before, {key: value})
    assert exact_unordered(parse("p.yaml", after)) == exact_unordered(expected(tree, key, value))
    assert one_hunk(before, after)


@settings(deadline=None, max_examples=60)
@given(trees, st.sampled_from([None, 0, 1, "\t"]), st.data())
def test_any_json_edit_reads_back(tree, indent, data):
    before = json.dumps(tree, indent=indent, ensure_ascii=data.draw(st.booleans())).encode()
    key, value = pick(data, tree)
    after = edit("p.json", before, {key: value})
    assert exact_unordered(parse("p.json", after)) == exact_unordered(expected(tree, key, value))
    assert one_hunk(before, after)


@settings(deadline=None, max_examples=50)
@given(trees, st.data())
def test_any_toml_edit_reads_back(tree, data):
    before = tomlkit.dumps(tree).replace(" = ", "  =  ").encode()
    try:
        tree = parse("p.toml", before)
    except BrokenFile:
        assume(False)
    key, value = pick(data, tree)
    after = edit("p.toml", before, {key: value})
    assert exact_unordered(parse("p.toml", after)) == exact_unordered(expected(tree, key, value))


@settings(deadline=None, max_examples=60)
@given(yaml_files(), st.data())
def test_any_yaml_key_can_be_taken_away(text, data):
    removes(data, "p.yaml", text.encode())


@settings(deadline=None, max_examples=60)
@given(trees, st.sampled_from([None, 0, 1, "\t"]), st.data())
def test_any_json_key_can_be_taken_away(tree, indent, data):
    removes(data, "p.json", json.dumps(tree, indent=indent).encode())


@settings(deadline=None, max_examples=50)
@given(trees, st.data())
def test_any_toml_key_can_be_taken_away(tree, data):
    try:
        removes(data, "p.toml", tomlkit.dumps(tree).encode())
    except BrokenFile:
        assume(False)


def removes(data, path, before):
    """One key after the other is taken away: what is left reads as without them, the rest is as it was."""
    tree = parse(path, before)
    for _ in range(3):
        keys = [split_key(key) for key in flatten(tree) if "" not in key.split(".")]
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        key = key[: data.draw(st.integers(1, len(key)))]
        tree, after = without_key(tree, key), edit(path, before, {key: MISSING})
        assert exact_unordered(parse(path, after)) == exact_unordered(tree)
        assert one_hunk(before, after)
        before = after


def exact_unordered(value):
    if isinstance(value, dict):
        return {key: exact_unordered(item) for key, item in value.items()}
    return exact(value) if not isinstance(value, list) else [exact_unordered(item) for item in value]


def one_hunk(before, after):
    """Whether all that differs is one stretch of lines, and all others are there byte for byte."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return sum(tag != "equal" for tag, *_ in blocks) <= 2


@pytest.mark.parametrize(
    ("text", "assignment"),
    [
        ("lr=1e-3", Assignment(("lr",), 1e-3)),
        ("+a.b=[1, two]", Assignment(("a", "b"), [1, "two"], True)),
        ("a={b: {c: 1}}", Assignment(("a",), {"b": {"c": 1}})),
        ("a=", Assignment(("a",), "")),
        ("a= x ", Assignment(("a",), " x ")),
        ("a=b=c", Assignment(("a",), "b=c")),
        ("a=true", Assignment(("a",), True)),
        ("a=no", Assignment(("a",), "no")),
        ("a=null", Assignment(("a",), None)),
        ('a="1"', Assignment(("a",), "1")),
        ("a={name} said", Assignment(("a",), "{name} said")),
        ("a=[1", Assignment(("a",), "[1")),
        ("a=b: c # d", Assignment(("a",), "b: c # d")),
        (r"a\.b.c=.5", Assignment(("a.b", "c"), 0.5)),
        ("a=012", Assignment(("a",), 12)),
        ("a=0o17", Assignment(("a",), 15)),
        ("a=-.inf", Assignment(("a",), float("-inf"))),
    ],
)
def test_assignments(text, assignment):
    found = parse_assignment(text)
    assert found == assignment
    assert exact(found.value) == exact(assignment.value)


@pytest.mark.parametrize("text", ["lr", "=1", "a..b=1", ".a=1", "a.=1", "+=1"])
def test_what_is_no_assignment_is_refused(text):
    with pytest.raises(UsageError):
        parse_assignment(text)


@given(st.lists(st.text(r"ab.\ ", min_size=1), min_size=1))
def test_keys_split_as_they_were_joined(key):
    assert split_key(join_key(key)) == tuple(key)


def test_flatten():
    assert flatten({"a": {"b.c": 1, "d": {}}, "e": [1, {"f": 2}]}) == {
        r"a.b\.c": 1,
        "a.d": {},
        "e": [1, {"f": 2}],
    }


def test_unknown_keys_name_the_nearest():
    params = {"model": {"dropout": 0.1}, "lr": 1}
    with pytest.raises(UnknownKey, match=r"unknown parameter 'model\.dropuot'") as caught:
        apply(params, [parse_assignment("model.dropuot=0.2")])
    assert caught.value.hint.startswith("did you mean 'model.dropout'?")
    with pytest.raises(UnknownKey) as caught:
        apply(params, [parse_assignment("dropout=0.2")])
    assert caught.value.hint.startswith("did you mean 'model.dropout'?")


def test_assignments_apply_in_order():
    params = {"a": {"b": 1}, "c": 2}
    new, changes = apply(
        params, [parse_assignment(text) for text in ("a.b=3", "+a.d.e=x", "a.d.e=y", "a.b=4")]
    )
    assert new == {"a": {"b": 4, "d": {"e": "y"}}, "c": 2}
    assert list(changes.items()) == [(("a", "d", "e"), "y"), (("a", "b"), 4)]
    assert params == {"a": {"b": 1}, "c": 2}
    with pytest.raises(UnknownKey):
        lookup(new, ("a", "b", "c"))
