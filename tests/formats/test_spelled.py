"""Values that are written as another version of the file spells them."""

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.formats.params_file import edit, parse, respelled
from gitexp.merge.mappings import changes

SCALARS = (
    *(
        "off",
        "on",
        "yes",
        "No",
        "y",
        "true",
        "~",
        "null",
        "",
        "2_000",
        "1e-3",
        "1e3",
        "1.0e+3",
        "010",
        "0o17",
    ),
    *("0x1F", "0b11", "1:30", "12:30:45", "2025-02-02", "2001-12-14 21:59:43.10 -5", ".inf", "-.INF", ".nan"),
    *(
        '"off"',
        "'off'",
        "'it''s'",
        '"a\\nb"',
        "plain text",
        "a, b",
        "1,000",
        "[off, 2_000]",
        "{a: on, b: 1_0}",
    ),
    *("!!str 12", "!!float 1", "!!str off", "&x off", "x#y", "http://a/b"),
    *("|\n  You are\n   off\n\n  good", ">-\n  folded\n  text", "|2\n   deep", "|+\n  kept\n"),
    *(
        "\n  - off # first\n  # second\n  - 2_000",
        "\n- on\n- a: no\n  b: 010",
        "\n  on: 1\n  b: [off]\n  c: ~",
    ),
    *("&y\n  a: off", "[\n  off, # why\n  1_0\n  ]", "two\n  lines"),
)
scalars = st.sampled_from(SCALARS)
names = ("a", "b", "c", "on", "2025-01-01")


def source(values, pad=""):
    lines = [f"{key}: {value}".rstrip(" ") for key, value in values.items()]
    return "".join(pad + line + "\n" if line else "\n" for line in "\n".join(lines).split("\n"))


mappings = st.dictionaries(st.sampled_from(names), scalars, min_size=1, max_size=4)


def is_usable(values):
    """PyYAML does not have an anchor twice."""
    return all(sum(value.startswith(anchor) for value in values.values()) < 2 for anchor in ("&x", "&y"))


@settings(deadline=None, max_examples=100)
@given(mappings.filter(is_usable), mappings.filter(is_usable), st.sampled_from(["", "m:\n"]))
def test_what_a_changed_key_means_to_pyyaml_is_what_it_means_in_the_source(old, new, top):
    pad = "  " if top else ""
    before, after = top + source(old, pad), top + source(new, pad)
    wanted = changes(parse("p.yaml", before.encode()), parse("p.yaml", after.encode()))
    wanted |= respelled("p.yaml", before.encode(), after.encode())
    result = edit("p.yaml", before.encode(), wanted, [after.encode()]).decode()
    assert _equal(yaml.safe_load(result), yaml.safe_load(after)), result


def _equal(one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and (one == other or one != one)


def test_style_and_comments_come_along():
    old = b"""\
prompt: hi # kept
layers: # sizes
  - 1
  # second
  - 2
model:
    width: 1
flow: {a: 1, "b":"x"}
last: 1
"""
    new = b"""\
prompt: |
    You are a
      helper.
layers:
- 1 # first
# third
- 3
model:
  width: off
  new: 3 # mine
flow: {a: 2_0, "b":off}
on: 010 # whole
last: 1
"""
    result = edit("p.yaml", old, changes(parse("p.yaml", old), parse("p.yaml", new)), [new])
    assert (
        result.decode()
        == """\
prompt: | # kept
    You are a
      helper.
layers: # sizes
- 1 # first
# third
- 3
model:
    width: off
    new: 3 # mine
flow: {a: 2_0, "b": off}
last: 1
on: 010 # whole
"""
    )
    back = edit("p.yaml", result, changes(parse("p.yaml", new), parse("p.yaml", old)), [old])
    assert parse("p.yaml", back) == parse("p.yaml", old)


def test_aliases_that_are_written_out_are_spelled_as_their_anchor():
    text = b"base: &b {shuffle: off}\nother: *b\n"
    assert (
        edit("p.yaml", text, {("base", "k"): 1}) == b"base: &b {shuffle: off, k: 1}\nother: {shuffle: off}\n"
    )


def test_json_and_toml_values_are_written_as_they_were():
    old, new = b'{"a": 1, "b": [1]}', b'{"a": 1e3, "b": [1,\n 2.50], "c": {"d": 1E-1}}'
    wanted = changes(parse("p.json", old), parse("p.json", new))
    assert edit("p.json", old, wanted, [new]) == b'{"a": 1e3, "b": [1,\n 2.50], "c": {"d": 1E-1}}'
    old = b"a = 1 # kept\n[t]\nx = 1\n"
    new = b"a = 0x1F\n[t]\nx = 2025-02-02\ny = [1_000, 'p'] # mine\n[u]\nz = 1e3\n"
    wanted = changes(parse("p.toml", old), parse("p.toml", new))
    result = edit("p.toml", old, wanted, [new]).decode()
    assert result == "a = 0x1F # kept\n[t]\nx = 2025-02-02\ny = [1_000, 'p'] # mine\n\n[u]\nz = 1e3\n"


def test_a_spelling_that_does_not_fit_is_not_taken():
    """At the end of a text that has no line break, a block has none either."""
    assert parse("p.yaml", edit("p.yaml", b"a: 1\nb: 2\n", {("a",): "x"}, [b"a: |\n  x"])) == {
        "a": "x",
        "b": 2,
    }
    assert edit("p.yaml", b"a: 1\n", {("a",): "off"}, [b"a: ["]) == b'a: "off"\n'
