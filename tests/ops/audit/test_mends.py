"""Each mend is a line that works: the program, Python or the settings understand it."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gitexp.api.run import Run
from gitexp.cli.group import cli
from gitexp.errors import UsageError
from gitexp.formats.identity import pin_of
from gitexp.formats.settings import parse
from gitexp.model.completeness import ARTIFACTS, RUN, WEIGHTS, Fault, Gap
from gitexp.model.record import Artifact, Input, Pin, Record, Status
from gitexp.model.roles import ROLES
from gitexp.ops.audit.mends import Case, mend
from gitexp.ops.declaring import parse_use
from gitexp.repo import Repository
from tests.gitrepo import Repo
from tests.ops.audit.records import OID, info, record

LOG = Artifact("logs/2026 a.eval", OID, 3, kind="eval-log")
RECORDS = {
    "plain": record(info=info(command=("python", "train.py", "--name", "a b"))),
    "in Python": record(info=info(command=())),
    "secret": record(info=info(command=("train", "--key=***"))),
    "captured": record(info=info(status=Status.CAPTURED, command=())),
    "draft": record(info=info(status=Status.DRAFT)),
    "imported": record(info=info(source="import", command=()), artifacts=(LOG,)),
}
_WORD = re.compile(r"\b(PATH|FILE|NAME|REVISION|SEED|TEMPERATURE|MAX_TOKENS)\b")
FIELDS = (*WEIGHTS, *ROLES, "x-judge", "odd: {role", "file")


def every_mend() -> Iterator[tuple[str, str]]:
    for name, one in RECORDS.items():
        for field in dict.fromkeys(FIELDS):
            for fault in (Fault.MISSING, Fault.NAMED, Fault.INFERRED, Fault.UNKEPT):
                for has_remote, asked in ((False, False), (True, False), (True, True)):
                    gap = Gap(field, fault, ("gpt-4o",))
                    yield name, mend(gap, Case(one, 1 << 20, has_remote, asked))
        yield name, mend(Gap(RUN, Fault.UNREPEATED), Case(one, 1 << 20))


def commands(line: str) -> Iterator[list[str]]:
    """Each of the program's commands in a line, as a shell takes it apart."""
    for part in line.partition("  #")[0].split(" && "):
        words = shlex.split(part)
        if words[:2] == ["git", "exp"]:
            yield words[2:]


def test_every_mend_is_understood(repo: Repo) -> None:
    with Repository.open(repo.path, repo.environ) as opened:
        for name, line in dict.fromkeys(every_mend()):
            if line.startswith("inputs: "):
                assert name == "captured"
                assert not parse(line.encode()).unknown
            elif line.startswith("run.use"):
                call = ast.parse(line, mode="eval").body
                assert isinstance(call, ast.Call)
                assert isinstance(call.func, ast.Attribute)
                assert hasattr(Run, call.func.attr)
            elif line and not line.startswith("python -m pip"):
                assert list(commands(line)), line
            for words in commands(line):
                check(opened, words)


def check(repo: Repository, words: list[str]) -> None:
    """That the program takes the command line, and what is said of inputs in it."""
    command, name, rest = cli, words[0], words[1:]
    context = command.make_context("git exp", [name, *rest])
    found = command.get_command(context, name)
    assert found is not None, words
    if name == "eval":
        found = found.get_command(context, rest.pop(0))  # type: ignore[attr-defined]
    asked = found.make_context(name, rest, parent=context)
    for use in asked.params.get("uses", ()):
        if _WORD.search(use):
            with pytest.raises(UsageError, match="something that you know"):
                parse_use(repo, use)
        parse_use(repo, _WORD.sub("known", use))


@pytest.mark.parametrize(
    ("gap", "pin"),
    [
        (Gap("model", Fault.NAMED, ("gpt-4o",)), Pin.REVISION),
        (Gap("model", Fault.MISSING), Pin.REVISION),
        (Gap("settings", Fault.MISSING), Pin.CONTENT),
        (Gap("retriever", Fault.MISSING), None),
        (Gap("dataset", Fault.MISSING), Pin.CONTENT),
    ],
)
def test_what_is_said_closes_the_gap(repo: Repo, gap: Gap, pin: Pin | None) -> None:
    (repo.path / "PATH").write_text("data")
    (words,) = commands(mend(gap, Case(RECORDS["plain"], 1 << 20)))
    with Repository.open(repo.path, repo.environ) as opened:
        opened.cwd = repo.path
        use = words[words.index("--use") + 1]
        one, remark = parse_use(opened, re.sub("NAME|REVISION|TEMPERATURE|MAX_TOKENS", "abc1234", use))
    assert (one.role, pin_of(one), remark) == (gap.field, pin, None)


def test_the_command_of_the_run_is_repeated() -> None:
    line = mend(Gap("dataset", Fault.MISSING), Case(RECORDS["plain"], 1 << 20))
    assert line == "git exp run --use dataset=PATH -- python train.py --name 'a b'"
    assert mend(Gap("dataset", Fault.MISSING), Case(RECORDS["secret"], 1)).endswith(" -- CMD")


def test_an_odd_name_stays_out_of_the_line() -> None:
    line = mend(Gap("model", Fault.NAMED, ("a: {b}",)), Case(RECORDS["plain"], 1 << 20))
    assert "{name: NAME, revision: REVISION}" in line


@pytest.mark.parametrize(
    ("value", "besides"),
    [
        ({"name": "index", "topk": 3, "ratio": 0.5, "of": "v1"}, "topk: 3, ratio: 0.5, of: v1, "),
        ({"topk": {"a": 1}}, ""),
        ({"of": "a: {b}"}, ""),
        ("index", ""),
    ],
)
def test_what_was_said_of_an_input_is_said_again(value: Any, besides: str) -> None:
    record = replace(RECORDS["plain"], inputs=(Input("retriever", "index", value=value),))
    line = mend(Gap("retriever", Fault.NAMED, ("index",)), Case(record, 1 << 20))
    assert f"retriever={{name: index, {besides}revision: REVISION}}" in line


@pytest.mark.parametrize(
    ("one", "has_remote", "asked", "line"),
    [
        (
            Input("dataset", "a", "data/a b.csv", OID, 3),
            *(False, False, "git add -f 'data/a b.csv' && git exp run --use 'dataset=data/a b.csv' -- CMD"),
        ),
        (
            Input("dataset", "a", "data/a.csv", OID, 1 << 20),
            *(False, False, "git lfs track data/a.csv && git add .gitattributes data/a.csv"),
        ),
        (
            Input("untracked", "a", "a.bin", OID, 1 << 30),
            *(True, True, "git lfs track a.bin && git add .gitattributes a.bin"),
        ),
        (Input("file", "a", "a.csv", OID, 3), False, False, "git add -f a.csv && git exp run -- CMD"),
        (
            Input("dataset", "a", "data/a.csv", OID, 3),
            *(True, False, "git exp audit brave-otter-3f2ak7 --remote"),
        ),
        (
            Input("dataset", "a", None, OID, 3),
            False,
            False,
            "cp FILE . && git exp run --use dataset=FILE -- CMD",
        ),
        (Input("dataset", "a", value="a"), False, False, "git exp run --use dataset=PATH -- CMD"),
    ],
)
def test_bytes_that_are_nowhere(one: Input, has_remote: bool, asked: bool, line: str) -> None:
    field = "dataset" if one.role != "file" else "file"
    gap = Gap(field, Fault.UNKEPT, (one.path or one.name,))
    assert mend(gap, Case(_with(one), 1 << 20, has_remote, asked)) == line


def _with(one: Input) -> Record:
    return record(one, info=info(command=()))


def test_artifacts() -> None:
    gap = Gap(ARTIFACTS, Fault.UNKEPT, ("model.pt",))
    plain = RECORDS["plain"]
    assert mend(gap, Case(plain, 1, True)) == "git exp audit brave-otter-3f2ak7 --remote"
    assert mend(gap, Case(plain, 1, True, True)) == "git exp push brave-otter-3f2ak7  # where it was made"


def test_the_mend_of_an_import_takes_nothing_away() -> None:
    for field in ("retriever", "dataset", "seeds"):
        line = mend(Gap(field, Fault.MISSING), Case(RECORDS["imported"], 1 << 20))
        assert line.startswith("git exp eval import --attach brave-otter-3f2ak7 --use ")
    code = mend(Gap("code", Fault.MISSING), Case(RECORDS["imported"], 1 << 20))
    assert code == "git exp run -- CMD && git exp eval import LOG --attach @"
