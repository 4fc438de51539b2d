"""spawn.run at a real pseudo-terminal, with somebody who types."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capture.terminal import ROOT, Terminal, recorded


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "record"


def python(script: str) -> tuple[str, str, str]:
    return (sys.executable, "-c", script)


def test_nothing_looks_different_from_running_it_alone(record):
    script = "tty -s && stty -a | head -1; printf 'a\\r\\033[31mb\\033[0m\\n'; echo err >&2; ls -C /; exit 4"
    seen = []
    for argv in (["sh", "-c", script], recorded(record, "sh", "-c", script)):
        with Terminal(argv, rows=33, columns=77) as terminal:
            seen.append((terminal.end(), terminal.output))
            assert terminal.modes() == terminal.before
    assert seen[0] == seen[1]
    assert seen[0][0] == 4
    assert b"rows 33; columns 77" in seen[0][1]
    assert record.read_bytes() == seen[0][1]


def test_typing_at_a_debugger(record):
    script = "import pdb; x = 41\npdb.set_trace()\nprint('x is', x)"
    with Terminal(recorded(record, *python(script))) as terminal:
        terminal.see(b"(Pdb) ")
        terminal.type(b"x = x + 1\r")
        terminal.see(b"(Pdb) ")
        terminal.type(b"c\r")
        terminal.see(b"x is 42")
        assert terminal.end() == 0
        assert terminal.modes() == terminal.before


def test_a_password_is_read_and_neither_shown_nor_recorded(record):
    script = "import getpass; print(len(getpass.getpass('secret: ')), len(input('open: ')))"
    with Terminal(recorded(record, *python(script))) as terminal:
        terminal.see(b"secret: ")
        terminal.type(b"hunter2\r")
        seen = terminal.see(b"open: ")
        terminal.type(b"abc\r")
        assert terminal.see(b"7 3")
        assert terminal.end() == 0
    assert b"hunter2" not in seen + record.read_bytes()
    assert b"abc" in record.read_bytes()


def test_control_c_interrupts_the_child_once(record):
    script = """
import time
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
    time.sleep(0.2)
raise SystemExit(6)
"""
    with Terminal(recorded(record, *python(script))) as terminal:
        terminal.see(b"ready")
        terminal.type(b"\x03")
        terminal.see(b"interrupted")
        assert terminal.end() == 6
        assert terminal.modes() == terminal.before


def test_control_d_ends_the_input(record):
    with Terminal(recorded(record, "cat")) as terminal:
        terminal.type(b"one line\r")
        terminal.see(b"one line\r\none line\r\n")
        terminal.type(b"\x04")
        assert terminal.end() == 0


def test_the_size_follows(record):
    script = """
import os, signal
sizes = []
signal.signal(signal.SIGWINCH, lambda *_: sizes.append(os.get_terminal_size()))
print("ready", flush=True)
while not sizes: signal.pause()
print(tuple(sizes[0]))
"""
    with Terminal(recorded(record, *python(script))) as terminal:
        terminal.see(b"ready")
        terminal.resize(50, 132)
        terminal.see(b"(132, 50)")
        assert terminal.end() == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_the_terminal_is_restored_after_signals(record, number, code):
    with Terminal(recorded(record, "sh", "-c", "echo ready; exec sleep 60")) as terminal:
        terminal.see(b"ready")
        assert terminal.modes() != terminal.before
        terminal.process.send_signal(number)
        assert terminal.end() == code
        assert terminal.modes() == terminal.before


def test_the_terminal_is_restored_after_the_child_was_killed(record):
    with Terminal(recorded(record, "sh", "-c", "echo ready; stty raw -echo; kill -KILL $$")) as terminal:
        assert terminal.end() == 137
        assert terminal.modes() == terminal.before


@pytest.mark.parametrize("redirected", ["stdout", "stderr"])
def test_a_terminal_and_a_file_each_get_their_own(record, tmp_path, redirected):
    script = "test -t 1 && echo out at a terminal || echo out; "
    script += "{ test -t 2 && echo err at a terminal || echo err; } >&2"
    with (
        open(tmp_path / "file", "wb") as file,
        Terminal(recorded(record, "sh", "-c", script), **{redirected: file}) as terminal,
    ):
        assert terminal.end() == 0
        here, there = ("err", "out") if redirected == "stdout" else ("out", "err")
        assert terminal.output == f"{here} at a terminal\r\n".encode()
    assert (tmp_path / "file").read_text() == f"{there}\n"
    assert f"{there}\n".encode() in record.read_bytes()


def test_piped_input_with_output_at_a_terminal(record):
    with Terminal(recorded(record, "cat"), stdin=subprocess.PIPE) as terminal:
        assert terminal.process.stdin is not None
        terminal.process.stdin.write(b"piped\n")
        terminal.process.stdin.close()
        assert terminal.end() == 0
        assert terminal.output == b"piped\r\n"
        assert terminal.modes() == terminal.before


def test_control_c_in_a_pipeline_is_not_sent_a_second_time(record, tmp_path):
    """The terminal's driver signals the whole job. This child has left it, so it would see what we add."""
    script = """
import os, signal, sys
os.setpgid(0, 0)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
print("ready", file=sys.stderr, flush=True)
print("got", int(signal.sigwait([signal.SIGINT, signal.SIGTERM])), file=sys.stderr)
"""
    with (
        open(tmp_path / "out", "wb") as out,
        Terminal(recorded(record, *python(script)), stdout=out) as terminal,
    ):
        terminal.see(b"ready\r\n")
        terminal.type(b"\x03")
        terminal.see(b"^C")
        terminal.process.terminate()
        terminal.see(b"got 15")
        assert terminal.end() == 0


def test_control_c_in_a_pipeline_reaches_the_child(record, tmp_path):
    script = "print('ready', file=__import__('sys').stderr, flush=True); input()"
    with (
        open(tmp_path / "out", "wb") as out,
        Terminal(recorded(record, *python(script)), stdout=out) as terminal,
    ):
        terminal.see(b"ready\r\n")
        terminal.type(b"\x03")
        terminal.see(b"KeyboardInterrupt")
        assert terminal.end() == 130


def test_a_daemon_at_the_terminal_holds_nobody_up(record, tmp_path):
    daemon = f"{tmp_path}/daemon"
    script = f"setsid sh -c 'echo $$ > {daemon}; exec sleep 60' & while [ ! -s {daemon} ]; do :; done"
    try:
        with Terminal(recorded(record, "sh", "-c", script + "; echo done")) as terminal:
            assert terminal.end() == 0
            assert terminal.output == b"done\r\n"
    finally:
        os.kill(int((tmp_path / "daemon").read_text()), signal.SIGKILL)


def test_a_job_in_the_background_gets_the_keyboard_when_it_comes_to_the_foreground(record):
    command = " ".join(
        recorded(record, "sh", "-c", f"'echo hel''lo; read x; {sys.executable} -c \"print(1 + $x)\"'")
    )
    with Terminal(
        ["bash", "--norc", "--noprofile", "-c", f"cd {ROOT}; exec bash --norc --noprofile -i"]
    ) as terminal:
        terminal.type(b"PS1='$ '; unset CONTROLLING_TERMINAL\r")
        terminal.see(b"\n")
        terminal.see(b"$ ")
        terminal.type(command.encode() + b" &\r")
        terminal.see(b"hello\r")
        terminal.type(b"jobs\r")
        terminal.see(b"Running")
        terminal.see(b"$ ")
        terminal.type(b"fg\r")
        terminal.see(b"tests.capture.recorded")
        terminal.type(b"41\r")
        terminal.see(b"42\r\n")
        terminal.see(b"$ ")
        terminal.type(b"exit 7\r")
        assert terminal.end() == 7


def test_control_z_stops_the_job_and_fg_continues_it(record):
    script = "import time; print('up', flush=True); print(input('na' + 'me: ') + ' it is'); time.sleep(0.01)"
    command = " ".join(
        f"'{word}'" if " " not in word else f'"{word}"' for word in recorded(record, *python(script))
    )
    with Terminal(
        ["bash", "--norc", "--noprofile", "-c", f"cd {ROOT}; exec bash --norc --noprofile -i"]
    ) as terminal:
        terminal.type(b"PS1='$ '\r")
        terminal.type(b"unset CONTROLLING_TERMINAL; " + command.encode() + b"\r")
        terminal.see(b"name: ")
        terminal.type(b"\x1a")
        terminal.see(b"Stopped")
        terminal.see(b"$ ")
        terminal.type(b"echo at the $((40 + 2)) prompt\r")
        terminal.see(b"at the 42 prompt\r\n")
        terminal.type(b"fg\r")
        terminal.see(b"tests.capture.recorded")
        terminal.type(b"otter\r")
        terminal.see(b"otter it is\r\n")
        terminal.see(b"$ ")
        terminal.type(b"echo $?; exit 7\r")
        assert terminal.end() == 7
