"""What a person writes for a run: a name, its beginning, `@`, `@~1`, `best`, `baseline:main`, a commit."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from gitexp.errors import Ambiguous, InvalidName, NotFound, UsageError
from gitexp.git.refs import EXP, commit_of
from gitexp.model.names import RunName, slug_of, slugify
from gitexp.model.values import Oid
from gitexp.ops.archive.names import all_runs
from gitexp.ops.read import StoredRun, list_all, load
from gitexp.repo import Repository

RECENT = re.compile(r"@(?:~(\d{0,9}))?", re.ASCII)
_BEST = "best"
_BASELINE = "baseline:"
_BEGINNING = re.compile(r"[a-z0-9-]+", re.ASCII)
_OID = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_TYPED = re.compile(r"[\w .,=+-]+")
"""What `--name` makes a name of, and no revision of git's is written with but branches and tags."""
_SHOWN = 4


def resolve(repo: Repository, text: str) -> StoredRun:
    """The run that `text` means.

    Raises NotFound, Ambiguous (with the candidates as hint), or UsageError for what cannot be a run.
    """
    if not text or text.startswith("-") or "\0" in text or "\n" in text:
        raise UsageError(f"invalid run {text!r}", hint="git exp ls")
    metric = metric_in(text)
    if metric is not None:
        return _best(repo, metric)
    baseline = baseline_in(text)
    if baseline is not None:
        from gitexp.ops import baseline as baselines

        return baselines.resolve(repo, baseline)
    recent = RECENT.fullmatch(text)
    if recent:
        return _recent(repo, text, int(recent[1] or (1 if "~" in text else 0)))
    short = short_of(text)
    matches = begun(repo, short)
    if short in matches:
        name = RunName(short)
        return load(repo, matches[name], name, name)
    # Whoever has a branch of that name means it, whatever runs begin alike.
    if not matches or is_revision(repo, text):
        return _by_commit(repo, text)
    meant = only(matches, short)
    if meant is None:
        raise ambiguous(text, list(matches))
    return load(repo, matches[meant], meant, meant)


def short_of(text: str) -> str:
    """What the name of a run that `text` means begins with, folded as `--name` was: `lr-0-1` for `lr-0.1`."""
    short = text.removeprefix(EXP).removeprefix("exp/").lower()
    if _BEGINNING.fullmatch(short) or not _TYPED.fullmatch(short):
        return short
    try:
        return slugify(short)
    except InvalidName:
        return short


def begun(repo: Repository, short: str) -> Mapping[RunName, Oid]:
    """The runs whose names begin with `short`."""
    # git finds the beginning of a name among any number of refs without reading the others.
    return all_runs(repo, short) if _BEGINNING.fullmatch(short) else {}


def run_or_commit(repo: Repository, text: str) -> StoredRun | Oid:
    """The run that `text` means, else the commit that git takes it for. Raises as `resolve` does."""
    try:
        return resolve(repo, text)
    except Ambiguous:
        raise
    except NotFound as error:
        commit = commit_of(repo.git, text)
        if commit is None:
            raise error from None
        return commit


def called_so(repo: Repository, text: str) -> RunName | None:
    """The one run whose name begins with what git has a branch or tag of; a beginning means that, then."""
    return only(begun(repo, short := short_of(text)), short)


def tell_called_so(repo: Repository, text: str, taken: Collection[RunName]) -> None:
    """Remark the run that is called by the name of a branch, unless it is among those that are `taken`."""
    called = called_so(repo, text)
    if called is not None and called not in taken:
        repo.remark(f"{text!r} is taken for the branch or tag, and not for run {called!r}")


def only(names: Iterable[RunName], text: str) -> RunName | None:
    """The one of `names`, all beginning with `text`, that is meant: the only one, or the only one called so.

    `base` is called so by `base-3diwwj`, and not by `base-repro-k2aaaa`. None where there are several.
    """
    found = list(names)
    called = found if len(found) == 1 else [name for name in found if slug_of(name) == text]
    return called[0] if len(called) == 1 else None


def ambiguous(text: str, names: Sequence[RunName]) -> Ambiguous:
    """The error for what several runs may be meant by."""
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return Ambiguous(f"run {text!r} matches {len(names)} runs", hint=shown)


def is_revision(repo: Repository, text: str) -> bool:
    """Whether git has a branch or a tag of exactly that name, or it is HEAD, or the id of a commit."""
    if text == "HEAD" or (_OID.fullmatch(text) and commit_of(repo.git, text) is not None):
        return True
    refs = (f"refs/heads/{text}", f"refs/tags/{text}")
    return bool(repo.git.run("for-each-ref", "--count=1", *refs).stdout)


def metric_in(text: str) -> str | None:
    """What stands behind `best:`, empty for `best` alone; None where `text` is neither."""
    word, colon, metric = text.partition(":")
    return metric if word == _BEST and bool(colon) is bool(metric) else None


def baseline_in(text: str) -> str | None:
    """What stands behind `baseline:`; None where `text` is not written so."""
    return text.removeprefix(_BASELINE) if text.startswith(_BASELINE) else None


def _best(repo: Repository, metric: str) -> StoredRun:
    from gitexp.ops.best import best

    found = best(repo, list_all(repo).runs, metric or None)
    repo.remark(found.how)
    return found.run


def _recent(repo: Repository, text: str, back: int) -> StoredRun:
    runs = list_all(repo).runs
    if back >= len(runs):
        count = f"only {len(runs)} recorded so far" if runs else "none recorded yet"
        raise NotFound(f"no run {text!r}: {count}", hint="git exp ls")
    return runs[back]


def _by_commit(repo: Repository, text: str) -> StoredRun:
    commit = commit_of(repo.git, text)
    if commit is None:
        raise NotFound(f"no run matches {text!r}", hint=_nearest(repo, text))
    if repo.reader.resolve(commit, ".exp/run.yaml") is None:
        called = called_so(repo, text)
        what = "a commit, but carries no record of a run"
        if called is not None:
            what = f"a branch or tag without a record, and the beginning of run {called!r}"
        raise NotFound(f"{text!r} is {what}", hint=called or "git exp ls")
    # A run's own commit, or one that a run was merged into: its record then may be stale.
    run = load(repo, commit, text)
    tell_called_so(repo, text, (run.name,))
    return run


def _nearest(repo: Repository, text: str) -> str:
    import difflib

    close = difflib.get_close_matches(text, list(all_runs(repo)), 1, 0.5)
    return f"git exp show {close[0]}" if close else "git exp ls"
