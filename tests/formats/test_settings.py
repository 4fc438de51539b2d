from __future__ import annotations

import pytest

from gitexp.errors import BrokenFile
from gitexp.formats.audit_settings import Audit
from gitexp.formats.declared import Declared
from gitexp.formats.settings import Noise, Settings, View, parse
from gitexp.model.completeness import Least, Level

FULL = b"""\
params: conf/params.yaml
metrics: [results.json]
goals:
  odd: min
isolated:
  link: [data]
views:
  paper:
    query: "tag:paper and acc > .9"
    sort: -acc
    columns: [name, params.lr, metrics.acc.max]
    group_by: params.model
    limit: 5
  default:
    columns: [+note]
"""


def test_everything_that_can_be_set() -> None:
    settings = parse(FULL)
    assert settings.params == ("conf/params.yaml",)
    assert settings.metrics == ("results.json",)
    assert settings.goals == {"odd": "min"}
    assert settings.link == ("data",)
    assert settings.views["paper"] == View(
        "paper",
        query="tag:paper and acc > .9",
        sort="-acc",
        columns=("name", "params.lr", "metrics.acc.max"),
        group_by=("params.model",),
        limit=5,
    )
    assert settings.views["default"] == View("default", columns=("+note",))
    assert settings.unknown == ()


def test_paths_are_spelled_as_git_does() -> None:
    spelled = b"[./a.yaml, b//c.yaml, d/, e/../f, '']"
    settings = parse(b"".join(b"%s: %s\n" % (key, spelled) for key in (b"params", b"metrics", b"outputs")))
    given = ("a.yaml", "b/c.yaml", "d", "f", "")
    assert (settings.params, settings.metrics, settings.outputs) == (given, given, given)
    assert parse(b"inputs: {data: [./x]}\n").inputs == {"data": (Declared("x"),)}


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b"params:\ngoals: {}\nviews:\n"])
def test_all_may_be_left_out(data: bytes) -> None:
    assert parse(data) == Settings()


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"a: 1\nparms: [x]\n", "line 2, column 1: unknown setting 'parms'", "did you mean 'params'?"),
        (
            b"isolated: {lnk: x}\n",
            "line 1, column 12: unknown setting 'lnk' in 'isolated'",
            "did you mean 'link'?",
        ),
        (
            b"views:\n  a:\n    group-by: x\n",
            "line 3, column 5: unknown setting 'group-by' in 'views.a'",
            "did you mean 'group_by'?",
        ),
        (b"zzz: 1\n", "line 1, column 1: unknown setting 'zzz'", "known are params, metrics, outputs"),
    ],
)
def test_what_is_unknown_is_told_with_its_place(data: bytes, message: str, hint: str) -> None:
    found = parse(data).unknown[-1]
    assert found.message == f"'.gitexp.yaml' {message}"
    assert found.hint
    assert found.hint.startswith(hint)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"params: [a\n", "line 2, column 1: "),
        (b"params: {a: 1}\n", "line 1, column 1: 'params' is not a list of strings"),
        (b"x: 1\ngoals:\n  acc: up\n", "line 3, column 3: the goal of 'acc' is 'up'"),
        (b"noise:\n  acc: a bit\n", "line 2, column 3: the noise of 'acc' is 'a bit'"),
        (b"noise: {acc: -1}\n", "line 1, column 9: the noise of 'acc' is -1"),
        (b"noise: {acc: .nan}\n", "line 1, column 9: the noise of 'acc' is nan"),
        (b"noise: {acc: true}\n", "line 1, column 9: the noise of 'acc' is True"),
        (b"noise: {acc: '%'}\n", "line 1, column 9: the noise of 'acc' is '%'"),
        (b"goals: [acc]\n", "line 1, column 1: 'goals' is not a mapping"),
        (b"views:\n  a: 3\n", "line 2, column 3: 'a' is not a mapping"),
        (b"views: {a: {limit: -1}}\n", "line 1, column 13: 'limit' is not a number of runs"),
        (b"views: {a: {limit: true}}\n", "line 1, column 13: 'limit' is not a number of runs"),
        (b"views: {a: {query: [x]}}\n", "line 1, column 13: 'query' is not a text"),
        (b"views: {default: {query: x}}\n", "line 1, column 19: the view 'default' may have no query"),
        (b"views: {default: {limit: 3}}\n", "line 1, column 19: the view 'default' may have no limit"),
        (b"a: 1\na: 2\n", "line 2, column 1: the key 'a' stands here twice"),
    ],
)
def test_what_is_broken_is_an_error_with_its_place(data: bytes, message: str) -> None:
    with pytest.raises(BrokenFile) as caught:
        parse(data)
    assert caught.value.message.startswith(f"'.gitexp.yaml' {message}")


def test_a_list_is_no_settings() -> None:
    with pytest.raises(BrokenFile, match="is not a mapping"):
        parse(b"- a\n")


def test_what_comes_by_way_of_a_merge_key_has_no_place() -> None:
    text = b"x: &x {columns: 3}\nviews:\n  a:\n    <<: *x\n"
    with pytest.raises(BrokenFile, match="'columns' is not a list of strings") as caught:
        parse(text)
    assert "line" not in caught.value.message


def test_noise_is_a_number_or_a_share() -> None:
    noise = parse(b"noise: {acc: 0.002, loss: 1%, time: ' 2.5 %', n: 0}\n").noise
    assert noise == {
        "acc": Noise(0.002),
        "loss": Noise(0.01, relative=True),
        "time": Noise(0.025, relative=True),
        "n": Noise(0),
    }
    assert noise["acc"].around(50) == 0.002
    assert noise["loss"].around(-50) == 0.5


def test_how_complete_runs_have_to_be() -> None:
    assert parse(b"").audit == Audit()
    assert not parse(b"audit: {}\n").audit.demands
    found = parse(b"audit: {require: [model, dataset, model], min: E2}\n").audit
    assert found == Audit(("model", "dataset"), Least(level=Level.E2))
    assert found.demands
    assert parse(b"audit:\n  require: model\n").audit == Audit(("model",))
    assert (
        parse(b"audit: {min: 0.8}\n").audit
        == parse(b"audit: {min: 80%}\n").audit
        == Audit((), Least(score=0.8))
    )
