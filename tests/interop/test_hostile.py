"""Logs that were cut off, doubled, made up or damaged at random, of every tool."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitexp.errors import BrokenFile, GitExpError
from gitexp.formats import eval_files
from gitexp.formats.canonical import dump
from gitexp.formats.identity import vector
from gitexp.formats.inputs import inputs_value
from gitexp.interop import zip_members
from gitexp.interop.imported import Columns, Request
from gitexp.interop.lm_eval import files as files_of
from gitexp.interop.source import Source
from tests.interop import eee_documents
from tests.interop.logs import FIXTURES, inspect_log, members_of, read, sample, write_eval

DOCUMENTS = {
    "inspect": FIXTURES / "inspect" / "baseline.json",
    "promptfoo": FIXTURES / "promptfoo" / "baseline.json",
    "deepeval": FIXTURES / "deepeval" / "test_run.json",
}
ODD: list[Any] = [
    *(
        None,
        True,
        -1,
        0,
        2**70,
        1.5,
        float("nan"),
        float("inf"),
        "",
        "x",
        "\ud800",
        "a\nb",
        "../x",
        "é" * 600,
    ),
    *([], {}, [1], {"a": 1}, [[]], {"\x1b": "\x1b[31m"}, [None], {"a": float("nan")}),
]


def taken(path: Path, *, partial: bool) -> int | None:
    """How many rows come out of it, if it can be read; what comes out can be written and read again."""
    try:
        found, _ = read(path, Request(with_text=True, columns=Columns(scores=("score",))), partial=partial)
    except GitExpError as error:
        if not error.hint:  # whatever is wrong, there is a next thing to do
            pytest.fail(f"no hint: {error}")
        return None
    for one in found:
        dump(inputs_value(one.inputs))
        vector(one.inputs)
        for suite in one.suites:
            once = eval_files.decode(suite.name, eval_files.encode(suite), what="it")
            assert eval_files.decode(suite.name, eval_files.encode(once), what="it") == once
    return sum(len(suite.results) for one in found for suite in one.suites)


def mutated(value: Any, chance: random.Random, rate: float) -> Any:
    """`value` in which some of what is in it is something else, is gone, or is there twice."""
    if chance.random() < rate:
        return chance.choice(ODD)
    if isinstance(value, dict):
        kept = {
            key: mutated(item, chance, rate) for key, item in value.items() if chance.random() >= rate / 4
        }
        return kept
    if isinstance(value, list):
        items = [mutated(item, chance, rate) for item in value]
        return [*items, *(item for item in items if chance.random() < rate)]
    return value


def lm_eval(folder: Path, change: Callable[[Path, str], str]) -> Path:
    """Results of lm-eval whose files are changed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in (FIXTURES / "lm_eval" / "baseline").iterdir():
        (folder / path.name).write_text(change(path, path.read_text()), "utf-8", "surrogatepass")
    return folder


def eee(folder: Path, change: Callable[[Path, str], str]) -> Path:
    """A document of Every Eval Ever and its samples, which are changed."""
    one, other = eee_documents.result("sums"), eee_documents.result("words", "close")
    one["generation_config"] = {"generation_args": {"temperature": 0}, "additional_details": {"seed": "1"}}
    one["metric_config"]["additional_details"] = {"gitexp.metric": '{"kind": "binary"}'}
    log = eee_documents.document(one, other)
    details = {
        "gitexp.inputs": '{"model": [{"name": "m", "how": "assumed"}]}',
        "gitexp.suites": '{"sums": {}}',
    }
    log["source_metadata"]["additional_details"] = details
    own = {"gitexp.x": "ab" * 8, "gitexp.epoch": "1", "gitexp.json": "output", "gitexp.tags": '{"n": 1}'}
    more = {"token_usage": {"input_tokens": 1}, "performance": {"latency_ms": 2}, "metadata": own}
    samples = [
        *(eee_documents.sample(f"s{at}", at % 2) for at in range(6)),
        *(eee_documents.sample(f"w{at}", at / 6, "words", "close", **more) for at in range(6)),
    ]
    path = eee_documents.write(folder, log, *samples)
    for file in (path, path.with_name(f"{path.stem}_samples.jsonl")):
        file.write_text(change(file, file.read_text()), "utf-8", "surrogatepass")
    return path


def mutated_lines(text: str, chance: random.Random, rate: float) -> str:
    rows = [mutated(json.loads(line), chance, rate) for line in text.splitlines()]
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def mutants(tmp_path: Path, chance: random.Random, rate: float) -> Iterator[Path]:
    """A damaged log of each kind."""
    for name, path in DOCUMENTS.items():
        place = tmp_path / f"{name}.json"
        place.write_text(json.dumps(mutated(json.loads(path.read_text()), chance, rate)))
        yield place
    place = tmp_path / "rows.jsonl"
    place.write_text(mutated_lines((FIXTURES / "promptfoo" / "baseline.jsonl").read_text(), chance, rate))
    yield place
    yield lm_eval(
        tmp_path / "lm",
        lambda path, text: (
            mutated_lines(text, chance, rate)
            if path.suffix == ".jsonl"
            else json.dumps(mutated(json.loads(text), chance, rate / 4))
        ),
    )
    yield eee(
        tmp_path / "eee",
        lambda path, text: (
            mutated_lines(text, chance, rate)
            if path.suffix == ".jsonl"
            else json.dumps(mutated(json.loads(text), chance, rate / 4))
        ),
    )
    log = json.loads(DOCUMENTS["inspect"].read_text())
    each = members_of(log).items()
    members = {name: json.dumps(mutated(one, chance, rate / 4)) for name, one in each}
    place = write_eval(tmp_path / "log.eval", members)
    if chance.random() < 0.5:
        data = bytearray(place.read_bytes())
        for _ in range(chance.randrange(1, 5)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        place.write_bytes(data[: chance.randrange(1, len(data)) if chance.random() < 0.5 else None])
    yield place


def damage(tmp_path: Path, seeds: range) -> dict[str, int]:
    """How many damaged logs of each kind could be read in part."""
    counts: dict[str, int] = {}
    for seed in seeds:
        chance = random.Random(seed)
        for path in mutants(tmp_path, chance, rate=chance.choice([0.001, 0.01, 0.1])):
            whole, part = (taken(path, partial=partial) for partial in (False, True))
            assert whole is None or whole == part
            counts[path.name] = counts.get(path.name, 0) + bool(part)
    return counts


def test_damaged_logs_are_read_or_refused(tmp_path: Path) -> None:
    assert all(damage(tmp_path, range(4)).values())


@pytest.mark.long
def test_many_damaged_logs_are_read_or_refused(tmp_path: Path) -> None:
    damage(tmp_path, range(4, 200))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_of_a_document_that_is_cut_off_the_whole_rows_are_taken_if_asked_for(
    name: str, tmp_path: Path
) -> None:
    text = json.dumps(json.loads(DOCUMENTS[name].read_text()))
    path = tmp_path / "log.json"
    path.write_text(text)
    whole = taken(path, partial=False)
    first, behind = {
        "inspect": ('"samples": [', '"reductions"'),
        "promptfoo": ('"results": [', '"stats"'),
        "deepeval": ('"testCases": [', '"conversationalTestCases"'),
    }[name]
    start = text.index(first)
    end = text.index(behind, start) - 5
    found = set()
    for cut in range(start + 40, end, max(1, (end - start) // 12)):
        path.write_text(text[:cut])
        with pytest.raises(BrokenFile, match=r"log.json[:,].* line 1, column .*\(is it truncated\?\)"):
            read(path)
        found.add(taken(path, partial=True))
    assert whole
    assert len(found) > 2
    assert all(rows is None or rows <= whole for rows in found)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("inspect", "sample 12: id 'q-cap-fr' in epoch 1 occurs twice"),
        ("promptfoo", "result 12: result '97826732-6e95-4e65-82f9-c018409a092f' occurs twice"),
        ("deepeval", "test case 3: the test case in place 0 occurs twice"),
    ],
)
def test_a_row_that_stands_twice_in_a_log_is_one_answer(name: str, told: str, tmp_path: Path) -> None:
    log = json.loads(DOCUMENTS[name].read_text())
    rows = {"inspect": "samples", "deepeval": "testCases"}.get(name)
    listed = log["results"]["results"] if rows is None else log[rows]
    count = len(listed)
    listed.append(listed[0])
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    with pytest.raises(BrokenFile, match=f"^log.json, {told}$"):
        read(path)
    assert taken(path, partial=True) == count


def test_numbers_that_json_does_not_have_are_text_where_text_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": "a", "output": [NaN, 1], "score": 1}\n{"id": "b", "output": [2], "score": 1}\n')
    (suite,) = read(path, Request(with_text=True))[0][0].suites
    assert [one.output for one in suite.outputs] == ["[nan, 1]", [2]]
    assert taken(path, partial=False) == 2
    number = "9" * 5000
    path.write_text(f'{{"id": "a", "score": {number}}}\n{{"id": "b", "score": 1}}\n')
    with pytest.raises(BrokenFile, match=r"^rows.jsonl, line 1: not JSON: .*4300 digits"):
        read(path)
    assert taken(path, partial=True) == 1


def test_a_hash_that_is_none_and_samples_of_older_versions_of_lm_eval(tmp_path: Path) -> None:
    def older(path: Path, text: str) -> str:
        if not path.name.startswith("samples_tinyqa_mc"):
            return text
        rows = [json.loads(line) for line in text.splitlines()]
        for row in rows:
            del row["metrics"]
        rows[0]["doc_hash"] = "none"
        return "".join(f"{json.dumps(row)}\n" for row in rows)

    folder = lm_eval(tmp_path / "lm", older)
    with pytest.raises(BrokenFile, match=r"samples_tinyqa_mc.*, line 1: the hash of its input or target"):
        read(folder)
    suite = read(folder, partial=True)[0][0].suites[1]
    assert len(suite.results) == 5
    assert [one.name for one in suite.meta.metrics] == ["acc", "acc_norm"]


def test_more_members_or_bytes_than_an_archive_may_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = [sample(f"s{i}") for i in range(50)]
    path = write_eval(tmp_path / "log.eval", members_of(inspect_log(*samples)))
    assert taken(path, partial=False) == 50
    monkeypatch.setattr(zip_members, "MAX_TOTAL", 3000)
    with pytest.raises(BrokenFile, match=r"log.eval: 'samples/s\d+_epoch_1.json': .* more than 3000 bytes"):
        read(path)
    assert 0 < (taken(path, partial=True) or 0) < 50
    monkeypatch.setattr(zip_members, "MAX_DIRECTORY", 1000)
    with pytest.raises(BrokenFile, match=r"^log.eval: too many members: the list of them has \d+ bytes$"):
        read(path, partial=True)


READ = r"""
import re, sys
from pathlib import Path
from tests.interop import eee_documents
from tests.interop.logs import read
((run,), told) = read(Path(sys.argv[1]))
(suite,) = run.suites
from gitexp.formats import eval_files
size = sum(map(len, eval_files.encode(suite).values()))
# Not `ru_maxrss`: a program inherits that of the process that started it.
highest = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
print(len(suite.results), size, int(highest[1]) >> 10)
"""


@pytest.mark.long
@pytest.mark.parametrize("kind", ["eval", "json", "jsonl", "eee"])
def test_a_hundred_thousand_samples(kind: str, tmp_path: Path) -> None:
    """They are read one by one: only their scores and hashes are in memory, unless they are one document."""
    messages = [{"role": "user", "content": "x" * 400}]
    samples = [sample(f"s{i:06}", messages=messages, events=[{"event": "model"}]) for i in range(100_000)]
    path = tmp_path / f"log.{kind}"
    if kind == "eval":
        write_eval(path, members_of(inspect_log(*samples)))
    elif kind == "json":
        path.write_text(json.dumps(inspect_log(*samples)))
    elif kind == "eee":
        asked = {"raw": "x" * 400, "reference": []}
        each = (eee_documents.sample(f"s{i:06}", i % 2, input=asked) for i in range(100_000))
        path = eee_documents.write(tmp_path, eee_documents.document(eee_documents.result("sums")), *each)
    else:
        rows = ({"id": f"s{i:06}", "input": "x" * 400, "score": i % 2} for i in range(100_000))
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    said = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    rows, size, megabytes = map(int, said.stdout.split())
    assert rows == 100_000
    assert size < 20 << 20
    assert megabytes < (1500 if kind == "json" else 500)


def test_samples_of_lm_eval_are_nowhere_but_beside_their_results(tmp_path: Path) -> None:
    """What a task is called, and where a link leads, is the word of who made the log."""
    date = "2026-01-01T00-00-00"
    row = json.dumps({"doc_id": 0, "doc_hash": "d", "target": "x", "acc": 1.0, "metrics": ["acc"]})
    log = tmp_path / "log"
    (log / "samples_a").mkdir(parents=True)
    secret = tmp_path / f"secret_{date}.jsonl"
    secret.write_text(f"{row}\n")
    for task in ("a/../../secret", "linked"):
        results = {"configs": {task: {}}, "results": {task: {"acc,none": 1.0}}, "config": {}}
        path = log / f"results_{date}.json"
        path.write_text(json.dumps(results))
        samples = log / f"samples_{task}_{date}.jsonl"
        if task == "linked":
            samples.symlink_to(secret)
        assert samples.resolve() == secret.resolve()
        assert files_of(Source(log)) == [path]
        with pytest.raises(BrokenFile, match="no samples"):
            read(log)
    samples.unlink()
    samples.write_text(f"{row}\n")
    assert files_of(Source(log)) == [path, samples]
