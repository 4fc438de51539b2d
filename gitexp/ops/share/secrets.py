"""Secrets looked for in what a push would send: records, and the files that a run adds to its base."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitexp.errors import SecretsFound
from gitexp.formats.secret_assignments import masked_names
from gitexp.formats.secret_lines import secret_lines
from gitexp.formats.secret_shapes import MASK
from gitexp.git.reachable import headers
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.read import StoredRun
from gitexp.ops.records import FOLDER
from gitexp.repo import Repository

LARGEST = 16 << 20
"""Bytes of a file that is still looked into."""
_AT_ONCE = 200
_TOLD = 20
"""Findings that are told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A line that holds what looks like a secret; the secret itself is never told."""

    run: RunName
    path: str
    """A secret in it masked."""
    line: int | None
    """From 1; None for the name of the file itself."""
    kind: str
    """What it looks like: `a private key`."""

    def __str__(self) -> str:
        where = "its name" if self.line is None else f"line {self.line}"
        return f"run {self.run}: {self.path}, {where} looks like {self.kind}"


def check(repo: Repository, runs: Sequence[StoredRun], there: Collection[Oid]) -> None:
    """Raises SecretsFound where `scan` finds any; what and where is told, one after the other."""
    found = scan(repo, runs, there)
    if not found:
        return
    for one in found[:_TOLD]:
        repo.remark(str(one))
    if len(found) > _TOLD:
        repo.remark(f"and {len(found) - _TOLD} more")
    raise SecretsFound(
        f"{'1 place looks like a secret' if len(found) == 1 else f'{len(found)} places look like secrets'}"
        ": nothing was sent",
        hint="git exp rm RUN, or, where it is none: git exp push --allow",
    )


def scan(repo: Repository, runs: Sequence[StoredRun], there: Collection[Oid]) -> list[Finding]:
    """What looks like a secret in the objects that `runs` have beyond their bases and the commits `there`.

    A file that several runs have is told of one. Known shapes of tokens and keys are looked for, the values
    of secret variables of the environment, and those of names that `.gitexp.yaml` has under `redact`; in the
    names of files as well.
    """
    redactor = repo.redactor
    named = list(_files(repo, runs, there))
    found = [
        Finding(run, redactor.certain(path), None, kind)
        for run, path, _ in named
        if (kind := redactor.told(path.rpartition("/")[2]))
    ]
    files = list(_small(repo, named))
    masked = {run.name: masked_names(run.record.params) for run in runs if f'"{MASK}"' in run.head.cells}
    for start in range(0, len(files), _AT_ONCE):
        part = files[start : start + _AT_ONCE]
        contents = repo.reader.contents([oid for _, _, oid in part])
        for (run, path, _), data in zip(part, contents, strict=True):
            shown = redactor.certain(path)
            own = path.startswith(f"{FOLDER}/")
            lines = secret_lines(redactor, path, data, masked.get(run, ()), names=not own)
            found += [Finding(run, shown, line, kind) for line, kind in lines]
    return found


def _files(
    repo: Repository, runs: Sequence[StoredRun], there: Collection[Oid]
) -> Iterator[tuple[RunName, str, Oid]]:
    """Each blob that would be sent, once: the run that has it, and its path there."""
    tips: Mapping[str, RunName] = {run.commit: run.name for run in runs}
    if not runs:
        return
    bases = {run.info.code.base for run in runs} | set(there)
    script = [*tips, *(f"^{oid}" for oid in bases if oid)]
    listing = repo.git.run(
        *("rev-list", "--objects", "--in-commit-order", "--ignore-missing", "--stdin"),
        input="".join(f"{line}\n" for line in script).encode(),
    )
    name = runs[0].name
    for line in listing.lines:
        oid, space, path = line.partition(" ")
        # A commit stands without a path; its files follow it.
        name = name if space else tips.get(oid, name)
        if path:
            yield name, path, Oid(oid)


def _small(repo: Repository, files: Sequence[tuple[RunName, str, Oid]]) -> Iterator[tuple[RunName, str, Oid]]:
    """Those that are files, and not too large; git is asked for all at once."""
    known = headers(repo.git, [oid for _, _, oid in files])
    for one in files:
        kind, size = known.get(one[2], ("", 0))
        if kind == "blob" and size <= LARGEST:
            yield one
