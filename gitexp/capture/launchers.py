"""Sees through programs that only start another one: `env X=1 nice -n 5 uv run python a.py` is `python`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_PYTHON_WORD = re.compile(r"(?:.*/)?(?:python|pypy)[0-9.]*t?")
_MOST_LAUNCHERS = 10


class Launched(NamedTuple):
    """A program that exists, and the environment it would be started in."""

    path: Path
    environ: Mapping[str, str]


class _Step(NamedTuple):
    words: Sequence[str]
    environ: Mapping[str, str]


def program(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> Launched | None:
    """The program that does the work of `command`, or None where it cannot be found."""
    step = _Step(list(command), environ)
    for _ in range(_MOST_LAUNCHERS):
        if not step.words:
            return None
        through = _LAUNCHERS.get(os.path.basename(step.words[0]))
        inner = through(step, cwd) if through else None
        if inner is None:
            path = _look_up(step.words[0], cwd, step.environ)
            return Launched(path, step.environ) if path else None
        step = inner
    return None


def _look_up(word: str, cwd: Path, environ: Mapping[str, str]) -> Path | None:
    """As the shell does; a word with a slash is a path from `cwd`. Symbolic links are not followed."""
    if "/" in word:
        candidates = [cwd / word]
    else:
        candidates = [cwd / folder / word for folder in environ.get("PATH", os.defpath).split(os.pathsep)]
    for path in candidates:
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return Path(os.path.normpath(path.parent)) / path.name
    return None


def _skip_options(words: Sequence[str], with_value: frozenset[str]) -> list[str]:
    """`words` from the first that is neither an option nor an option's value."""
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        option = rest.pop(0)
        if option == "--":
            break
        if option in with_value and rest:
            rest.pop(0)
    return rest


def _plain(with_value: str = "", operands: int = 0) -> Callable[[_Step, Path], _Step | None]:
    """A launcher with options, those of `with_value` followed by a word, and a number of words of its own."""
    valued = _words(with_value)

    def through(step: _Step, cwd: Path) -> _Step | None:
        return _Step(_skip_options(step.words[1:], valued)[operands:], step.environ)

    return through


def _env(step: _Step, cwd: Path) -> _Step | None:
    environ: Mapping[str, str] = step.environ
    if {"-i", "-", "--ignore-environment"} & set(step.words[1:2]):
        environ = {}
    words = _skip_options(step.words[1:], frozenset(("-u", "--unset", "-C", "--chdir")))
    words = words[1:] if words[:1] == ["-"] else words
    while words and (match := _ASSIGNMENT.fullmatch(words[0])):
        environ = {**environ, match[1]: match[2]}
        words = words[1:]
    return _Step(words, environ)


def _cluster(step: _Step, cwd: Path) -> _Step | None:
    """mpirun and its kin have hundreds of options: go straight to the word that is a Python."""
    starts = [index for index, word in enumerate(step.words) if _PYTHON_WORD.fullmatch(word)]
    return _Step(step.words[starts[0] :], step.environ) if starts else None


def _project(step: _Step, cwd: Path) -> _Step | None:
    """`uv run`, `poetry run`, `pdm run`: the command inside the project's own virtual environment."""
    words = _skip_options(step.words[1:], frozenset(("--directory", "--project", "-C", "-P", "-p")))
    if words[:1] != ["run"]:
        return None
    words = _skip_options(words[1:], _PROJECT_OPTIONS)
    if words and words[0].endswith(".py"):
        words = ["python", *words]
    bin_folder = _project_environment(cwd, step.environ)
    if bin_folder is None:
        return _Step(words, step.environ)
    path = os.pathsep.join((str(bin_folder), step.environ.get("PATH", os.defpath)))
    return _Step(words, {**step.environ, "PATH": path})


def _project_environment(cwd: Path, environ: Mapping[str, str]) -> Path | None:
    stated = environ.get("UV_PROJECT_ENVIRONMENT")
    for folder in (cwd, *cwd.parents):
        if (folder / (stated or ".venv") / "pyvenv.cfg").is_file():
            return folder / (stated or ".venv") / "bin"
        if (folder / "pyproject.toml").is_file():
            break
    active = environ.get("VIRTUAL_ENV")
    return Path(active, "bin") if active else None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PROJECT_OPTIONS = _words(
    """--with --with-editable --with-requirements --extra --group --no-group --only-group --env-file
    --python -p --package --index --index-url --extra-index-url --directory --project --config-file
    --cache-dir --module-name -s --site-packages"""
)

_LAUNCHERS: Mapping[str, Callable[[_Step, Path], _Step | None]] = {
    "env": _env,
    "nohup": _plain(),
    "setsid": _plain(),
    "time": _plain("-f --format -o --output"),
    "nice": _plain("-n --adjustment"),
    "ionice": _plain("-c --class -n --classdata"),
    "chrt": _plain(operands=1),
    "stdbuf": _plain("-i -o -e"),
    "timeout": _plain("-s --signal -k --kill-after", operands=1),
    "taskset": _plain("-c --cpu-list", operands=0),
    "numactl": _plain("-C -N -m -i -p"),
    "caffeinate": _plain("-t -w"),
    "mpirun": _cluster,
    "mpiexec": _cluster,
    "srun": _cluster,
    "uv": _project,
    "poetry": _project,
    "pdm": _project,
}
