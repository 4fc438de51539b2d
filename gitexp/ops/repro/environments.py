"""Recorded environments built anew: `.git/exp/envs/<hash>`, each from what a run's record says of packages.

One that is whole has its `ready` file, written last: what a kill leaves has none, and is made anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from gitexp.capture.durable import write_durably
from gitexp.capture.interpreter import find
from gitexp.capture.liveness import Lock
from gitexp.errors import GitExpError
from gitexp.model.record import Record
from gitexp.ops.repro import own_package
from gitexp.ops.repro.packages import Package, python_of, recorded
from gitexp.repo import Repository
from gitexp.sharing import make_folder, share

FOLDER, _READY, _LOCK = "envs", "ready", ".building"
_LONGEST = 300
_TELLS = (22, 3)
"""From this version on pip can be told which Python to install for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an environment is to hold."""

    python: str
    """`3.11.7`, or `3.11`."""
    packages: tuple[Package, ...]
    """Those that can be installed."""
    left_out: tuple[Package, ...]
    """Those from folders: their code is not recorded."""
    gitexp: Package | None = None
    """What the run had of gitexp itself, which is here in any case."""

    @property
    def requirements(self) -> str:
        """The lines of a requirements file."""
        return "".join(f"{_pinned(one)}\n" for one in self.packages)

    def key(self, folder: Path) -> str:
        """What it is called in `folder`; one that was moved with its repository would not work any more."""
        own = f"\n{self.gitexp.version} {own_package.VERSION}" if self.gitexp else ""
        told = f"{folder}\n{self.python}\n{self.requirements}{own}"
        return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Built:
    """An environment that is whole."""

    path: Path
    notices: tuple[str, ...] = ()

    @property
    def programs(self) -> Path:
        return self.path / "bin"

    def entered(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` as it is after the environment was activated."""
        path = os.pathsep.join((str(self.programs), environ.get("PATH", os.defpath)))
        rest = {key: value for key, value in environ.items() if key not in ("PYTHONHOME", "PYTHONPATH")}
        return {**rest, "PATH": path, "VIRTUAL_ENV": str(self.path)}


def wanted(record: Record) -> Wanted:
    """The environment of a run. Raises GitExpError where its record does not know it."""
    python = python_of(record)
    if python is None:
        raise GitExpError(
            f"run {record.info.name!r} does not say which Python it ran with, so there is none to build",
            hint=f"git exp repro {record.info.name}",
        )
    # pip and its like are the builder's own.
    had = recorded(record.requirements)
    all_of_them = [one for one in had.values() if one.name not in ("pip", "uv", own_package.NAME)]
    return Wanted(
        python,
        tuple(p for p in all_of_them if not p.from_folder),
        tuple(p for p in all_of_them if p.from_folder),
        had.get(own_package.NAME),
    )


def build(repo: Repository, what: Wanted) -> Built:
    """The environment, built unless it was before. Raises GitExpError with what the builder says."""
    folder = repo.home / FOLDER
    make_folder(folder)
    path = folder / what.key(folder)
    with Lock.take(path.with_suffix(_LOCK), wait=True) or nullcontext():
        if not (path / _READY).exists():
            shutil.rmtree(path, ignore_errors=True)
            count = len(what.packages)
            told = f"Python {what.python}, {count} package{'' if count == 1 else 's'}"
            repo.remark(f"building the environment: {told}")
            _build(repo, what, path)
            write_durably(path / _READY, b"")
    return Built(path, _told(what, path))


def _build(repo: Repository, what: Wanted, path: Path) -> None:
    requirements = path.with_suffix(".txt")
    requirements.write_text(what.requirements)
    share(requirements)
    uv = shutil.which("uv", path=repo.environ.get("PATH"))
    try:
        if uv is not None:
            _run(repo, [uv, "venv", "--quiet", "--python", what.python, str(path)])
            install = [uv, "pip", "install", "--quiet", "--no-deps", "--python", str(path / "bin" / "python")]
        else:
            pip = _own_pip(path)
            venv = [_python(repo, what), "-m", "venv", *(["--without-pip"] if pip else []), str(path)]
            _run(repo, venv)
            install = [*(pip or [str(path / "bin" / "python"), "-m", "pip"]), "install", "--quiet"]
            install += ["--no-deps", "--no-input", "--disable-pip-version-check"]
        if what.packages:
            _run(repo, [*install, "-r", str(requirements)])
        if what.gitexp is not None:
            _put_gitexp(repo, what, path, install)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    finally:
        requirements.unlink()


def _put_gitexp(repo: Repository, what: Wanted, path: Path, install: Sequence[str]) -> None:
    """The gitexp that the run had, or else the one that runs: the run may need one to record anything."""
    assert what.gitexp is not None
    if not what.gitexp.from_folder:
        with suppress(GitExpError):  # no index has it
            _run(repo, [*install, _pinned(what.gitexp)])
            return
    own_package.copy_into(path)


def _own_pip(path: Path) -> list[str] | None:
    """The pip beside gitexp, told to install into another environment: to give that its own takes longest."""
    try:
        version = tuple(int(part) for part in metadata.version("pip").split(".")[:2])
    except (metadata.PackageNotFoundError, ValueError):
        return None
    if version < _TELLS:
        return None
    return [sys.executable, "-m", "pip", "--python", str(path / "bin" / "python")]


def _run(repo: Repository, command: Sequence[str]) -> None:
    environ = {k: v for k, v in repo.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")}
    try:
        done = subprocess.run(
            command,
            cwd=repo.home,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        raise GitExpError(f"cannot run {command[0]!r}: {error.strerror}") from None
    if done.returncode != 0:
        lines = [line.strip(" ×╰─▶│") for line in done.stderr.decode("utf-8", "replace").splitlines()]
        said = next((line for line in lines if line.lower().startswith("error")), " ".join(lines).strip())
        reason = said.removeprefix("ERROR: ").removeprefix("error: ")[:_LONGEST]
        raise GitExpError(
            f"the recorded environment cannot be built: {reason or f'exit code {done.returncode}'}",
            hint="git exp repro without --env runs in the environment as it is",
        )


def _python(repo: Repository, what: Wanted) -> str:
    """A Python of the recorded minor version. Raises GitExpError."""
    minor = _minor(what.python)
    for word in (f"python{minor}", "python3", "python"):
        found = find((word,), repo.cwd, repo.environ)
        program = shutil.which(word, path=repo.environ.get("PATH"))
        if program and found and found.version and _minor(found.version) == minor:
            return program
    if _minor(sys.version) == minor:
        return sys.executable
    raise GitExpError(
        f"the run had Python {what.python}, and there is no Python {minor} here",
        hint=f"install python{minor}, or uv, which can fetch it: https://docs.astral.sh/uv",
    )


def _told(what: Wanted, path: Path) -> tuple[str, ...]:
    """What is not quite as it was recorded."""
    notices = [
        f"package {one.name!r} {one.version} was installed from a folder: it is not in the environment"
        for one in what.left_out
    ]
    if own_package.is_copied(path):
        had = what.gitexp.version if what.gitexp else ""
        notices.append(
            f"gitexp {had} cannot be installed: the environment has a copy of this one, {own_package.VERSION}"
        )
    found = find((str(path / "bin" / "python"),), path, {})
    if found is not None and found.version and found.version != what.python:
        notices.append(f"the run had Python {what.python}, and the environment has {found.version}")
    return tuple(notices)


def _minor(version: str) -> str:
    return ".".join(version.split()[0].split(".")[:2])


def _pinned(package: Package) -> str:
    if package.is_from_url:
        return f"{package.name} @ {package.version}"
    return f"{package.name}=={package.version}" if package.version else package.name
