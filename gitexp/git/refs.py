"""The names of our refs. No other module spells one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from gitexp.errors import InvalidName
from gitexp.git.process import Git
from gitexp.model.names import BaselineName, RunName, parse_baseline, parse_name
from gitexp.model.values import Oid

EXP = "refs/exp/"
"""Runs, one level, nothing else."""
TRASH = "refs/exp-trash/"
"""Removed runs, until gc."""
DROPPED = "refs/exp-dropped/"
"""What undo took off a run, and removed runs whose name was removed again: by name and commit, until gc."""
BRANCHES = "refs/heads/exp/"
"""Where a remote has the runs of clones, if its host takes only branches and tags."""
INCOMING = "refs/exp-incoming/"
"""What was fetched and has not been checked yet, by remote."""
ARCHIVE = "refs/exp-archive/"
"""Archives of many ended runs, by owner and month."""
ARCHIVE_BRANCHES = "refs/heads/exp-archive/"
"""Where a remote has the archives of clones, if its host takes only branches and tags."""
BASELINE = "refs/exp-baseline/"
"""The runs that others are held against, one level, by names that people gave."""
BASELINE_BRANCHES = "refs/heads/exp-baseline/"
"""Where a remote has the baselines, if its host takes only branches and tags."""
_ARCHIVE_NAME = r"([a-z0-9]+(?:-[a-z0-9]+)*)/([0-9]{4}-[0-9]{2})(?:-([1-9][0-9]{0,3}))?"
_ARCHIVE = re.compile(ARCHIVE + _ARCHIVE_NAME, re.ASCII)


class RunRefs(NamedTuple):
    """What stands under `refs/exp/`."""

    runs: list[tuple[RunName, Oid]]
    """Names and commits, in the order of names."""
    strangers: list[str]
    """Whole names of refs that no gitexp made: the name is not a run's, or the ref is symbolic."""


def run_ref(name: RunName) -> str:
    return EXP + name


def trash_ref(name: RunName) -> str:
    return TRASH + name


def dropped_ref(name: RunName, commit: Oid) -> str:
    return f"{DROPPED}{name}/{commit}"


def incoming_ref(remote: str, name: RunName) -> str:
    return f"{INCOMING}{remote}/{name}"


def incoming_archive_ref(remote: str, ref: str) -> str:
    """Where the archive `ref` stands until it is checked. No run has a name with `_`."""
    return f"{INCOMING}{remote}/_archive/{ref.removeprefix(ARCHIVE)}"


def baseline_ref(name: BaselineName) -> str:
    return BASELINE + name


def incoming_baseline_ref(remote: str, name: BaselineName) -> str:
    """Where the baseline `name` stands until it is checked. No run has a name with `_`."""
    return f"{INCOMING}{remote}/_baseline/{name}"


def archive_ref(owner: str, month: str, number: int = 1) -> str:
    """The archive `number` (from 1) of one owner's runs of a month, given as `yyyy-mm`."""
    return f"{ARCHIVE}{owner}/{month}" + (f"-{number}" if number > 1 else "")


def parse_archive(ref: str) -> tuple[str, str, int] | None:
    """Owner, month and number of an archive; None where `ref` is not the name of one."""
    match = _ARCHIVE.fullmatch(ref)
    return (match[1], match[2], int(match[3] or 1)) if match else None


def read_ref(git: Git, ref: str) -> Oid | None:
    """What a ref points to; None where it does not exist."""
    result = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", ref, check=False)
    return Oid(result.text) if result.code == 0 else None


def commit_of(git: Git, revision: str) -> Oid | None:
    """The commit that git takes `revision` for; None where it knows none."""
    return read_ref(git, f"{revision}^{{commit}}")


def list_runs(git: Git, pattern: str = EXP) -> RunRefs:
    """Every run under `pattern`, a namespace or a run's name with `*`, asked from git once.

    One stranger never hides the rest.
    """
    return parse_listing(ask_listing(git, pattern)(), pattern.rpartition("/")[0] + "/")


def ask_listing(git: Git, *patterns: str) -> Callable[[], bytes]:
    """Has git list what is under `patterns`; what is returned waits for it.

    There is a line for each ref, in the order of their names.
    """
    answer = git.ask("for-each-ref", "--format=%(objectname) %(refname) %(symref)", *patterns)
    return lambda: answer().stdout


def listing_of(runs: Iterable[tuple[str, str]]) -> bytes:
    """What `ask_listing` gives for runs with these names and commits, in this order."""
    return "".join(map(f"%s {EXP}%s \n".__mod__, ((commit, name) for name, commit in runs))).encode()


def split_listing(listing: bytes) -> tuple[dict[str, Oid], bytes]:
    """The tips of the archives in a listing of archives and runs, and the listing of the runs."""
    start = _first_run(listing)
    return {ref: oid for ref, oid in _real_refs(listing[:start]) if parse_archive(ref)}, listing[start:]


def baselines_in(listing: bytes) -> dict[BaselineName, Oid]:
    """The baselines in a listing of theirs and of runs."""
    pairs = (
        (ref.removeprefix(BASELINE), ref, oid) for ref, oid in _real_refs(listing[: _first_run(listing)])
    )
    return {
        BaselineName(name): oid for name, ref, oid in pairs if ref.startswith(BASELINE) and is_baseline(name)
    }


def _first_run(listing: bytes) -> int:
    """Where the runs begin in a listing: "-" comes before "/", so git lists all else before them."""
    first = listing.find(b" " + EXP.encode())
    return len(listing) if first < 0 else listing.rfind(b"\n", 0, first) + 1


def _real_refs(listing: bytes) -> Iterator[tuple[str, Oid]]:
    """The refs of a listing that are not symbolic."""
    for line in listing.decode("utf-8", "surrogateescape").split("\n")[:-1]:
        oid, ref, target = line.split(" ", 2)
        if not target:
            yield ref, Oid(oid)


def parse_listing(listing: bytes, namespace: str = EXP) -> RunRefs:
    """The runs and strangers in what `ask_listing` gave."""
    runs: list[tuple[RunName, Oid]] = []
    strangers: list[str] = []
    for line in listing.decode("utf-8", "surrogateescape").split("\n")[:-1]:
        oid, ref, target = line.split(" ", 2)
        try:
            name = parse_name(ref[len(namespace) :])
        except InvalidName:
            strangers.append(ref)
            continue
        if target:
            strangers.append(ref)
        else:
            runs.append((name, Oid(oid)))
    return RunRefs(runs, strangers)


def is_ours(ref: str) -> bool:
    """Whether `ref` is the name of a run, of a removed or dropped one, of an archive or a baseline."""
    if ref.startswith(ARCHIVE):
        return parse_archive(ref) is not None
    if ref.startswith(BASELINE):
        return is_baseline(ref.removeprefix(BASELINE))
    for namespace in (EXP, TRASH, DROPPED):
        if ref.startswith(namespace):
            name, _, commit = ref[len(namespace) :].partition("/")
            return is_name(name) and (commit.isalnum() if namespace == DROPPED else not commit)
    return False


def name_in(ref: str) -> RunName:
    """The name of the run that a ref of ours belongs to. Raises InvalidName, so for others."""
    return parse_name(ref.split("/")[2])


def is_name(text: str) -> bool:
    """Whether that can be the name of a run."""
    try:
        parse_name(text)
    except InvalidName:
        return False
    return True


def is_baseline(text: str) -> bool:
    """Whether that can be the name of a baseline."""
    try:
        parse_baseline(text)
    except InvalidName:
        return False
    return True


def ref_values(git: Git, namespaces: Sequence[str]) -> dict[str, Oid]:
    """What each ref under `namespaces` points to; one git process."""
    listing = git.run("for-each-ref", "--format=%(objectname) %(refname)", *namespaces)
    pairs = (line.split(" ", 1) for line in listing.lines)
    return {ref: Oid(oid) for oid, ref in pairs}
