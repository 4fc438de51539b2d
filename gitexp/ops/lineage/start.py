"""What a person means by the start of a lineage: a run, a file, a path that was recorded, or a content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gitexp.errors import Ambiguous, NotFound, UsageError
from gitexp.formats import pointer
from gitexp.git.refs import commit_of
from gitexp.model.values import Digest
from gitexp.ops.lineage.traces import EMPTY, Traces
from gitexp.ops.lineage.walk import Start
from gitexp.ops.resolve import resolve
from gitexp.ops.resting import run_of
from gitexp.repo import Repository

_OID = re.compile(r"(?:sha256:)?([0-9a-f]{4,64})")
_SHOWN = 4


def start_of(repo: Repository, traces: Traces, text: str) -> Start:
    """The start that `text` means: a run, `RUN:PATH`, a file of the working tree, the beginning of a sha256,
    or a path as runs recorded it.

    Raises NotFound, Ambiguous, UsageError, or OSError for a file that cannot be read.
    """
    if text.startswith("sha256:"):
        return _of_oid(traces, text) or _unknown(text)
    try:
        run = resolve(repo, text)
    except Ambiguous:
        raise
    except NotFound as error:
        found = _of_content(repo, traces, text)
        if found is None and text.startswith("@"):
            raise  # it is told how many runs there are
        if found is not None or commit_of(repo.git, text) is None:
            return found or _unknown(text, error)
        run = run_of(repo, text)
    if run.name not in traces.runs:
        raise NotFound(f"{text!r} is run '{run.name}', which is not listed here", hint="git exp ls")
    return Start(run.name, run=run.name)


def _unknown(text: str, error: NotFound | None = None) -> Start:
    hint = error.hint if error and error.hint else "git exp ls"
    raise NotFound(f"{text!r} is no run, no file, and nothing that a run made or used", hint=hint)


def _of_content(repo: Repository, traces: Traces, text: str) -> Start | None:
    return (
        _of_file(repo, traces, text)
        or _of_oid(traces, text)
        or _of_part(repo, traces, text)
        or _of_path(repo, traces, text)
    )


def _of_file(repo: Repository, traces: Traces, text: str) -> Start | None:
    path = repo.cwd / text
    try:
        there = path.exists()
    except (OSError, ValueError):  # what can be no path
        return None
    if not there or repo.layout.top is None:
        return None
    oid = _digest(repo, path)
    if oid == EMPTY:
        raise UsageError(f"{text!r} is empty, as may be those of any run", hint="git exp lineage RUN")
    if oid not in traces.made and oid not in traces.used:
        _tell_other_contents(repo, traces, text)
        raise NotFound(
            f"no run made or used what is in {text!r} (sha256 {oid[:10]})",
            hint="git exp run --use dataset=FILE -- CMD records what a run uses",
        )
    return Start(text, oid=oid)


def _digest(repo: Repository, path: Path) -> Digest:
    """That of what is there; of a file that was not checked out by git-lfs, that which its pointer tells."""
    if path.is_dir():
        return repo.digests.folder(path).oid
    if path.stat().st_size <= pointer.MAX_SIZE:
        told = pointer.decode(path.read_bytes())
        if told is not None:
            return told[0]
    return repo.digests.file(path).oid


def _tell_other_contents(repo: Repository, traces: Traces, text: str) -> None:
    """That runs knew another content by this path."""
    others = dict.fromkeys(oid for oid, _ in _recorded(repo, traces, text))
    if others:
        shown = ", ".join(f"sha256:{oid[:10]}" for oid in list(others)[:_SHOWN])
        repo.remark(f"runs know {text!r} with other contents: {shown}")


def _of_oid(traces: Traces, text: str) -> Start | None:
    match = _OID.fullmatch(text.lower())
    if match is None:
        return None
    found = {oid for known in (traces.made, traces.used) for oid in known if oid.startswith(match[1])}
    if len(found) > 1:
        shown = ", ".join(f"sha256:{oid[:16]}" for oid in sorted(found)[:_SHOWN])
        raise Ambiguous(f"{text!r} begins {len(found)} contents", hint=shown)
    return Start(f"sha256:{next(iter(found))}", oid=next(iter(found))) if found else None


def _of_part(repo: Repository, traces: Traces, text: str) -> Start | None:
    """`RUN:PATH`: something that this very run made or used."""
    name, colon, path = text.partition(":")
    if not (name and colon and path):
        return None
    run = run_of(repo, name)
    for known in (traces.made_by, traces.used_by):
        for oid, one in known.get(run.name, ()):
            if path.rstrip("/") == one.path.rstrip("/"):
                return Start(f"{run.name}:{path}", oid=oid)
    raise NotFound(f"run {run.name!r} made and used no {path!r}", hint=f"git exp show {run.name}")


def _of_path(repo: Repository, traces: Traces, text: str) -> Start | None:
    """The content that the newest run knew by this path; it is told of others."""
    found = list(_recorded(repo, traces, text))
    if not found:
        return None
    newest = max(found, key=lambda one: traces.runs[one[1]][0])[0]
    others = [oid for oid in dict.fromkeys(oid for oid, _ in found) if oid != newest]
    if others:
        shown = ", ".join(f"sha256:{oid[:10]}" for oid in others[:_SHOWN])
        repo.remark(f"this is the content that {text!r} had last; earlier ones are {shown}")
    return Start(text, oid=newest)


def _recorded(repo: Repository, traces: Traces, text: str) -> Iterator[tuple[Digest, str]]:
    """Each content that a run knew by this path, and the run."""
    wanted = {text.rstrip("/"), repo.relative(repo.cwd / text)} - {None}
    for known in (traces.made_by, traces.used_by):
        for run, ones in known.items():
            yield from ((oid, run) for oid, one in ones if one.path.rstrip("/") in wanted)
