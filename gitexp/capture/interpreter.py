"""Which Python will run a command, found out without launching it, and the folders its packages are in."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gitexp.capture.launchers import Launched

Kind = Literal["venv", "conda", "system"]

_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*t?(?:\.exe)?")
_VERSION = re.compile(r"[0-9]+\.[0-9]+(?:\.[0-9]+\w*)?")
_PATCHLEVEL = re.compile(r'^#define\s+PY_VERSION\s+"([^"+]+)', re.MULTILINE)
_SHEBANG_LENGTH = 1024
_MOST_HOPS = 8


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python on this machine. Only version, implementation and kind may enter a record."""

    version: str | None
    """`3.11.7`, or `3.11` where the last part cannot be read; None if unknown."""
    implementation: str
    prefix: Path
    site_packages: tuple[Path, ...]
    """In the order in which an import searches them; each existed when it was looked at."""
    kind: Kind


def current() -> Interpreter:
    """The Python that runs this very process."""
    folders = (Path(entry) for entry in sys.path if entry.endswith(("site-packages", "dist-packages")))
    prefix = Path(sys.prefix)
    kind: Kind = "venv" if sys.prefix != sys.base_prefix else _kind_without_venv(prefix)
    found = tuple(dict.fromkeys(folder for folder in folders if folder.is_dir()))
    return Interpreter(_own_version(), sys.implementation.name, prefix, found, kind)


def _launched(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> Launched | None:
    # Only needed for commands: a run from Python knows its interpreter.
    from gitexp.capture.launchers import program

    return program(command, cwd, environ)


def _own_version() -> str:
    return sys.version.split()[0].rstrip("+")


def is_interactive(command: Sequence[str]) -> bool:
    """Whether the program was typed or piped into a Python, or is a notebook's: not what the command says."""
    program, rest = os.path.basename(command[0]), command[1:]
    if program.startswith(("ipython", "jupyter")) or any(word.startswith("ipykernel") for word in rest):
        return True
    if not _PYTHON.fullmatch(program) or any(word.startswith(("-c", "-m")) for word in rest):
        return False
    operands = [word for word in rest if word == "-" or not word.startswith("-")]
    return operands[:1] in ([], ["-"])


def find(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> Interpreter | None:
    """The Python that `command` would run under, or None where that cannot be told (a shell, a binary)."""
    launched = _launched(command, cwd, environ)
    if launched is None:
        return None
    executable: Path | None = launched.path
    for _ in range(_MOST_HOPS):
        if executable is None:
            return None
        if real := _behind_pyenv(executable, cwd, launched.environ):
            executable = real
        elif _PYTHON.fullmatch(executable.name) and not _is_script(executable):
            return _describe(executable, launched.environ)
        else:
            executable = _shebang(executable, cwd, launched.environ)
    return None


def _describe(executable: Path, environ: Mapping[str, str]) -> Interpreter:
    for prefix in (executable.parent, executable.parent.parent):
        if (settings := _settings(prefix / "pyvenv.cfg")) is not None:
            return _venv(prefix, settings, executable, environ)
    real = executable.resolve()
    prefix = real.parent.parent
    kind = _kind_without_venv(prefix)
    version = _version(prefix, real)
    folders = [*_user_folders(version, environ), *_folders(prefix, version)]
    return Interpreter(version, _implementation(real), prefix, _present(folders), kind)


def _venv(
    prefix: Path, settings: Mapping[str, str], executable: Path, environ: Mapping[str, str]
) -> Interpreter:
    stated = _VERSION.match(settings.get("version_info", settings.get("version", "")))
    real = executable.resolve()
    version = stated.group() if stated else _version(real.parent.parent, real)
    folders = _folders(prefix, version)
    if settings.get("include-system-site-packages", "").lower() == "true":
        folders += [*_user_folders(version, environ), *_folders(real.parent.parent, version)]
    return Interpreter(version, _implementation(real), prefix, _present(folders), "venv")


def _settings(path: Path) -> Mapping[str, str] | None:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    pairs = (line.partition("=") for line in lines)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _kind_without_venv(prefix: Path) -> Kind:
    return "conda" if (prefix / "conda-meta").is_dir() else "system"


def _implementation(real: Path) -> str:
    return "pypy" if real.name.startswith("pypy") else "cpython"


def _version(prefix: Path, real: Path) -> str | None:
    """As exact as file names and the C header tell; the running Python knows its own."""
    if real == Path(sys.executable).resolve():
        return _own_version()
    named = _VERSION.search(real.name)
    short = named.group() if named else next((p.name[6:] for p in sorted(prefix.glob("lib/python3.*"))), None)
    if short is None:
        return None
    try:
        header = (prefix / "include" / f"python{short}" / "patchlevel.h").read_text("utf-8", "replace")
    except OSError:
        header = ""
    exact = _PATCHLEVEL.search(header)
    if exact:
        return exact.group(1)
    managed = next((p.name.split("-")[1] for p in prefix.glob(f"conda-meta/python-{short}.*.json")), None)
    in_path = re.search(rf"(?<![0-9.]){re.escape(short)}\.[0-9]+", prefix.name)
    return managed or (in_path.group() if in_path else short)


def _folders(prefix: Path, version: str | None) -> list[Path]:
    short = ".".join((version or "").split(".")[:2])
    names = [f"python{short}", f"pypy{short}"] if short else []
    lib = [prefix / base / name / "site-packages" for name in names for base in ("lib", "lib64")]
    debian = [prefix / "local" / "lib" / name / "dist-packages" for name in names]
    return [*lib, *debian, prefix / "lib" / "python3" / "dist-packages", prefix / "Lib" / "site-packages"]


def _user_folders(version: str | None, environ: Mapping[str, str]) -> list[Path]:
    if not version or environ.get("PYTHONNOUSERSITE") or not environ.get("HOME"):
        return []
    base = Path(environ.get("PYTHONUSERBASE") or Path(environ["HOME"], ".local"))
    return [base / "lib" / f"python{'.'.join(version.split('.')[:2])}" / "site-packages"]


def _present(folders: Sequence[Path]) -> tuple[Path, ...]:
    seen: dict[str, Path] = {}
    for folder in folders:
        if folder.is_dir():
            seen.setdefault(os.path.realpath(folder), folder)
    return tuple(seen.values())


def _is_script(path: Path) -> bool:
    return _first_bytes(path).startswith(b"#!")


def _first_bytes(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_SHEBANG_LENGTH)
    except OSError:
        return b""


def _shebang(path: Path, cwd: Path, environ: Mapping[str, str]) -> Path | None:
    """The Python that a script's first line names; or its second line, as pip writes it for long paths."""
    start = _first_bytes(path)
    if not start.startswith(b"#!"):
        return None
    first, _, rest = start[2:].decode("utf-8", "replace").partition("\n")
    if first.strip() == "/bin/sh" and (match := re.match(r"'''exec' \"?([^\"\n]+?)\"? \"\$0\"", rest)):
        words = [match.group(1)]
    else:
        words = first.split()
    launched = _launched(words, cwd, environ)
    return launched.path if launched and _PYTHON.fullmatch(launched.path.name) else None


def _behind_pyenv(path: Path, cwd: Path, environ: Mapping[str, str]) -> Path | None:
    """What a pyenv shim would run: the first chosen version that has the program."""
    if path.parent.name != "shims" or b"pyenv" not in _first_bytes(path):
        return None
    root = path.parent.parent
    for version in _pyenv_versions(root, cwd, environ):
        if (candidate := root / "versions" / version / "bin" / path.name).exists():
            return candidate
    return None


def _pyenv_versions(root: Path, cwd: Path, environ: Mapping[str, str]) -> list[str]:
    if chosen := environ.get("PYENV_VERSION"):
        return chosen.split(":")
    for folder in (cwd, *cwd.parents):
        if text := _first_bytes(folder / ".python-version"):
            return text.decode("utf-8", "replace").split()
    return _first_bytes(root / "version").decode("utf-8", "replace").split()
