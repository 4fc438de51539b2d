"""Our scripts put into the hooks folder, and taken away again: no hook of anybody's is lost on the way.

At every moment there is a whole hook under git's name, and what stood there has a name of its own before
ours takes its place.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gitexp.capture.durable import publish_durably
from gitexp.errors import GitExpError
from gitexp.ops.hooks.drivers import register, withdraw
from gitexp.ops.hooks.folder import HooksFolder, find_folder
from gitexp.ops.hooks.state import HookState, State, look
from gitexp.ops.hooks.stubs import BEFORE, line, read_script, stub
from gitexp.ops.hooks.table import SENT_TO
from gitexp.repo import Repository
from gitexp.sharing import make_folder


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one of git's hooks."""

    hook: HookState
    """As it is now."""
    changed: bool
    error: GitExpError | None = None
    """Why it is not as it was asked for."""


def install(repo: Repository, *, dry_run: bool = False) -> list[Done]:
    """Have git call ours, after what it called before. Raises what `find_folder` does, OSError."""
    folder = find_folder(repo)
    done = [_installed(folder, hook, dry_run=dry_run) for hook in look(repo, folder)]
    if not dry_run:
        # With it the scripts know that there is something to do.
        make_folder(repo.home)
        register(repo)
    now = {hook.name: hook for hook in look(repo, folder)}
    return [Done(now[one.hook.name], one.changed, one.error) for one in done]


def uninstall(repo: Repository, *, dry_run: bool = False) -> list[Done]:
    """Put back what was there before. Raises what `find_folder` does, OSError."""
    folder = find_folder(repo)
    done = [_uninstalled(hook, dry_run=dry_run) for hook in look(repo, folder)]
    if not dry_run:
        withdraw(repo)
        for place in (repo.home, *((folder.path,) if folder.own else ())):
            with suppress(OSError):  # something else is in it
                place.rmdir()
    now = {hook.name: hook for hook in look(repo, folder)}
    return [Done(now[one.hook.name], one.changed, one.error) for one in done]


def _installed(folder: HooksFolder, hook: HookState, *, dry_run: bool) -> Done:
    path = hook.path
    if hook.state in (State.CALLED, State.NEWER):
        return Done(hook, False)
    if hook.state is State.EDITED:
        return Done(hook, False, _edited(hook.path))
    if folder.scripts is not None:
        return Done(hook, False, _by_hand(hook))
    script = stub(hook.name)
    if hook.state is State.INSTALLED and read_script(path) == script and os.access(path, os.X_OK):
        return Done(hook, False)
    before = path.with_name(hook.name + BEFORE)
    if path.is_dir():
        return Done(hook, False, _a_folder(path))
    if hook.state is State.FOREIGN and not _can_keep(path, before):
        return Done(hook, False, _in_the_way(path, before))
    if not dry_run:
        path.parent.mkdir(parents=True, exist_ok=True)
        if hook.state is State.FOREIGN:
            _keep(path, before)
        _write(path, script)
    return Done(hook, True)


def _by_hand(hook: HookState) -> GitExpError:
    # What reads before it leaves it nothing.
    where = ", above all that reads stdin" if hook.name in SENT_TO else ""
    return GitExpError(
        f"'{hook.path}' is in git, or called by what is: only you can change it",
        hint=f"add the line{where}: {line(hook.name)}",
    )


def _edited(path: Path) -> GitExpError:
    # It cannot be called by ours: it calls what has that name itself.
    return GitExpError(
        f"'{path}' is ours, and somebody has changed it: it stays as it is",
        hint=f"have what was added in '{path}{BEFORE}', which is called first, then rm '{path}'",
    )


def _a_folder(path: Path) -> GitExpError:
    return GitExpError(f"'{path}' is a folder, and no hook can stand there", hint=f"mv '{path}' '{path}.d'")


def _in_the_way(path: Path, before: Path) -> GitExpError:
    return GitExpError(
        f"'{path}' has come since git exp hooks install, and '{before.name}' is another hook",
        hint=f"see which of them is wanted, and remove the other: rm '{before}'",
    )


def _can_keep(path: Path, before: Path) -> bool:
    return not os.path.lexists(before) or _same(path, before)


def _same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and os.readlink(one) == os.readlink(other)
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def _keep(path: Path, before: Path) -> None:
    """Give what stands at `path` its second name, the file itself or, where there are no links, a copy."""
    if os.path.lexists(before):  # we were killed right after this
        return
    try:
        os.link(path, before, follow_symlinks=False)
    except (OSError, NotImplementedError):
        temporary = _beside(path)
        shutil.copy2(path, temporary, follow_symlinks=False)
        temporary.replace(before)


def _write(path: Path, script: bytes) -> None:
    temporary = _beside(path)
    with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, 0o777)) as file:
        file.write(script)
    publish_durably({path: temporary})


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _uninstalled(hook: HookState, *, dry_run: bool) -> Done:
    if hook.state is State.EDITED:
        return Done(hook, False, _edited(hook.path))
    if not hook.state.is_ours:
        if hook.before is None:
            return Done(hook, False)
        if hook.state is not State.ABSENT:
            return Done(hook, False, _in_the_way(hook.path, hook.before))
    if not dry_run:
        if hook.before is not None:
            hook.before.replace(hook.path)
        else:
            hook.path.unlink()
    return Done(hook, True)
