"""Notes in one process which files are opened, and what else hooks tell of; appended to a file of its own.

Each record is a letter, its text and a NUL byte:

    b PID TIME          began; without an `e` at the end the process was killed, and its last may be missing
    f PID TIME          began as the fork of another one
    r TIME MTIME PATH   opened for reading, for the first time; and when it had been changed last
    w TIME MTIME PATH   opened for writing, before it was read
    m TIME MTIME PATH   mapped into memory at the end
    s NAME VALUE        a seed that was set, as Python spells its value
    c JSON              something about calls of a model
    o                   more was opened than is noted
    e                   told everything
"""

from __future__ import annotations

import atexit
import builtins
import io
import os
import sys
from _collections import deque  # type: ignore[import-not-found]
from _thread import get_ident
from _warnings import warn as _warn
from time import monotonic, time

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself would take longer to import than all of this
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

VERSION = 1
"""Of what the functions here do; another gitexp in the same process leaves a newer or older one alone."""
VARIABLE = "GITEXP_OBSERVE"
"""Holds the folder for the reports."""
MOST = 50_000
"""Paths that one process notes at once."""
LARGEST = 16 << 20
"""Bytes of one report."""
_BURST, _PAUSE, _SHARE = 32, 0.001, 20
"""So many times what is new is written at once; later after so many seconds, or so many times as long as it
takes to write, for it is not to take up the program's time."""
_WAITING = 16
"""So many records do not wait for it: who is killed tells no more."""

_real_open = io.open
_getcwd, _stat, _ident = os.getcwd, os.stat, get_ident

_seen: set[str] = set()
"""Paths as the program calls them, from where it is."""
_known: set[Any] = set()
"""How, and by which absolute path, files were opened that were told of; and MOST, where that was told."""
_pending: deque[tuple[str, str]] = deque()
_reports: dict[str, str] = {}
"""Folder -> the file in it that is ours; empty where nothing was written yet."""
_written: dict[str, int] = {}
"""Folder -> bytes of that file."""
_left: tuple[str, ...] = ()
"""Where what every Python reads is."""
_installed: list[tuple[Any, str, Any, Any]] = []
"""Place, name, what was there, and what is there instead."""
unseen: set[int] = set()
"""Threads that are at work for the recorder: what they open the program has not asked for."""
_forked = False
_flushes = 0
_due = 0.0
"""When what is pending may be written."""


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
            _write_due()
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
            _write_due()
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
            _write_due()
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


def tell(kind: str, text: str) -> None:
    """Have a record written soon; never raises."""
    _pending.append((kind, text))
    _write_due()


def _write_due() -> None:
    """Write what is pending where that is due; never raises."""
    global _flushes, _due
    try:
        now = monotonic()
        if _pending and (now >= _due or _flushes < _BURST or len(_pending) >= _WAITING):
            _flushes += 1
            flush()
            after = monotonic()
            _due = after + max(_PAUSE, _SHARE * (after - now))
    except Exception:  # noqa: BLE001
        pass


def flush() -> None:
    """Write what is pending; no file is kept open, for the program may close whatever it finds."""
    parts: list[str] = []
    while _pending:
        try:
            kind, text = _pending.popleft()
        except IndexError:  # another thread was faster
            break
        parts += (kind, text, "\0")
    data = os.fsencode("".join(parts))
    for folder in list(_reports):
        if data:
            _append(folder, data)


def _append(folder: str, data: bytes) -> None:
    try:
        if not _reports[folder]:
            _reports[folder] = f"{folder}/{os.getpid()}-{int(time() * 1e6):x}"
            data = f"{'f' if _forked else 'b'}{os.getpid()} {time():.6f}\0".encode() + data
        data = _fitting(folder, data)
        if not data:
            return
        # As posix has it: the program may have put something in the place of what `os` has.
        fd = _real_os_open(_reports[folder], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)
    except OSError:
        # The run has ended, or its disk is full.
        _reports.pop(folder, None)


def _fitting(folder: str, data: bytes) -> bytes:
    """What there is room for in a report; in a full one it is told once that there is more, and the end."""
    before = _written.get(folder, 0)
    _written[folder] = before + len(data)
    if before + len(data) <= LARGEST:
        return data
    return (b"" if before > LARGEST else b"o\0") + (b"e\0" if (b"\0" + data).endswith(b"\0e\0") else b"")


def _tell_all() -> None:
    try:
        if _reports and (_pending or not _forked or any(_reports.values())):
            if sys.platform == "linux":
                _note_mapped()
            _pending.append(("e", ""))
            flush()
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
        add(folder)
        _append(folder, b"")
        atexit.register(_tell_all)


def add(folder: str) -> None:
    """Report into one more folder, from nothing on."""
    flush()
    _forget()
    _reports[folder] = ""
    _written[folder] = 0
    if not _installed:
        _install()


def remove(folder: str) -> None:
    """Report the last into a folder, and go when it was the only one."""
    _tell_all()
    _reports.pop(folder, None)
    if not _reports:
        _uninstall()


def _install() -> None:
    global _left
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    around = [f"{one}/" for one in folders if one.strip("/")]
    # A project may be in the folder that a Python is installed into: then what is left are its libraries.
    places = [f"{one}/" for one in (*_reports, *_here())]
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
    return _forked or parent() is not None


def _after_fork() -> None:
    global _forked, _flushes
    _forked, _flushes = True, 0
    _pending.clear()
    for folder in _reports:
        _reports[folder], _written[folder] = "", 0


_real_os_open: Callable[..., int] = os.open
os.register_at_fork(after_in_child=_after_fork)
