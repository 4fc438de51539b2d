"""Checking files out without the programs that settings and attributes name for it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from gitexp.git.config import Config, read
from gitexp.git.process import Git

LFS = "lfs"
"""The filter of git-lfs, whose work we do ourselves: it checks no hash, and fails where bytes are missing."""
_NO_MONITOR = "core.fsmonitor="
_SECTION = '[filter "{}"]\n\tsmudge =\n\tclean =\n\tprocess =\n\trequired = false\n'
_PARAMETERS = "GIT_CONFIG_PARAMETERS"
"""Where `git -c` hands its settings on."""


@contextmanager
def switched_off(git: Git, git_dir: Path, only: Collection[str] | None = None) -> Iterator[Git]:
    """`git` under which none of the configured filters runs, and no monitor of files; or none of `only`.

    Attributes, the tree's own too, can only name what is configured. While the block lasts there is a file
    of settings in `git_dir`: the name of a filter may hold `=`, where `-c` would cut it.
    """
    path = git_dir / f"no-filters-{os.getpid()}-{os.urandom(4).hex()}"
    names = [name for name in _drivers(read(git)) if only is None or name in only]
    path.write_bytes(os.fsencode("".join(_SECTION.format(_escaped(name)) for name in names)))
    settings = [f"include.path={path}", *(() if only is not None else (_NO_MONITOR,))]
    given = git.environ.get(_PARAMETERS, "")
    try:
        yield git.within({_PARAMETERS: " ".join([given, *map(_quoted, settings)]).strip()})
    finally:
        path.unlink(missing_ok=True)


def _drivers(config: Config) -> list[str]:
    """The names of all filters that any setting is about."""
    keys = [key.removeprefix("filter.") for key in config.values if key.startswith("filter.")]
    return list(dict.fromkeys(key.rpartition(".")[0] for key in keys if "." in key))


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(setting: str) -> str:
    """As git itself quotes what it puts there."""
    return "'" + setting.replace("'", "'\\''").replace("!", "'\\!'") + "'"
