import random
import time
from contextlib import suppress

import pytest
import yaml as pyyaml
from hypothesis import example, given, settings
from ruamel.yaml import YAML

from gitexp.errors import BrokenFile, BrokenRecord
from gitexp.formats.canonical_reader import NotCanonical, read
from gitexp.formats.yaml import dump, load, load_user
from tests.formats.values import LINES, LONG, TRICKY, TRICKY_NUMBERS, exact, mappings

EVERYTHING = {
    "strings": dict.fromkeys(TRICKY, 1) | {text + "x": text for text in TRICKY},
    "list": [*TRICKY, *LINES, *TRICKY_NUMBERS, LONG],
    "lines": {text: text for text in LINES},
    "long": {key: {key: [key, {key: "a\nb"}]} for key in LONG},
    "nested": [[[1, [], {}], {"a": [{"b": "x\ny"}, [["z\n"]]]}], [], {}, [{"": {"": ""}}]],
}


@settings(deadline=None, max_examples=80)
@given(mappings)
@example(EVERYTHING)
def test_what_was_dumped_loads_as_it_was(value):
    data = dump(value)
    assert exact(read(data, longest=1 << 21)) == exact(value)
    assert exact(load(data, what="x")) == exact(value)


@settings(deadline=None, max_examples=40)
@given(mappings)
@example(EVERYTHING)
def test_the_general_reader_reads_it_alike(value):
    data = dump(value) + b"# by hand\n"
    with pytest.raises(NotCanonical):
        read(data, longest=1 << 21)
    assert exact(load(data, what="x")) == exact(value)
    assert exact(load_user(data.decode(), what="x")) == exact(value)


@settings(deadline=None, max_examples=40)
@given(mappings)
@example(EVERYTHING)
def test_stock_readers_read_it_alike(value):
    data = dump(value)
    assert exact(pyyaml.safe_load(data)) == exact(value)
    assert exact(pyyaml.load(data, Loader=pyyaml.CSafeLoader)) == exact(value)
    assert exact(YAML(typ="safe", pure=True).load(data)) == exact(value)


@settings(deadline=None, max_examples=80)
@given(mappings)
def test_no_change_of_a_character_is_misread(value):
    """Where the fast reader takes a damaged text, the general one says the same or has a stricter view."""
    text = dump(value).decode()
    chance = random.Random(text)
    at = chance.randrange(len(text))
    damaged = (
        text[:at] + chance.choice(["", " ", "\n", "-", ":", '"', "#", "0", "'", "  ", "|"]) + text[at + 1 :]
    )
    try:
        fast = read(damaged.encode(), longest=1 << 21)
    except NotCanonical:
        return
    assert exact(load_user(damaged, what="x")) == exact(fast)


@pytest.mark.parametrize(
    "text",
    [
        *("a: |\n  x\n\nb: 1\n", "a: |-\n  x\n\nb: 1\n", "a: |+\n  x\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n"),
        *("a: |2\n  x\n", "a: |2\n   x\n", "a: |\n\n  x\n", "a: |\n  x\n \n", "a: |\n\n", "a: |\n"),
        *(
            "a: 1 \n",
            "a:  1\n",
            "a : 1\n",
            "a:\n  - 1\n  b: 2\n",
            "a:\n- 1\n",
            "a:\n   - 1\n",
            "a:\n",
            "a: \n",
        ),
        *(
            "a: -0\n",
            "a: 01\n",
            "a: 1.\n",
            "a: 1e5\n",
            "a: 0x1F\n",
            "a: +1\n",
            "a: .NaN\n",
            "a: True\n",
            "- 1\n",
        ),
        *(
            'a: "x" \n',
            'a: "\\/"\n',
            'a: "\\ud83d\\ude00"\n',
            'a: "x\n  y"\n',
            "a: x\n  y\n",
            "a: x\n\n",
            "\n",
        ),
        *("? a\n: 1\n", "? a\n", "a:\n  b: 1\n c: 2\n", "a: x # y\n", "a: 1", "a:\n  -\n", "a:\n  - \n"),
    ],
)
def test_what_is_nearly_canonical_is_not_misread(text):
    try:
        fast = read(text.encode(), longest=100)
    except NotCanonical:
        return
    assert exact(fast) == exact(load_user(text, what="x"))


@pytest.mark.parametrize("word", "y N yes No ON off true False NULL none NaN inf Infinity".split())
def test_words_that_some_reader_retypes_are_quoted(word):
    assert dump({word: word}).decode() == f'"{word}": "{word}"\n'


def test_layout():
    value = {
        "lr": 1e-5,
        "layers": [64, {"size": 2, "act": "relu"}, [1, 2]],
        "empty": {"list": [], "map": {}},
        "text": "one\n\ntwo\n",
        "no": "no",
    }
    assert dump(value).decode() == (
        "lr: 1.0e-05\nlayers:\n  - 64\n  - size: 2\n    act: relu\n  - - 1\n    - 2\n"
        'empty:\n  list: []\n  map: {}\ntext: |\n  one\n\n  two\n"no": "no"\n'
    )
    assert dump({}) == b"{}\n"
    assert load(b"{}\n", what="x") == {}


def test_subclasses_and_tuples_are_written_as_what_they_are():
    class Number(float):
        def __repr__(self):
            return "Number"

    class Word(str):
        __slots__ = ()

    assert dump({Word("a"): (Number(1.5), Word("no"))}) == b'a:\n  - 1.5\n  - "no"\n'


def test_integers_of_any_size():
    value = {"a": 10**4400, "b": [-(10**5000)], "c": 10**4299, "d": -(10**4299)}
    data = dump(value)
    for reader in (
        lambda data: load(data, what="x"),
        lambda data: load(data + b"#\n", what="x"),
        pyyaml.safe_load,
    ):
        assert (reader(data) == value) is True
    assert (YAML(typ="safe", pure=True).load(data) == value) is True


def test_a_lone_surrogate_is_kept_as_its_escape():
    assert load(dump({"a": "x\udc80\n"}), what="x") == {"a": "x\\udc80\n"}


@pytest.mark.parametrize("value", [{"a": b"x"}, {"a": {1, 2}}, {"a": object()}])
def test_what_is_no_value_is_refused(value):
    with pytest.raises(TypeError):
        dump(value)


def test_depth_that_can_be_written_can_be_read():
    def nested(depth):
        value = {}
        for _ in range(depth - 1):
            value = {"a": value}
        return value

    assert exact(load(dump(nested(64)), what="x")) == exact(nested(64))
    assert exact(load(dump(nested(64)) + b"#\n", what="x")) == exact(nested(64))
    with pytest.raises(BrokenRecord):
        dump(nested(66))
    with pytest.raises(BrokenRecord, match="'x' line 1, column 65: nested more than 64 deep"):
        load(b"[" * 65 + b"]" * 65, what="x")


def test_large_params_are_legal():
    value = {"prompt": "word " * 200_000, "lines": "line\n" * 200_000}
    value["keys"] = {f"group{i}": {f"key{j}": j for j in range(100)} for i in range(100)}
    assert load(dump(value), what="x") == value


def test_records_edited_by_hand_are_read():
    text = "# merged\na: 'x'\nb: {c: 1e-3, d: [1, 0o17, ~]}\ne: >-\n  one\n  two\n'no': on\n2: 012\n"
    expected = {"a": "x", "b": {"c": 1e-3, "d": [1, 15, None]}, "e": "one two", "no": "on", "2": 12}
    assert exact(load(text.encode(), what="x")) == exact(expected)
    assert load(b"", what="x") is None


MERGE_BOMB = "a0: &a0 {x: 1}\n" + "".join(
    f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}], k{i}: 1}}\n" for i in range(1, 30)
)
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
HOSTILE = {
    "brackets": b"[" * 100_000,
    "braces": b"{" * 100_000,
    "many braces": b"{a: " * 100_000,
    "dashes": b"- " * 100_000,
    "questions": b"? " * 100_000,
    "quote": b'"' + b"a" * 400_000,
    "bangs": b"!" * 1_000_000,
    "bangs in a list": b"[!" + b"!" * 1_000_000,
    "anchor": b"a: &" + b"x" * 1_000_000,
    "laughs": LAUGHS.encode(),
    "merge bomb": MERGE_BOMB.encode(),
    "self": b"a: &a [*a]\n",
    "self map": b"&a {b: *a}\n",
    "large scalar": b"a: " + b"x" * 20_000_000,
    "large quoted": b'a: "' + b"x" * 20_000_000 + b'"\n',
    "large canonical scalar": b"a: " + b"x" * 3_000_000 + b"\n",
    "duplicate": b"a: 1\nb: 2\na: 3\n",
    "duplicate in flow": b"{a: 1, a: 2}\n",
    "tag": b"a: !!python/object/apply:os.system [x]\n",
    "unknown tag": b"a: !foo x\n",
    "many keys": b"".join(b"k%d: 1\n" % i for i in range(150_000)) + b"#\n",
    "nul": b"a: x\0y\n",
    "escape": b"a: \x1b[0m\n",
    "c1": b"a: \xc2\x9b0m\n",
    "surrogate escape": b'a: "\\ud800"\n',
    "surrogate bytes": b"a: \xed\xa0\x80\n",
    "documents": b"a: 1\n---\nb: 2\n",
    "tab": b"a:\n\tb: 1\n",
    "tabs": b"\t" * 1_000_000,
    "latin-1": b"a: \xe9\n",
    "utf-16": "a: 1\n".encode("utf-16"),
    "unclosed": b"a: [1, 2\n",
    "beyond unicode": b'a: "\\U00110000"\n',
    "percent": b"%" * 100_000,
    "version": b"%YAML 9.9\n---\na: 1\n",
    "alias of nothing": b"a: *b\n",
    "merge of text": b"a: {<<: x}\n",
    "list as key": b"[a]: 1\n",
}
RECORDS_ONLY = ("surrogate bytes", "latin-1", "utf-16", "many keys")
"""What is no text at all, or what people may do to themselves."""

STRICT = {
    "anchor": b"a: &x 1\n",
    "alias": b"a: &x 1\nb: *x\n",
    "merge": b"a: {<<: {b: 1}}\n",
    "core tag": b"a: !!str 1\n",
    "bare tag": b"a: ! 1\n",
}


def bounded(call, *args, **kwargs):
    start = time.process_time()
    try:
        return call(*args, **kwargs)
    finally:
        # Not a benchmark: what this guards against is killed by the kernel, or never ends.
        assert time.process_time() - start < 30


@pytest.mark.parametrize("name", [*HOSTILE, *(f"strict {name}" for name in STRICT)])
def test_hostile_records_are_refused(name):
    data = HOSTILE[name] if name in HOSTILE else STRICT[name.removeprefix("strict ")]
    with pytest.raises(BrokenRecord) as caught:
        bounded(load, data, what="run.yaml")
    assert caught.value.message.startswith("'run.yaml'")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in RECORDS_ONLY])
def test_hostile_files_are_refused(name):
    with pytest.raises(BrokenFile, match=r"^'p.yaml' line \d+, column \d+: "):
        bounded(load_user, HOSTILE[name].decode(), what="p.yaml")


@settings(deadline=None, max_examples=60)
@given(mappings)
def test_broken_text_is_refused_and_never_crashes(value):
    text = dump(value).decode()
    chance = random.Random(text)
    for _ in range(3):
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice("[]{}\"'&*!|>%@`#:-?,\t\n\\") + text[at + chance.randrange(3) :]
    with suppress(BrokenRecord):
        load(text.encode(), what="x")


def test_user_files_are_typed_as_yaml_1_2():
    text = (
        "[1e-3, 1E5, .5, no, on, 12:30, 012, 1_000, 0o17, 0x1F, ~, null, true, 1., -.inf, +1, 2026-01-01, ="
    )
    text += ", 1e400]"
    expected = [1e-3, 1e5, 0.5, "no", "on", "12:30", 12, "1_000", 15, 31, None, None, True, 1.0]
    expected += [float("-inf"), 1, "2026-01-01", "=", float("inf")]
    assert exact(load_user(text, what="x")) == exact(expected)


def test_anchors_and_merge_keys_of_users_work():
    text = """
base: &base {lr: 1, deep: &deep {x: 1}}
a: {<<: *base, lr: 2}
b: {lr: 3, <<: [*deep, *base]}
c: *base
d: {deep: *deep, t: !!str 1, f: !!float 1, n: !!null ''}
"""
    base = {"lr": 1, "deep": {"x": 1}}
    value = load_user(text, what="x")
    assert value == {
        "base": base,
        "a": {**base, "lr": 2},
        "b": {**base, "lr": 3, "x": 1},
        "c": base,
        "d": {"deep": {"x": 1}, "t": "1", "f": 1.0, "n": None},
    }
    assert value["c"] is not value["base"]


def test_user_files_name_line_and_column():
    with pytest.raises(BrokenFile, match=r"'params\.yaml' line 3, column 4: mapping values"):
        load_user("a: 1\nb: 2\n  c: 3\n", what="params.yaml")
    with pytest.raises(BrokenFile, match=r"'params\.yaml' line 2, column 1: the key 'a' stands here twice"):
        load_user("a: 1\na: 2\n", what="params.yaml")
