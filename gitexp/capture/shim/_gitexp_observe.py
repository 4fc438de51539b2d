"""Notes in one process which files are opened, and what else hooks tell of; `_gitexp_reports` writes it."""

from __future__ import annotations

import atexit
import builtins
import io
import os
import sys
from _thread import get_ident
from _warnings import warn as _warn
from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself would take longer to import than all of this
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

if __package__:
    from gitexp.capture.shim import _gitexp_reports as reports
else:  # in the Python of a program
    import _gitexp_reports as reports  # type: ignore[import-not-found, no-redef]

VERSION = 1
"""Of what the functions here do; another gitexp in the same process leaves a newer or older one alone."""
VARIABLE = "GITEXP_OBSERVE"
"""Holds the folder for the reports."""
MOST = 50_000
"""Paths that one process notes at once."""

_real_open: Any = io.open
_pending, tell = reports.pending, reports.tell
_getcwd, _stat, _fspath, _ident = os.getcwd, os.stat, os.fspath, get_ident

_warns = bool(getattr(sys.flags, "warn_default_encoding", 0))
_NOTHING: Any = object()
_USUAL = (
    *(("mode", "r"), ("buffering", -1), ("encoding", None), ("errors", None), ("newline", None)),
    *(("closefd", True), ("opener", None)),
)
"""What `open` has where it is not told."""

_seen: set[str] = set()
"""Paths as the program calls them, from where it is."""
_known: set[Any] = set()
"""How, and by which absolute path, files were opened that were told of; and MOST, where that was told."""
_left: tuple[str, ...] = ()
"""Where what every Python reads is."""
_installed: list[tuple[Any, str, Any, Any]] = []
"""Place, name, what was there, and what is there instead."""
unseen: set[int] = set()
"""Threads that are at work for the recorder: what they open the program has not asked for."""


class _Twin:
    """Stands for a built-in function and looks like it: a class does not bind it, pickle has its name."""

    def __init__(self, real: Any, module: str) -> None:
        self._real = real
        self.__module__ = module
        for name in ("__name__", "__qualname__", "__doc__", "__text_signature__", "__self__"):
            setattr(self, name, getattr(real, name, None))

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._real)

    def __repr__(self) -> str:
        return repr(self._real)

    def __reduce__(self) -> str:
        return str(self._real.__name__)


class _Open(_Twin):
    """`open`, with parameters of its own: to pass on what came, whatever it is, would take twice as long."""

    def __call__(
        self,
        file: Any = _NOTHING,
        mode: Any = "r",
        buffering: Any = -1,
        encoding: Any = None,
        errors: Any = None,
        newline: Any = None,
        closefd: Any = True,
        opener: Any = None,
        *more: Any,
        **unknown: Any,
    ) -> Any:
        __tracebackhide__ = True
        if file.__class__ is not str and file.__class__ is not int:
            try:  # A path is asked for its name here, and not once more by what opens it.
                file = _fspath(file)
            except Exception:  # noqa: BLE001
                pass
        if buffering == 1 or _warns:
            buffering, encoding = _warned(mode, buffering, encoding)
        if more or unknown or file is _NOTHING:
            found = _open_oddly(
                file, (mode, buffering, encoding, errors, newline, closefd, opener), more, unknown
            )
        else:
            found = _real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if file.__class__ is not str or file not in _seen:
            note(file, mode)
        elif _pending:
            reports.write_due()
        return found


class _OpenDescriptor(_Twin):
    """`os.open`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        found = self._real(*args, **kwargs)
        if len(args) < 2 or args[0].__class__ is not str or args[0] not in _seen:
            _note_descriptor(*args, **kwargs)
        elif _pending:
            reports.write_due()
        return found


class _ChangeFolder(_Twin):
    """`os.chdir` and `os.fchdir`: relative paths mean others from then on."""

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        self._real(*args, **kwargs)
        _seen.clear()


class _Leave(_Twin):
    """What ends this program without its exit handlers: `os._exit`, `os.execv`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        _tell_all()
        return self._real(*args, **kwargs)


def _warned(mode: Any, buffering: Any, encoding: Any) -> tuple[Any, Any]:
    """Two arguments of `open` as it will not warn of them: that is done here, and names the caller's line."""
    is_binary = "b" in mode if isinstance(mode, str) else None
    if is_binary and buffering == 1:
        told = "line buffering (buffering=1) isn't supported in binary mode"
        _warn(f"{told}, the default buffer size will be used", RuntimeWarning, 3)
        buffering = -1
    if _warns and is_binary is False and encoding is None:
        encoding = io.text_encoding(None, 3)  # type: ignore[attr-defined]
    return buffering, encoding


def _open_oddly(file: Any, given: tuple[Any, ...], more: tuple[Any, ...], unknown: dict[str, Any]) -> Any:
    """Call `open` with too much or too little, as far as is known here; it has its own words for that."""
    if more:
        return _real_open(file, *given, *more, **unknown)
    # From Python 3.10 on, zip has `strict`.
    named = {name: value for (name, usual), value in zip(_USUAL, given) if value is not usual}  # noqa: B905
    return _real_open(*(() if file is _NOTHING else (file,)), **named, **unknown)


def note(file: Any, mode: str) -> None:
    """Note that a file was opened; never raises."""
    try:
        if file.__class__ is int or (unseen and _ident() in unseen):
            return
        path = os.fsdecode(file)
        if path in _seen:
            reports.write_due()
            return
        if len(_seen) >= MOST or len(_known) >= MOST:
            if MOST not in _known:
                _known.add(MOST)
                _pending.append(("o", ""))
            return
        _seen.add(path)
        writes = "w" in mode or "a" in mode or "x" in mode
        _opened("w" if writes else "r", path)
    except Exception:  # noqa: BLE001
        pass


def _note_descriptor(path: Any, flags: int, mode: int = 0, *, dir_fd: int | None = None) -> None:
    try:
        if flags & (os.O_DIRECTORY | getattr(os, "O_PATH", 0)):
            return
        text = os.fsdecode(path)
        if dir_fd is not None and text[:1] != "/":
            text = os.readlink(f"/proc/self/fd/{dir_fd}") + "/" + text
        reads = flags & os.O_ACCMODE == os.O_RDONLY or not flags & (os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        note(text, "r" if reads else "w")
    except Exception:  # noqa: BLE001
        pass


def _opened(kind: str, path: str) -> None:
    if path[:1] != "/":
        path = _getcwd() + "/" + path
    if kind + path not in _known and not path.startswith(_left):
        _known.add(kind + path)
        found = _stat(path)
        if found.st_mode & 0o170000 == 0o100000:  # a regular file
            tell(kind, f"{time():.6f} {found.st_mtime:.6f} {path}")


def _tell_all() -> None:
    try:
        if reports.has_end():
            if sys.platform == "linux":
                _note_mapped()
            reports.end()
    except Exception:  # noqa: BLE001
        pass


def _note_mapped() -> None:
    """Files that are mapped into memory and no code."""
    data: dict[bytes, bool] = {}
    with _real_open("/proc/self/maps", "rb") as maps:
        for line in maps:
            start, slash, path = line.partition(b"/")
            if slash:
                data[path] = data.get(path, True) and b"x" not in start.split(b" ")[1]
    for path, is_data in data.items():
        name = "/" + os.fsdecode(path.rstrip(b"\n"))
        is_new = _known.isdisjoint(("r" + name, "w" + name))
        if is_data and is_new and ".so" not in name and not name.endswith(" (deleted)"):
            _opened("m", name)


def begin() -> None:
    """Observe this process from now on, where a run asks for it."""
    folder = os.environ.get(VARIABLE)
    if folder and os.path.isdir(folder):
        reports.begin(folder)
        _install()
        atexit.register(_tell_all)


def add(folder: str) -> None:
    """Report into one more folder, from nothing on."""
    reports.flush()
    _forget()
    reports.add(folder)
    if not _installed:
        _install()


def remove(folder: str) -> None:
    """Report the last into a folder, and go when it was the only one."""
    _tell_all()
    reports.files.pop(folder, None)
    if not reports.files:
        _uninstall()


def _install() -> None:
    global _left
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    around = [f"{one}/" for one in folders if one.strip("/")]
    # A project may be in the folder that a Python is installed into: then what is left are its libraries.
    places = [f"{one}/" for one in (*reports.files, *_here())]
    apart = [one for one in around if not any(place.startswith(one) for place in places)]
    _left = (*apart, os.path.dirname(os.__file__) + "/", "/proc/", "/sys/", "/dev/")
    opened = _Open(_real_open, "io")
    _put(builtins, "open", opened)
    _put(io, "open", opened)
    for name, twin in (
        ("open", _OpenDescriptor),
        ("chdir", _ChangeFolder),
        ("fchdir", _ChangeFolder),
        ("_exit", _Leave),
        ("execv", _Leave),
        ("execve", _Leave),
    ):
        _put(os, name, twin(getattr(os, name), "os"))
    hooks = _beside("_gitexp_hooks")
    hooks.install(sys.modules[__name__], _beside)


def _here() -> list[str]:
    try:
        return [_getcwd()]
    except OSError:  # it was removed
        return []


def _put(place: Any, name: str, twin: Any) -> None:
    before = getattr(place, name)
    _installed.append((place, name, before, twin))
    setattr(place, name, twin)
    for known in _capabilities():
        if before in known:
            known.add(twin)


def _capabilities() -> list[set[Any]]:
    """What `os` can do by which function."""
    return [
        known for name, known in vars(os).items() if name.startswith("supports_") and isinstance(known, set)
    ]


def _uninstall() -> None:
    """Take away what nobody has put something else over."""
    while _installed:
        place, name, before, twin = _installed.pop()
        if getattr(place, name, None) is twin:
            setattr(place, name, before)
        for known in _capabilities():
            known.discard(twin)
    _beside("_gitexp_hooks").uninstall()
    _forget()


def _forget() -> None:
    """Tell everything anew."""
    _seen.clear()
    _known.clear()


def _beside(name: str) -> ModuleType:
    """The module of that name in this folder, which is not on the path any more."""
    if name not in sys.modules:
        external: Any = sys.modules["_frozen_importlib_external"]
        bootstrap: Any = sys.modules["_frozen_importlib"]
        path = os.path.join(os.path.dirname(__file__), f"{name}.py")
        spec = external.spec_from_file_location(name, path)
        sys.modules[name] = bootstrap.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def is_worker() -> bool:
    """Whether this process was made by another one of the program to share its work."""
    processes: Any = sys.modules.get("multiprocessing.process")
    parent: Callable[[], Any] = getattr(processes, "parent_process", lambda: None)
    return reports.forked or parent() is not None
