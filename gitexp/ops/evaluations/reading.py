"""The evaluations that a run holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from gitexp.errors import BrokenRecord, GitExpError, InvalidName, NotFound
from gitexp.formats import eval_files
from gitexp.formats.canonical_reader import load
from gitexp.formats.eval_tables import MAX_TABLE
from gitexp.git.reader import open_reader
from gitexp.model.evaluation import MAX_SUITES, Example, Meta, Suite, check_suite
from gitexp.model.values import Oid
from gitexp.ops.absent import telling
from gitexp.ops.read import StoredRun
from gitexp.ops.records import FOLDER

Known: TypeAlias = dict[bytes, tuple[Example, ...]]
"""Tables of examples that were read already; see `eval_files.decode`."""
_TABLES = (eval_files.META, eval_files.EXAMPLES, eval_files.SCORES, eval_files.USAGE)


@dataclass(frozen=True, slots=True)
class Brief:
    """A suite in short, by its own word."""

    meta: Meta
    examples: int
    epochs: int
    errors: int


def suite_names(run: StoredRun) -> list[str]:
    """The suites of the run's commit, sorted. Raises BrokenRecord for a name that none may have."""
    folder = run.repo.reader.resolve(run.commit, f"{FOLDER}/{eval_files.FOLDER}")
    if folder is None or not folder.is_folder:
        return []
    names = [
        one.name.decode("utf-8", "replace") for one in run.repo.reader.entries(folder.oid) if one.is_folder
    ]
    hint = f"git ls-tree {run.commit[:10]}:{FOLDER}/{eval_files.FOLDER}"
    if len(names) > MAX_SUITES:
        raise BrokenRecord(
            f"run {run.name!r} has {len(names)} suites, where {MAX_SUITES} are allowed",
            hint=hint,
        )
    try:
        return sorted(map(check_suite, names))
    except InvalidName as error:
        raise BrokenRecord(
            f"run {run.name!r}: {error.message}",
            hint=hint,
        ) from None


def briefs(run: StoredRun) -> list[Brief]:
    """Each suite in short, from its `meta.yaml` alone unless git has merged it.

    Raises BrokenRecord or NewerFormat.
    """
    names = suite_names(run)
    if not names:
        return []
    blobs = _blobs(run, [(name, eval_files.META) for name in names])
    return [_brief(run, name, data) for name, data in zip(names, blobs, strict=True)]


def is_regraded(run: StoredRun, suite: str) -> bool:
    """Whether scores of a suite were replaced after the run, as far as that can be read."""
    with suppress(GitExpError):
        return any(one.meta.history for one in briefs(run) if one.meta.suite == suite)
    return False


def all_suite_names(run: StoredRun) -> list[str]:
    """As `suite_names`, with those that a run which still goes on has so far."""
    return sorted({*suite_names(run), *(one.name for one in _live_suites(run))})


def read_suites(
    run: StoredRun, wanted: Sequence[str] = (), *, with_text: bool = False, known: Known | None = None
) -> list[Suite]:
    """The suites of those names, or all; outputs and texts as for `read_suite`, and `known` too.

    Raises NotFound, BrokenRecord or NewerFormat.
    """
    live = {one.name: one for one in _live_suites(run)}
    names = sorted({*suite_names(run), *live})
    for name in wanted:
        if name not in names:
            has = f"one of {', '.join(names[:10])}" if names else "it has none"
            raise NotFound(
                f"run {run.name!r} has no suite {name!r}: {has}", hint=f"git exp eval show {run.name}"
            )
    return [
        live[name] if name in live else read_suite(run, name, with_text=with_text, known=known)
        for name in wanted or names
    ]


def _live_suites(run: StoredRun) -> list[Suite]:
    """What a run that still goes on has logged to its evaluations so far."""
    if not run.live:
        return []
    from gitexp.capture import journal
    from gitexp.formats.fold import fold

    live = run.repo.live(run.name)
    return [one.suite() for one in fold(live.read_start().record, journal.read(live.journal).rows).suites]


def read_suite(
    run: StoredRun, name: str, *, with_text: bool = False, fetch: bool = True, known: Known | None = None
) -> Suite:
    """One suite; its outputs and texts only if they are asked for, and kept at all.

    Who reads several passes the same `known` to each: what they have in common is read once.

    Where they are artifacts that are not in this clone, they are fetched, or with `fetch=False` left out.

    Raises BrokenRecord, NewerFormat or NotFound.
    """
    files: dict[str, bytes | None] = dict(
        zip(_TABLES, _blobs(run, [(name, file) for file in _TABLES]), strict=True)
    )
    if with_text:
        files |= _texts(run, name, fetch)
    return eval_files.decode(name, files, what=_what(run, name), known=known)


def _texts(run: StoredRun, name: str, fetch: bool) -> Mapping[str, bytes | None]:
    from gitexp.ops.artifacts import Artifacts  # What looks at scores alone does without it.

    found = dict(
        zip(
            eval_files.TEXT_FILES,
            _blobs(run, [(name, file) for file in eval_files.TEXT_FILES]),
            strict=True,
        )
    )
    stored = Artifacts(run)
    for file in eval_files.TEXT_FILES:
        path = eval_files.path_of(name, file)
        for one in stored.all:
            here = fetch or run.repo.store.has(one.oid, one.size)
            if one.path == path and found[file] is None and one.size <= MAX_TABLE and here:
                with stored.open(one) as opened:
                    found[file] = opened.read()
    return found


def _brief(run: StoredRun, name: str, data: bytes | None) -> Brief:
    what = _what(run, name)
    meta = eval_files.decode_meta(name, data, what=f"{what}/{eval_files.META}")
    assert data is not None
    value = load(data, what=what)
    assert isinstance(value, Mapping)
    counts = [count for key in eval_files.COUNTS if type(count := value.get(key)) is int]
    # Where git has merged tables it may have left the counts of one side, if those of the other were equal.
    mixed = meta.mixed or run.record.info.mixed_with
    if len(counts) == len(eval_files.COUNTS) and not mixed:
        return Brief(meta, *counts)
    suite = read_suite(run, name)
    return Brief(meta, len(suite.examples), suite.epochs, suite.errors)


def _blobs(run: StoredRun, wanted: Sequence[tuple[str, str]]) -> list[bytes | None]:
    places: list[tuple[Oid, str]] = [
        (run.commit, f"{FOLDER}/{eval_files.path_of(name, file)}") for name, file in wanted
    ]
    # A table may be larger than what else is read of a record.
    with telling(run.repo, run.name), open_reader(run.repo.git, run.repo.layout, limit=MAX_TABLE) as reader:
        return list(reader.blobs(places))


def _what(run: StoredRun, name: str) -> str:
    return f"run {run.name!r}: {FOLDER}/{eval_files.FOLDER}/{name}"
