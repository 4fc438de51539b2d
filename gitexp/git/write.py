"""Bringing objects and refs into a repository so that they stay, whatever dies next.

Order: objects in one pack, the pack's folder synced, refs in one transaction, their folders synced, and
everything read back.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from gitexp.errors import GitError, GitKilled, RefChanged, StorageFull
from gitexp.git.layout import Layout
from gitexp.git.process import Git, Result, error
from gitexp.model.values import Oid
from gitexp.sharing import share
from gitexp.syncing import can_sync_file_system, sync_file_system

TRIES = 10
BUDGET = 10.0
"""Seconds in which the tries must be over."""
LOOKS = 5
"""Tries after which an object that git does not find is not there."""
MANY = 64
"""Refs from which on one transaction has the disk waited for once, not for each of them."""
KEEP = "gitexp:"
"""How the text of our `.keep` files starts."""

# What a concurrent gc, pack-refs or transaction makes git say, and what is over at the next try.
_PASSING = re.compile(
    r"cannot lock|Unable to create '.*\.lock'|unable to write file|unable to create temporary file"
    r"|No such file or directory"
    r"|could not rename|failed to rename|unable to rename|couldn't set|Could not read ref|cannot be read",
    re.IGNORECASE,
)
_LOST = re.compile(
    r"is at [0-9a-f]+ but expected|reference already exists|unable to resolve reference|reference is missing"
)
_BLOCKED = re.compile(r"'(refs/[^']+)' exists; cannot create")
_ABSENT = re.compile(r"with nonexistent object")

T = TypeVar("T")


class KeptPack(NamedTuple):
    """A pack in the repository that git's maintenance leaves alone until `unkeep`."""

    name: str
    """Its hash: the files are `objects/pack/pack-<name>.*`."""


class RefUpdate(NamedTuple):
    """One change of a ref, made only where the ref is as expected.

    `old` None: the ref must not exist yet. `new` None: the ref is deleted.
    """

    ref: str
    new: Oid | None
    old: Oid | None


class _Passing(Exception):
    """Git failed for a reason that the next try may not meet."""

    def __init__(self, cause: GitError) -> None:
        self.cause = cause


def store(git: Git, layout: Layout, pack: Path, keep: str) -> KeptPack:
    """The pack file brought into the repository, on disk and protected by a `.keep` that names `keep`.

    Raises StorageFull or GitError; then nothing of it is in use, and it is to be written again with a nonce.
    """

    def once() -> Result:
        with open(pack, "rb") as file:
            result = git.run("index-pack", "--stdin", f"--keep={KEEP}{keep}", stdin=file, check=False)
        return _judge(result, "index-pack")

    result = _retried(once)
    kept = KeptPack(result.text.split("\t", 1)[1])
    share(layout.packs / f"pack-{kept.name}.keep")  # git lets nobody else see it
    sync_folder(layout.packs)
    return kept


def unkeep(layout: Layout, pack: KeptPack) -> bool:
    """Lets git's maintenance have the pack again. False where it is gone, or kept by somebody else."""
    path = layout.packs / f"pack-{pack.name}.keep"
    try:
        if not path.read_bytes().startswith(KEEP.encode()):
            return False
        path.unlink()
    except (FileNotFoundError, PermissionError):
        return False
    return True


def kept_packs(layout: Layout) -> dict[str, str]:
    """Name of each pack that we keep -> what it is kept for; a pack that was never finished is among them."""
    found: dict[str, str] = {}
    for path in layout.packs.glob("pack-*.keep"):
        # One that may not be read is somebody else's, and for him to look after.
        with contextlib.suppress(FileNotFoundError, PermissionError):
            text = path.read_text("utf-8", "replace")
            if text.startswith(KEEP):
                found[path.stem.removeprefix("pack-")] = text.removeprefix(KEEP).strip()
    return found


def reindex(git: Git, layout: Layout) -> bool:
    """Whether a pack that we keep had no index; it has one again.

    `git gc` removes an index whose pack it has not seen, and it does not see a pack that arrives while it
    reads the folder: https://github.com/git/git/blob/v2.39.5/builtin/gc.c, `report_pack_garbage`.
    """
    packs = [layout.packs / f"pack-{name}.pack" for name in kept_packs(layout)]
    bare = [pack for pack in packs if pack.exists() and not pack.with_suffix(".idx").exists()]
    for pack in bare:
        git.run("index-pack", str(pack), check=False)
    return bool(bare)


def publish(git: Git, layout: Layout, updates: Sequence[RefUpdate], why: str | None = None) -> None:
    """Makes all `updates` in one transaction, durable once this returns; with `why` in reflogs of theirs.

    Raises RefChanged where a ref is not as expected (then nothing was changed), StorageFull or GitError.
    """
    pending = list(updates)
    tries = 0

    def once() -> None:
        nonlocal pending, tries
        if tries:  # a try that failed half way may have made some of the changes: those are no lost races
            values = _values(git, [update.ref for update in pending])
            pending = [update for update in pending if values[update.ref] != update.new]
        tries += 1
        if pending:
            result = _transaction(git, layout, pending, why)
            if _ABSENT.search(result.talk) and (reindex(git, layout) or tries < LOOKS):
                raise _Passing(error(result, ["update-ref"]))
            _judge(result, "update-ref")

    _retried(once)
    if layout.ref_format == "files" and not (len(updates) >= MANY and _sync_everything(layout)):
        _sync_refs(layout, updates)
    _check(git, layout, updates)


def make_branch(git: Git, layout: Layout, name: str, commit: Oid, *, force: bool = False) -> None:
    """Has git make a branch of the user's, or with `force` move one: its checks, its reflog; durable.

    Raises GitError in git's words, StorageFull.
    """
    command = ("branch", "--no-track", *(("--force",) if force else ()), "--", name, commit)
    _retried(lambda: _judge(git.run(*command, check=False), "branch"))
    update = RefUpdate(f"refs/heads/{name}", commit, None)
    if layout.ref_format == "files":
        _sync_refs(layout, [update])
    _check(git, layout, [update])


def verify(git: Git, oids: Collection[Oid]) -> set[Oid]:
    """Those of `oids` that are not in the repository itself; nothing is fetched to find out."""
    # Before git 2.45 there is no GIT_NO_LAZY_FETCH; with no protocol allowed, a fetch ends at once.
    offline = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
    left = list(oids)
    missing: set[Oid] = set()
    while left:
        asked = "".join(f"{oid}\n" for oid in left).encode()
        result = git.run("cat-file", "--batch-check", input=asked, env=offline, check=False)
        answers = result.lines
        missing.update(oid for oid, answer in zip(left, answers, strict=False) if answer.endswith(" missing"))
        if len(answers) == len(left):
            break
        if "promisor" not in result.talk:
            raise error(result, ["cat-file"])
        missing.add(left[len(answers)])  # a promised object that is not here ends the older git's answers
        left = left[len(answers) + 1 :]
    return missing


def remove_stale_lock(layout: Layout, ref: str) -> bool:
    """Whether a lock file of `ref` was in the way; it is removed.

    Only for a caller that holds the run's own lock alone: that proves that nobody, no git either,
    is at work on the ref.
    """
    try:
        (layout.common_dir / f"{ref}.lock").unlink()
    except FileNotFoundError:
        return False
    return True


def sync_folder(path: Path) -> None:
    """Returns when the names in the folder are on disk; a folder that is gone is no matter."""
    _sync(path, os.O_DIRECTORY)


_UPDATE = ("update-ref", "--no-deref", "--stdin", "-z")
# All but refs: what is added to `all` cannot be taken from it again.
_UNSYNCED = ("-c", "core.fsync=objects,derived-metadata,index,-reference")


def _transaction(git: Git, layout: Layout, updates: Sequence[RefUpdate], why: str | None) -> Result:
    """What git said of one transaction with all `updates`."""
    script = b"".join(map(_line, updates))
    if why is not None:
        return git.run(*_UPDATE, "--create-reflog", "-m", why, input=script, check=False)
    if len(updates) < MANY or layout.ref_format != "files":
        return git.run(*_UPDATE, input=script, check=False)
    return _synced_once(git, layout, script)


def _synced_once(git: Git, layout: Layout, script: bytes) -> Result:
    """As `_transaction`, with all that git has prepared waited for once, not ref by ref.

    A prepared transaction has written every value into a lock file; to commit is to rename these. So no ref
    can be an empty file after a power cut. Git syncs each file itself where that cannot be had.
    """
    options = _UNSYNCED if can_sync_file_system() else ()
    process = git.start(*options, *_UPDATE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(b"start\0" + script + b"prepare\0")
            process.stdin.flush()
            if process.stdout.readline() and process.stdout.readline():  # "start: ok", "prepare: ok"
                _sync_everything(layout)
        try:
            stdout, stderr = process.communicate(b"commit\0")
        except BaseException:
            process.kill()
            raise
    return Result(process.returncode, stdout, stderr)


def _sync_everything(layout: Layout) -> bool:
    """Whether all that was written is on disk. Raises StorageFull where the disk says no."""
    try:
        return sync_file_system(layout.common_dir)
    except OSError as error:
        raise StorageFull(f"refs cannot be written: {error.strerror}") from None


def _line(update: RefUpdate) -> bytes:
    if update.new is None:
        return f"delete {update.ref}\0{update.old or ''}\0".encode()
    if update.old is None:
        return f"create {update.ref}\0{update.new}\0".encode()
    return f"update {update.ref}\0{update.new}\0{update.old}\0".encode()


def _judge(result: Result, command: str) -> Result:
    """The result, if git succeeded. Raises what its words stand for."""
    if result.code == 0:
        return result
    cause = error(result, [command])
    if isinstance(cause, (GitKilled, StorageFull)) or _BLOCKED.search(result.talk):
        raise cause
    if _LOST.search(result.talk):
        raise _overtaken(cause)
    if _PASSING.search(result.talk):
        raise _Passing(cause)
    raise cause


def _overtaken(cause: GitError) -> RefChanged:
    ref = re.search("'(refs/[^']+)'", cause.message)
    which = f"ref '{ref[1]}'" if ref else "a ref"
    return RefChanged(f"{which} was changed by somebody else meanwhile", hint="try again")


def _retried(action: Callable[[], T]) -> T:
    """The action's result, from the first try that git's passing troubles let through."""
    deadline = time.monotonic() + BUDGET
    for attempt in range(TRIES):
        try:
            return action()
        except _Passing as passing:
            cause = passing.cause
        pause = 0.01 * 2**attempt * (0.5 + os.urandom(1)[0] / 255)
        if attempt == TRIES - 1 or time.monotonic() + pause > deadline:
            break
        time.sleep(pause)
    raise cause


def _values(git: Git, refs: Sequence[str]) -> dict[str, Oid | None]:
    """What each ref points to; None where it does not exist or its object is missing."""
    asked = "".join(f"{ref}\n" for ref in refs).encode()
    answers = git.run("cat-file", "--batch-check=%(objectname)", input=asked).text.split("\n")
    return {ref: None if " " in answer else Oid(answer) for ref, answer in zip(refs, answers, strict=True)}


def _stands(layout: Layout, update: RefUpdate) -> bool:
    """Whether the ref's own file already says what was written, so that no process need be asked."""
    if layout.ref_format != "files" or update.new is None:
        return False
    try:
        return (layout.common_dir / update.ref).read_text().strip() == update.new
    except OSError:
        return False


def _check(git: Git, layout: Layout, updates: Sequence[RefUpdate]) -> None:
    """Reads back what was written. Another process may already have gone on from it, but never back."""
    unclear = [update for update in updates if not _stands(layout, update)]
    values = _values(git, [update.ref for update in unclear]) if unclear else {}
    for update in unclear:
        value = values[update.ref]
        if value != update.new and (value is None or value == update.old):
            raise RefChanged(f"ref '{update.ref}' did not stay as it was written", hint="git fsck")


def _sync_refs(layout: Layout, updates: Iterable[RefUpdate]) -> None:
    """Syncs what git leaves unsynced: the folders always, the files themselves before git 2.36."""
    root = layout.common_dir / "refs"
    folders: set[Path] = set()
    for update in updates:
        path = layout.common_dir / update.ref
        _sync(path)
        folders.update(folder for folder in path.parents if folder == root or root in folder.parents)
        if update.new is None:
            folders.add(layout.common_dir)  # where packed-refs is replaced
    for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
        sync_folder(folder)


def _sync(path: Path, flags: int = 0) -> None:
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY | flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
