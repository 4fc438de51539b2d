"""Logs that are damaged, hostile or odd: told with file, member and line."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import BrokenFile, GitExpError, NewerFormat, NotFound, UsageError
from gitexp.formats.identity import pin_of
from gitexp.interop.imported import Columns, Request
from gitexp.interop.logs import FORMATS
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source
from gitexp.interop.zip_members import opened
from gitexp.model.evaluation import Kind, State
from gitexp.model.record import Pin
from tests.interop.logs import FIXTURES, inspect_log, members_of, read, sample, suites, write_eval


def _json(tmp_path: Path, log: Any, name: str = "log.json") -> Path:
    path = tmp_path / name
    path.write_text(log if isinstance(log, str) else json.dumps(log))
    return path


def _lines(tmp_path: Path, *rows: Any, name: str = "rows.jsonl") -> Path:
    text = "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    return _json(tmp_path, text, name)


def test_an_example_that_occurs_twice_is_refused_and_the_first_is_taken_if_asked_for(tmp_path: Path) -> None:
    log = inspect_log(sample("a"), sample("b", value="I"), sample("a", value="I"))
    path = _json(tmp_path, log)
    with pytest.raises(BrokenFile, match=r"log.json, sample 2: id 'a' in epoch 1 occurs twice") as caught:
        read(path)
    assert caught.value.hint == "import what is good: --partial"
    found, told = read(path, partial=True)
    (suite,) = found[0].suites
    assert [(one.id, one.scores) for one in suite.results] == [("a", {"match": 1}), ("b", {"match": 0})]
    assert told == ["log.json, sample 2: id 'a' in epoch 1 occurs twice"]


def test_an_id_that_stands_for_two_inputs_is_refused(tmp_path: Path) -> None:
    log = inspect_log(sample("a"), sample("a", epoch=2) | {"input": "another question"})
    with pytest.raises(BrokenFile, match="sample 1: id 'a' stands for two inputs"):
        read(_json(tmp_path, log))


@pytest.mark.parametrize("name", ["log.eval", "log.json"])
def test_nan_is_no_score_and_counts_as_an_error(tmp_path: Path, name: str) -> None:
    log = inspect_log(sample("a"), sample("b", value=float("nan")), sample("c", value="NaN"))
    path = tmp_path / name
    write_eval(path, members_of(log)) if name == "log.eval" else _json(tmp_path, log)
    found, told = read(path)
    (suite,) = found[0].suites
    assert [(one.state, dict(one.scores)) for one in suite.results] == [
        (State.OK, {"match": 1}),
        (State.ERROR, {}),
        (State.ERROR, {}),
    ]
    where = "log.eval: 'samples/b_epoch_1.json'" if name == "log.eval" else "log.json, sample 1"
    assert told[0] == f"{where}: 'match': nan is no score: it counts as an error"


def test_scores_of_all_kinds_become_numbers_and_others_are_told_of(tmp_path: Path) -> None:
    values = ["C", "I", "P", "N", True, False, 0.25, 3, "yes", "0.5", "very good", ["x"], None]
    log = inspect_log(*(sample(f"s{i:02}", value=value) for i, value in enumerate(values)))
    found, told = read(_json(tmp_path, log))
    (suite,) = found[0].suites
    scores = [one.scores.get("match") for one in suite.results]
    assert scores == [1, 0, 0.5, 0, 1, 0, 0.25, 3, 1, 0.5, None, None, None]
    assert [one for one in told if "left out" in one] == [
        "log.json, sample 10: 'match': 'very good' is no score: left out",
        "log.json, sample 11: 'match.0': 'x' is no score: left out",
    ]
    assert suite.meta.metrics[0].kind is Kind.CONTINUOUS


def test_scores_that_are_mappings_are_one_metric_for_each_key(tmp_path: Path) -> None:
    log = inspect_log(sample("a", value={"style": 1, "facts": {"names": 0.5}}))
    (suite,) = suites(_json(tmp_path, log))
    assert suite.results[0].scores == {"match.style": 1, "match.facts.names": 0.5}


def test_messages_are_the_same_input_whatever_ids_they_were_given(tmp_path: Path) -> None:
    def asked(id: str) -> list[dict[str, Any]]:
        return [{"id": id, "role": "user", "content": "why?", "source": "input", "tool_calls": None}]

    one, other = ([sample("a") | {"input": asked(id)}] for id in ("m1", "m2"))
    first = suites(_json(tmp_path, inspect_log(*one)))[0].examples
    assert first == suites(_json(tmp_path, inspect_log(*other)))[0].examples
    changed = [sample("a") | {"input": [{"role": "user", "content": "who?"}]}]
    assert first != suites(_json(tmp_path, inspect_log(*changed)))[0].examples


def test_choices_are_part_of_the_question(tmp_path: Path) -> None:
    one, other = (sample("a", choices=choices) for choices in (["x", "y"], ["x", "z"]))
    assert suites(_json(tmp_path, inspect_log(one)))[0].examples != (
        suites(_json(tmp_path, inspect_log(other)))[0].examples
    )


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"error": {"message": "boom"}, "scores": None}, State.ERROR),
        ({"limit": {"type": "token", "limit": 5}}, State.LIMIT),
        ({"limit": {"type": "time", "limit": 5}}, State.TIMEOUT),
    ],
)
def test_how_a_sample_ended_is_kept(tmp_path: Path, more: dict[str, Any], state: State) -> None:
    (suite,) = suites(_json(tmp_path, inspect_log({**sample("a"), **more}, sample("b"))))
    assert [one.state for one in suite.results] == [state, State.OK]
    assert suite.errors == 1


def test_a_reported_mean_that_is_not_that_of_the_rows_is_told_and_kept(tmp_path: Path) -> None:
    results = {"scores": [{"name": "match", "scorer": "match", "metrics": {"accuracy": {"value": 0.9}}}]}
    path = _json(tmp_path, inspect_log(sample("a"), sample("b", value="I"), results=results))
    found, told = read(path)
    assert told == ["log.json: reports match/accuracy 0.9, but the mean of its rows is 0.5 (n=2)"]
    assert found[0].suites[0].meta.reported == {"match/accuracy": 0.9}


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.999])
def test_a_truncated_archive_gives_what_is_whole_only_if_asked_for(tmp_path: Path, keep: float) -> None:
    data = (FIXTURES / "inspect" / "baseline.zstd.eval").read_bytes()
    path = tmp_path / "cut.eval"
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(BrokenFile, match=r"cut.eval: it is truncated: [0-9]+ whole members are left of it"):
        read(path)
    found, _ = read(path, partial=True)
    whole = suites(FIXTURES / "inspect" / "baseline.zstd.eval")[0]
    (suite,) = found[0].suites
    assert 0 < len(suite.results) <= len(whole.results)
    assert all(row in whole.results for row in suite.results)


def test_an_evaluation_that_did_not_end_is_taken_by_its_start_if_asked_for(tmp_path: Path) -> None:
    members = members_of(inspect_log(sample("a")))
    members["_journal/start.json"] = members.pop("header.json")
    path = write_eval(tmp_path / "log.eval", members)
    with pytest.raises(BrokenFile, match=r"'header.json' is missing: the evaluation did not come to its end"):
        read(path)
    assert len(read(path, partial=True)[0][0].suites[0].results) == 1


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    path = write_eval(tmp_path / "log.eval", members_of(inspect_log(sample("a"), sample("b"))), ZIP_STORED)
    data = path.read_bytes().replace(b"question b", b"question c")
    path.write_bytes(data)
    with pytest.raises(BrokenFile, match=r"log.eval: 'samples/b_epoch_1.json': its checksum does not fit"):
        read(path)
    assert [one.id for one in read(path, partial=True)[0][0].suites[0].results] == ["a"]


def test_a_member_that_is_no_json_is_named_with_its_line(tmp_path: Path) -> None:
    members = members_of(inspect_log(sample("a"))) | {"samples/b_epoch_1.json": '{"id": "b",\n "epoch": }'}
    path = write_eval(tmp_path / "log.eval", members)
    with pytest.raises(BrokenFile, match=r"log.eval: 'samples/b_epoch_1.json': .*line 2, column 11"):
        read(path)


@pytest.mark.parametrize("name", ["../up.json", "/abs.json", "samples/../../x.json", "..\\x", "a/..\\..\\x"])
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    members = members_of(inspect_log(sample("a")))
    assert read(write_eval(tmp_path / "good.eval", members))
    with pytest.raises(BrokenFile, match=r"log.eval: .* would lead out of the archive"):
        read(write_eval(tmp_path / "log.eval", {**members, name: "{}"}), partial=True)


def test_a_member_that_would_fill_the_memory_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    members = members_of(inspect_log(sample("a"))) | {"samples/bomb_epoch_1.json": " " * (64 << 20)}
    path = write_eval(tmp_path / "log.eval", members)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(BrokenFile, match=r"'samples/bomb_epoch_1.json': 67108864 bytes in .*fill the memory"):
        read(path)
    assert len(read(path, partial=True)[0][0].suites[0].results) == 1


@pytest.mark.parametrize("method", ["deflate", "zstd"])
def test_a_member_that_is_longer_than_it_says_is_not_unpacked_further(tmp_path: Path, method: str) -> None:
    import zlib

    import zstandard

    plain = b" " * (8 << 20)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = (
        squeeze.compress(plain) + squeeze.flush() if method == "deflate" else zstandard.compress(plain, 19)
    )
    path = tmp_path / "log.zip"
    _forge(path, b"samples/a.json", packed, 8 if method == "deflate" else 93, size=100)
    with opened(path, "log.zip") as archive:
        assert [one.size for one in archive.members] == [100]
        with pytest.raises(BrokenFile, match=r"log.zip: 'samples/a.json': it has other than the 100 bytes"):
            archive.read(archive.members[0])


def _forge(path: Path, name: bytes, packed: bytes, method: int, size: int) -> None:
    """An archive of one member that lies about its size."""
    local = struct.pack(
        "<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0, method, 0, 0, 0, len(packed), size, len(name), 0
    )
    central = struct.pack(
        *("<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", 20, 20, 0, method, 0, 0, 0, len(packed), size),
        *(len(name), 0, 0, 0, 0, 0, 0),
    )
    at = len(local) + len(name) + len(packed)
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, len(central) + len(name), at, 0)
    path.write_bytes(local + name + packed + central + name + end)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda p: write_eval(p, {"readme.txt": "hello"}), "not a log of Inspect: it has no 'header.json'"),
        (lambda p: write_eval(p, {"header.json": "[]"}), "'header.json' is no header of Inspect"),
        (lambda p: p.write_bytes(b"PK\x03\x04"), "not a log of Inspect"),
        (lambda p: p.write_text('{"version": 2, "eval": {'), "line 1, column 25: .*truncated"),
        (lambda p: p.write_text("[" * 100_000), "nested too deep"),
        (lambda p: p.write_bytes(b'{"a": "\xff"}'), "not UTF-8"),
        (lambda p: p.write_bytes(b""), "no log of a known format"),
        (lambda p: p.write_bytes(b"\0\1\2\3"), "no log of a known format"),
        (lambda p: p.mkdir(), "holds no log that is known"),
        (lambda p: p.write_text('{"evalId": "x", "results": {}}'), "not results of promptfoo"),
        (lambda p: p.write_text('{"evalId": "x", "results": {"version": 3, "results": []}}'), "no results"),
        (lambda p: p.write_text('{"testCases": []}'), "no test cases"),
    ],
)
def test_what_is_no_log_is_told_as_such(tmp_path: Path, make: Callable[[Path], Any], told: str) -> None:
    path = tmp_path / "log"
    make(path)
    with pytest.raises(BrokenFile, match=told):
        read(path, partial=True)


def test_a_log_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    promptfoo = json.loads((FIXTURES / "promptfoo" / "baseline.json").read_text())
    whole = {**promptfoo, "version": 99}
    promptfoo = {**promptfoo, "results": {**promptfoo["results"], "version": 4}}
    for log in (inspect_log(sample("a"), version=3), promptfoo, whole):
        with pytest.raises(NewerFormat) as caught:
            read(_json(tmp_path, log))
        assert caught.value.hint == "pip install -U gitexp"


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(NotFound, match=r"no file 'none.eval'"):
        read(Path("none.eval"))


def test_samples_of_lm_eval_that_are_damaged_are_told_with_their_line(tmp_path: Path) -> None:
    for path in (FIXTURES / "lm_eval" / "baseline").iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    (samples,) = tmp_path.glob("samples_tinyqa_mc_*")
    lines = samples.read_text().splitlines(keepends=True)
    samples.write_text("".join([*lines[:2], "{oh no\n", *lines[3:]])[:-20])
    with pytest.raises(BrokenFile, match=r"samples_tinyqa_mc_.*, line 3: not JSON"):
        read(tmp_path)
    found, told = read(tmp_path, partial=True)
    assert [len(one.results) for one in found[0].suites] == [6, 4]
    assert "line 6: not JSON" in told[1]
    assert "truncated" in told[1]
    samples.unlink()
    with pytest.raises(BrokenFile, match="no samples of the task 'tinyqa_mc'"):
        read(tmp_path)


def test_documents_that_occur_twice_are_told_apart(tmp_path: Path) -> None:
    for path in (FIXTURES / "lm_eval" / "baseline").iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    (samples,) = tmp_path.glob("samples_tinyqa_mc_*")
    first = json.loads(samples.read_text().splitlines()[0])
    with samples.open("a") as file:
        file.write(json.dumps({**first, "doc_id": 99}) + "\n")
    suite = read(tmp_path)[0][0].suites[1]
    twins = [one for one in suite.examples if one.id.startswith("q-cap-fr")]
    assert [one.id for one in twins] == ["q-cap-fr", "q-cap-fr#2"]
    assert twins[0].x == twins[1].x


def test_descriptions_of_promptfoo_that_stand_for_two_questions_are_no_ids(tmp_path: Path) -> None:
    log = json.loads((FIXTURES / "promptfoo" / "baseline.json").read_text())
    for result in log["results"]["results"]:
        result["testCase"]["metadata"] = {}
        result["testCase"]["description"] = "the same"
    suite = suites(_json(tmp_path, log))[0]
    assert [one.id for one in suite.examples] == sorted(one.x for one in suite.examples)
    assert (len(suite.examples), suite.epochs) == (3, 2)


def test_an_answer_that_could_not_be_had_is_an_error_without_a_score(tmp_path: Path) -> None:
    log = json.loads((FIXTURES / "promptfoo" / "baseline.json").read_text())
    log["results"]["results"][0] |= {"failureReason": 2, "success": False, "score": 0, "error": "no network"}
    states = [
        (one.state, bool(one.scores)) for suite in suites(_json(tmp_path, log)) for one in suite.results
    ]
    assert states.count((State.ERROR, False)) == 1
    assert states.count((State.OK, True)) == 11


def test_columns_with_their_usual_names_are_found(tmp_path: Path) -> None:
    path = _lines(
        tmp_path,
        {"id": "a", "question": "1+1?", "answer": "2", "score": 1, "topic": "math", "epoch": 1},
        {"id": "a", "question": "1+1?", "answer": "2", "score": 0, "topic": "math", "epoch": 2},
        {"id": 7, "question": "2+2?", "answer": "4", "score": True, "topic": "math"},
    )
    (suite,) = suites(path, cluster="topic", columns=Columns(tags=("topic",)))
    assert [(one.id, one.epoch, dict(one.scores)) for one in suite.results] == [
        *(("7", 1, {"score": 1}), ("a", 1, {"score": 1}), ("a", 2, {"score": 0})),
    ]
    assert [(one.cluster, dict(one.tags)) for one in suite.examples] == [("math", {"topic": "math"})] * 2


@pytest.mark.parametrize("tab", [",", "\t"])
def test_csv_with_named_columns(tmp_path: Path, tab: str) -> None:
    text = f"\ufeffwho{tab}said{tab}good\nx{tab}hello{tab}0.5\ny{tab}{tab}1\nz{tab}bye{tab}\n"
    path = _json(tmp_path, text, "rows.csv")
    (suite,) = suites(path, columns=Columns(id="who", input="said", scores=("good",)))
    assert [(one.id, dict(one.scores)) for one in suite.results] == [
        ("x", {"good": 0.5}),
        ("y", {"good": 1}),
        ("z", {}),
    ]
    with pytest.raises(UsageError, match="no column of scores") as caught:
        read(path)
    assert caught.value.hint == "--score who --score said --score good"
    with pytest.raises(UsageError, match="no column 'best'") as caught:
        read(path, Request(columns=Columns(scores=("good", "best"))))
    assert caught.value.hint == "it has good, said, who"


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.json"])
def test_rows_without_any_name_are_numbered(tmp_path: Path, name: str) -> None:
    text = {
        "rows.csv": "score,answer\n1,a\n,b\n0.5,\n",
        "rows.jsonl": '{"score": 1, "answer": "a"}\n\n{"answer": "b"}\n{"score": 0.5, "id": ""}\n',
        "rows.json": '[{"score": 1, "answer": "a"}, {"answer": "b"}, {"score": 0.5}]',
    }[name]
    found, told = read(_json(tmp_path, text, name))
    (suite,) = found[0].suites
    assert [(one.id, dict(one.scores)) for one in suite.results] == [
        *(("1", {"score": 1}), ("2", {}), ("3", {"score": 0.5})),
    ]
    assert len({one.x for one in suite.examples}) == 3
    assert told == [
        f"{name}: its rows have neither ids nor questions: they are numbered, and compared by their places"
        " (--id COLUMN and --input COLUMN name them)"
    ]
    assert pin_of(found[0].inputs[0]) is Pin.INFERRED


def test_rows_are_numbered_by_their_places(tmp_path: Path) -> None:
    rows = [{"score": score, "epoch": epoch} for epoch in (1, 2) for score in (1, 0)]
    (suite,) = suites(_lines(tmp_path, *rows))
    assert [(one.id, one.epoch, one.scores["score"]) for one in suite.results] == [
        *(("1", 1, 1), ("1", 2, 1), ("2", 1, 0), ("2", 2, 0)),
    ]
    # What is damaged has a place as well.
    found, _ = read(_lines(tmp_path, {"score": 1}, "{", {"score": 0}), partial=True)
    assert [one.id for one in found[0].suites[0].results] == ["1", "3"]
    # A name says more than a place.
    named = {"id": "a", "score": 1}, {"input": "b", "score": 1}, {"score": 1}
    with pytest.raises(BrokenFile, match="line 3: neither an id nor a question: --id COLUMN"):
        read(_lines(tmp_path, *named))
    with pytest.raises(BrokenFile, match="line 2: neither an id nor a question"):
        read(_lines(tmp_path, {"id": 1, "score": 1}, {"score": 1}), Request(numbered=False))
    with pytest.raises(
        BrokenFile, match="line 2: its question occurs twice in epoch 1: --id COLUMN or --epo"
    ):
        read(_lines(tmp_path, *[{"input": "b", "score": 1}] * 2))


_ONE = "and a single value at rows.jsonl, line 1: what is in a mapping or list is score.KEY, another metric"


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        (
            [1, {"f1": 0.5}, 0, [1]],
            [f"line 2: 'score' is a mapping, {_ONE}", f"line 4: 'score' is a list, {_ONE}"],
        ),
        (
            [{"f1": 1}, 0.5, None],
            ["line 2: 'score' is a single value, and a mapping at rows.jsonl, line 1: "],
        ),
        ([True, 1, 0.25], ["line 3: 'score' is 0.25, and true (which counts as 1) at rows.jsonl, line 1"]),
        (["0.5", "no"], ['line 2: \'score\' is "no" (which counts as 0), and "0.5" at rows.jsonl, line 1']),
        ([{"f1": 0.5}, {"f1": False}], ["line 2: 'score.f1' is false (which counts as 0), and 0.5 at "]),
        ([True, "no", 1, "0", None], []),
        ([0.5, 1, "2e-1", None, -1], []),
    ],
)
def test_scores_of_mixed_kinds_are_told(tmp_path: Path, scores: list[Any], told: list[str]) -> None:
    _, warnings = read(_lines(tmp_path, *({"id": at, "score": one} for at, one in enumerate(scores))))
    assert len(warnings) == len(told)
    for warning, expected in zip(warnings, told, strict=True):
        assert warning.startswith(f"rows.jsonl, {expected}")


def test_grades_in_letters_are_no_scores_unless_the_tool_has_them(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="none of its scores is a number"):
        read(_json(tmp_path, "id,score\na,A\nb,C\n", "rows.csv"), Request(scored=True))


def test_an_answer_of_a_table_without_a_score_counts_as_an_error(tmp_path: Path) -> None:
    path = _json(tmp_path, "id,score\na,1\nb,nan\nc,\nd,foo\n", "rows.csv")
    found, told = read(path, Request(scored=True))
    (suite,) = found[0].suites
    assert [one.state for one in suite.results] == [State.OK, *[State.ERROR] * 3]
    assert "rows.csv, line 4: no score: it counts as an error" in told
    # Who grades anew may leave answers out.
    assert suites(path)[0].errors == 1


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("bad.json", '{"foo": [1,2', "truncated"),
        ("config.yaml", "description: a\nprompts:\n  - b\n", "no log of a known format"),
    ],
)
def test_what_is_no_table_is_told_as_such(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(BrokenFile, match=told):
        read(_json(tmp_path, text, name))


@pytest.mark.parametrize(
    ("name", "text", "format_", "hint"),
    [
        ("a.json", "{}", "inspect", "leave --format out"),
        ("a.json", "{}", "promptfoo", "leave --format out"),
        ("a.json", "{}", "lm-eval", "leave --format out"),
        ("a.json", "{}", "deepeval", "leave --format out"),
        ("a.json", '{"a": ]}', "inspect", "mend that place, or write the log again"),
        ("a.json", b'{"a": "\xff"}', "inspect", "iconv -f LATIN1 -t UTF-8"),
        ("a.csv", "", "csv", "a row is such as id,score"),
        ("a.csv", "a,a\n", "csv", "rename one of them"),
    ],
)
def test_what_is_to_be_done_is_told(
    tmp_path: Path, name: str, text: str | bytes, format_: str, hint: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BrokenFile) as caught:
        FORMATS[format_].read(Source(path, name), Request(), Problems())
    assert str(caught.value.hint).startswith(hint)


def test_a_column_of_scores_may_be_empty_in_the_first_row(tmp_path: Path) -> None:
    (suite,) = suites(_json(tmp_path, "id,score,score_f1\na,,0.5\nb,1,\n", "rows.csv"))
    assert [dict(one.scores) for one in suite.results] == [{"score_f1": 0.5}, {"score": 1}]
    (suite,) = suites(_lines(tmp_path, {"id": "a", "state": "error"}, {"id": "b", "score": 1}))
    assert [(one.state, dict(one.scores)) for one in suite.results] == [
        (State.ERROR, {}),
        (State.OK, {"score": 1}),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,score\na,1\nb\n", "rows.csv, line 3: 1 cells instead of 2"),
        ('id,score\na,1\n"b,1\n', "rows.csv, line [34]: "),
        ("id,score\na,1\na,1\n", "rows.csv, line 3: id 'a' in epoch 1 occurs twice"),
        ("id,id\na,1\n", "two columns have one name"),
    ],
)
def test_csv_that_is_damaged_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BrokenFile, match=told):
        read(_json(tmp_path, text, "rows.csv"))


def test_deepeval_test_runs(tmp_path: Path) -> None:
    def case(name: str, asked: str, score: float | None, **more: Any) -> dict[str, Any]:
        metric = {"name": "Relevancy", "score": score, "reason": "because", "threshold": 0.5}
        return {
            **{"name": name, "input": asked, "actualOutput": "out", "expectedOutput": "want"},
            **{"success": (score or 0) > 0.5, "metricsData": [metric | more], "completionTime": 1.5},
        }

    log = {
        "testFile": "tests/test_bot.py",
        "testCases": [case("one", "q1", 0.75), case("two", "q2", 0.25), case("x", "q3", None, error="boom")],
        "conversationalTestCases": [],
        "metricsScores": [{"metric": "Relevancy", "scores": [0.75, 0.25], "passes": 1, "fails": 1}],
        "hyperparameters": {"model": "m1", "temperature": 0},
        "testPassed": 1,
        "testFailed": 2,
    }
    found, told = read(_json(tmp_path, log), Request(with_text=True))
    (suite,) = found[0].suites
    assert told == []
    assert suite.name == "test_bot"
    assert {one.id: (one.state, dict(one.scores)) for one in suite.results} == {
        "one": (State.OK, {"pass": 1, "Relevancy": 0.75}),
        "two": (State.OK, {"pass": 0, "Relevancy": 0.25}),
        "x": (State.ERROR, {}),
    }
    assert suite.outputs[0].output == "out"
    assert suite.usage[0].values == {"sec": 1.5}
    assert {one.role for one in found[0].inputs} == {"model", "dataset", "grader", "settings"}
    log["metricsScores"][0]["scores"] = [1.0]  # type: ignore[index]
    assert read(_json(tmp_path, log))[1] == [
        "log.json: reports Relevancy 1, but the mean of its rows is 0.5 (n=2)"
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    """version eval samples results testCases evalId id epoch input target scores metadata status stats config
    metricsData testCase vars success score provider prompt doc_hash metrics limit error output
    usage evaluation_name metric_config score_details generation_config source_data model_info eval_library
    source_metadata additional_details""".split()
)
LIKE_LOGS = st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON, max_size=4), max_size=6)


@given(
    LIKE_LOGS,
    st.lists(LIKE_LOGS, max_size=3),
    st.sampled_from(["inspect", "promptfoo", "deepeval", "eee", "rows"]),
)
def test_whatever_a_log_is_like_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, log: dict[str, Any], parts: list[dict[str, Any]], kind: str
) -> None:
    made: Any = {
        "inspect": {**log, "version": 2, "eval": log, "samples": parts},
        "promptfoo": {"evalId": "x", "results": {"version": 3, "results": parts, **log.get("results", {})}}
        if isinstance(log.get("results"), dict)
        else {"evalId": "x", "results": {"version": 3, "results": parts}},
        "deepeval": {**log, "testCases": parts},
        "eee": {**log, "schema_version": "0.3.0", "evaluation_id": "x", "evaluation_results": parts},
        "rows": parts,
    }[kind]
    path = tmp_path_factory.mktemp("logs") / "log.json"
    path.write_text(json.dumps(made))
    try:
        read(path, Request(with_text=True, columns=Columns(scores=("score",))), partial=True)
    except GitExpError:
        pass


@given(st.binary(max_size=200), st.integers(0, 30_000))
def test_whatever_the_bytes_of_an_archive_are_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    data = bytearray((FIXTURES / "inspect" / "baseline.zstd.eval").read_bytes())
    data[at : at + len(noise)] = noise
    path = tmp_path_factory.mktemp("logs") / "log.eval"
    path.write_bytes(data)
    try:
        read(path, partial=True)
    except GitExpError:
        pass


def test_unknown_members_are_no_samples(tmp_path: Path) -> None:
    members = members_of(inspect_log(sample("a"))) | {
        "new/thing.json": "{}",
        "samples/": "",
        "extra.bin": b"\0",
    }
    assert len(suites(write_eval(tmp_path / "log.eval", members, ZIP_DEFLATED))[0].results) == 1
    with ZipFile(tmp_path / "log.eval") as archive:
        assert len(archive.namelist()) == 5
