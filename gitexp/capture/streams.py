"""Which descriptor of the child is connected to which of ours, and by what.

- stdin and stdout are one terminal: the child gets a session and a pseudo-terminal of its own, and our
  keyboard is forwarded.
- Otherwise an output that is a terminal becomes a pseudo-terminal for output alone: the child stays in our
  session and reads the
  real keyboard, because in `git exp run … | less` the terminal's modes and keys are not ours to take.
- An output that is no terminal becomes a pipe. Two outputs that are one file become one pipe, so that their
  order is kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import termios
from collections.abc import Iterator
from dataclasses import dataclass, field

Action = tuple[int, int] | tuple[int, int, int] | tuple[int, int, str, int, int]

_PIPE_SIZE = 1 << 20
_SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", None)
_OFLAG = 1


@dataclass(frozen=True, slots=True)
class Stdio:
    """The descriptors that stand for the child's standard streams on our side."""

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2


OWN = Stdio()


@dataclass(frozen=True, slots=True)
class Channel:
    """One way for output: what the child writes is read from `source` and goes to `target`."""

    source: int
    target: int
    terminal: bool


@dataclass(slots=True)
class Wiring:
    """All connections of one child; `keyboard` is the pseudo-terminal that takes what is typed, if any."""

    outputs: list[Channel] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    child_ends: list[int] = field(default_factory=list)
    session: bool = False
    keyboard: int | None = None

    def release_child_ends(self) -> None:
        """Close our copies of what the child holds, so that its end is seen."""
        while self.child_ends:
            os.close(self.child_ends.pop())

    def resize(self) -> None:
        """Give the pseudo-terminals the size that their terminals have now."""
        for channel in self.outputs:
            if channel.terminal:
                with contextlib.suppress(OSError, termios.error):
                    copy_size(channel.target, channel.source)


@contextlib.contextmanager
def connect(stdio: Stdio) -> Iterator[Wiring]:
    """The wiring for a child of ours; its descriptors are closed on leaving."""
    wiring = Wiring()
    try:
        if _is_terminal(stdio.stdin) and _same(stdio.stdin, stdio.stdout):
            _connect_session(wiring, stdio)
        else:
            _connect_outputs(wiring, stdio)
        yield wiring
    finally:
        wiring.release_child_ends()
        for channel in wiring.outputs:
            os.close(channel.source)


def _connect_session(wiring: Wiring, stdio: Stdio) -> None:
    master, slave = _pseudo_terminal(wiring, stdio.stdout)
    wiring.session = True
    wiring.keyboard = master
    # A session leader's first terminal that it opens becomes its controlling terminal.
    wiring.actions.append((os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0))
    wiring.actions.append((os.POSIX_SPAWN_DUP2, 0, 1))
    if _same(stdio.stderr, stdio.stdout):
        wiring.actions.append((os.POSIX_SPAWN_DUP2, 0, 2))
    else:
        _connect_output(wiring, stdio.stderr, 2)


def _connect_outputs(wiring: Wiring, stdio: Stdio) -> None:
    if _is_open(stdio.stdin):
        wiring.actions.append((os.POSIX_SPAWN_DUP2, stdio.stdin, 0))
    _connect_output(wiring, stdio.stdout, 1)
    if _same(stdio.stderr, stdio.stdout):
        wiring.actions.append((os.POSIX_SPAWN_DUP2, 1, 2))
    else:
        _connect_output(wiring, stdio.stderr, 2)


def _connect_output(wiring: Wiring, target: int, number: int) -> None:
    if not _is_open(target):
        return
    if _is_terminal(target):
        _, end = _pseudo_terminal(wiring, target)
        # The real terminal turns line feeds into new lines; done twice, there would be two carriage returns.
        modes = termios.tcgetattr(end)
        modes[_OFLAG] &= ~termios.OPOST
        termios.tcsetattr(end, termios.TCSANOW, modes)
    else:
        end = _pipe(wiring, target)
    wiring.actions.append((os.POSIX_SPAWN_DUP2, end, number))


def _pseudo_terminal(wiring: Wiring, like: int) -> tuple[int, int]:
    """(our end, the child's end) of a new pseudo-terminal with the modes and size of the terminal `like`."""
    master, slave = (_above_standard(fd) for fd in os.openpty())
    wiring.child_ends.append(slave)
    wiring.outputs.append(Channel(master, like, terminal=True))
    termios.tcsetattr(slave, termios.TCSANOW, termios.tcgetattr(like))
    copy_size(like, master)
    return master, slave


def _pipe(wiring: Wiring, target: int) -> int:
    source, end = (_above_standard(fd) for fd in os.pipe())
    wiring.child_ends.append(end)
    wiring.outputs.append(Channel(source, target, terminal=False))
    if _SET_PIPE_SIZE is not None:
        with contextlib.suppress(OSError):  # a limit for unprivileged users; it is for speed only
            fcntl.fcntl(end, _SET_PIPE_SIZE, _PIPE_SIZE)
    return end


def _above_standard(fd: int) -> int:
    """Where we were started with a closed standard stream, a new descriptor would take its number."""
    if fd > 2:
        return fd
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(fd)
    return moved


def copy_size(terminal: int, pseudo_terminal: int) -> None:
    """Rows, columns and pixels; the kernel tells the child by SIGWINCH when they change."""
    size = fcntl.ioctl(terminal, termios.TIOCGWINSZ, b"\0" * 8)
    fcntl.ioctl(pseudo_terminal, termios.TIOCSWINSZ, size)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _is_terminal(fd: int) -> bool:
    return _is_open(fd) and os.isatty(fd)


def _same(one: int, other: int) -> bool:
    """Whether both lead to one file, pipe or terminal."""
    if not (_is_open(one) and _is_open(other)):
        return False
    first, second = os.fstat(one), os.fstat(other)
    if stat.S_ISCHR(first.st_mode) and stat.S_ISCHR(second.st_mode):
        return first.st_rdev == second.st_rdev
    return os.path.samestat(first, second)
