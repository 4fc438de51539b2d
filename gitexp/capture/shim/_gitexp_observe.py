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

_real_open, _pending, tell = io.open, reports.pending, reports.tell
_getcwd, _stat, _ident = os.getcwd, os.stat, get_ident

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
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if len(args) > 2 or "buffering" in kwargs:
            args, kwargs = _warned_of_buffering(args, kwargs)
        found = _real_open(*args, **kwargs)
        if not args or args[0].__class__ is not str or args[0] not in _seen:
            _note_call(args, kwargs)
        elif _pending:
            reports.write_due()
        return found


class _WarningOpen(_Twin):
    """The same for `-X warn_default_encoding`: what is warned of is the caller's line."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        args, kwargs = _warned_of_buffering(args, kwargs)
        if len(args) < 4 and kwargs.get("encoding") is None and "b" not in _mode_of(args, kwargs):
            kwargs["encoding"] = io.text_encoding(None)  # type: ignore[attr-defined]
        found = _real_open(*args, **kwargs)
        _note_call(args, kwargs)
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


def _warned_of_buffering(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The arguments of `open` without `buffering=1` where it deserves a warning, after that was given."""
    asked = args[2] if len(args) > 2 else kwargs.get("buffering")
    if asked != 1 or "b" not in _mode_of(args, kwargs):
        return args, kwargs
    told = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used"
    _warn(told, RuntimeWarning, 3)
    if len(args) > 2:
        return (*args[:2], -1, *args[3:]), kwargs
    return args, {**kwargs, "buffering": -1}


def _mode_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The mode that `open` was given; what is no text is for itself to refuse."""
    mode = args[1] if len(args) > 1 else kwargs.get("mode", "r")
    return mode if isinstance(mode, str) else "b"


def _note_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    note(args[0] if args else kwargs.get("file"), _mode_of(args, kwargs))


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
    flags: Any = sys.flags
    kind = _WarningOpen if getattr(flags, "warn_default_encoding", 0) else _Open
    opened = kind(_real_open, "io")
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
