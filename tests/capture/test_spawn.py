import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gitexp.capture import spawn
from gitexp.capture.spawn import Exit, Stdio
from tests.capture.terminal import ROOT, recorded

ENVIRON = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}


def ended(*argv: str, cwd: Path = ROOT, **options) -> Exit:
    with open(os.devnull, "r+b", buffering=0) as nothing:
        here = nothing.fileno()
        return spawn.run(argv, cwd=cwd, environ=ENVIRON, sink=None, stdio=Stdio(here, here, here), **options)


def piped(record: Path, *argv: str, **options) -> subprocess.Popen:
    return subprocess.Popen(recorded(record, *argv), cwd=ROOT, **options)


@pytest.mark.parametrize(
    ("script", "code", "killed", "shell_code"),
    [
        ("true", 0, None, 0),
        ("exit 3", 3, None, 3),
        ("kill -KILL $$", None, signal.SIGKILL, 137),
        ("kill -TERM $$", None, signal.SIGTERM, 143),
        ("kill -INT $$", None, signal.SIGINT, 130),
        ("kill -HUP $$", None, signal.SIGHUP, 129),
    ],
)
def test_how_a_command_ended(script, code, killed, shell_code):
    result = ended("sh", "-c", script)
    assert (result.code, result.signal, result.error) == (code, killed, None)
    assert result.shell_code == shell_code


def test_commands_that_cannot_be_started(tmp_path):
    (tmp_path / "plain").write_text("echo hello")
    (tmp_path / "script").write_text("exit 7")
    (tmp_path / "script").chmod(0o755)
    missing, folder = ended("no-such-command"), ended("./capture", cwd=ROOT / "tests")
    assert isinstance(missing.error, FileNotFoundError)
    assert missing.shell_code == ended("./missing").shell_code == ended("").shell_code == 127
    assert ended("true", cwd=tmp_path / "missing").shell_code == 127
    assert folder.shell_code == ended("./plain", cwd=tmp_path).shell_code == 126
    assert ended("./script", cwd=tmp_path).shell_code == 7


def test_command_is_looked_up_in_the_given_path_and_run_in_the_given_folder(tmp_path):
    (tmp_path / "tool").write_text('#!/bin/sh\n[ "$(pwd -P)" = "$WHERE" ] && exit 9')
    (tmp_path / "tool").chmod(0o755)
    environ = {"PATH": f"/nonexistent:{tmp_path}:/usr/bin:/bin", "WHERE": str(tmp_path.resolve())}
    here = os.getcwd()
    result = spawn.run(["tool"], cwd=tmp_path, environ=environ, sink=None)
    assert result.code == 9
    assert os.getcwd() == here


def test_started_gets_the_process_id(tmp_path):
    pids: list[int] = []
    with open(tmp_path / "out", "w+b") as out:
        stdio = Stdio(0, out.fileno(), 2)
        spawn.run(
            ["sh", "-c", "echo $$"], cwd=ROOT, environ=ENVIRON, sink=None, stdio=stdio, started=pids.append
        )
        out.seek(0)
        assert out.read() == b"%d\n" % pids[0]


def test_signals_descriptors_and_mask_of_the_child_are_those_of_a_normal_program(tmp_path):
    # Not the signals 32 and 33, which belong to the C library (posix_spawn of older ones ignores them).
    signals = "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status | sed s/000000018000/000000000000/"
    show = signals + "; ls /proc/self/fd"
    extra = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(extra, True)
    try:
        with open(tmp_path / "out", "w+b") as out:
            stdio = Stdio(0, out.fileno(), 2)
            argv = ["sh", "-c", show]
            spawn.run(argv, cwd=ROOT, environ=ENVIRON, sink=None, stdio=stdio, close=[extra])
            out.seek(0)
            found = out.read().decode().split()
    finally:
        os.close(extra)
    # subprocess restores SIGPIPE and SIGXFSZ, and passes on what we inherited ourselves when asked to.
    alone = subprocess.run(argv, stdout=subprocess.PIPE, close_fds=False, text=True).stdout.split()
    assert found == alone


def test_outputs_stay_apart_and_are_both_recorded(tmp_path):
    script = "for i in 1 2 3; do echo out $i; echo err $i >&2; sleep 0.02; done"
    process = piped(tmp_path / "record", "sh", "-c", script, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate()
    assert (out, err) == (b"out 1\nout 2\nout 3\n", b"err 1\nerr 2\nerr 3\n")
    lines = (tmp_path / "record").read_bytes().splitlines()
    assert [line for line in lines if line.startswith(b"out")] == out.splitlines()
    assert [line for line in lines if line.startswith(b"err")] == err.splitlines()


def test_outputs_that_are_one_file_keep_their_order(tmp_path):
    script = "import os\nfor i in range(5000): os.write(1 + i % 2, b'%d\\n' % i)"
    with open(tmp_path / "both", "wb") as both:
        process = piped(tmp_path / "record", sys.executable, "-c", script, stdout=both, stderr=both)
        assert process.wait() == 0
    expected = b"".join(b"%d\n" % i for i in range(5000))
    assert (tmp_path / "both").read_bytes() == (tmp_path / "record").read_bytes() == expected


def test_ten_megabytes_pass_through_unchanged(tmp_path):
    data = os.urandom(1 << 20) * 10
    process = piped(tmp_path / "record", "cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = process.communicate(data)
    assert out == data
    assert (tmp_path / "record").read_bytes() == data


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_signals_sent_to_us_reach_the_child_once_and_we_outlive_it(tmp_path, number):
    script = """
import signal, sys, time
got = []
for number in (1, 2, 3, 15): signal.signal(number, lambda n, _: got.append(n))
print("ready", flush=True)
while not got: time.sleep(0.01)
time.sleep(0.2)
print(got, flush=True)
sys.exit(5)
"""
    process = piped(tmp_path / "record", sys.executable, "-c", script, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as out:
        assert out.readline() == b"ready\n"
        process.send_signal(number)
        assert out.read() == b"[%d]\n" % number
    assert process.wait() == 5


def test_a_child_that_a_signal_killed(tmp_path):
    process = piped(tmp_path / "record", "sh", "-c", "echo ready; exec sleep 60", stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as out:
        assert out.readline() == b"ready\n"
        process.terminate()
    assert process.wait() == 143


def test_a_daemon_that_keeps_the_output_open_holds_nobody_up(tmp_path):
    daemon = tmp_path / "daemon"
    script = f"sleep 60 & echo $! > {daemon}; echo done"
    process = piped(tmp_path / "record", "sh", "-c", script, stdout=subprocess.PIPE)
    try:
        # Read only to the end of our process: the daemon has no copy of this pipe, only of the one between.
        out, _ = process.communicate(timeout=20)
        assert out == b"done\n"
        os.kill(int(daemon.read_text()), 0)
    finally:
        os.kill(int(daemon.read_text()), signal.SIGKILL)


def test_the_reader_going_away_ends_the_child_as_it_would_alone_and_not_the_recording(tmp_path):
    script = "yes; echo $? >&2; echo still here >&2"
    process = piped(tmp_path / "record", "bash", "-c", script, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.read(100) == b"y\n" * 50
    process.stdout.close()
    _, err = process.communicate()
    assert err == b"141\nstill here\n"
    record = (tmp_path / "record").read_bytes()
    assert record.startswith(b"y\n" * 50)
    assert record.endswith(b"141\nstill here\n")


def test_our_own_state_is_as_before():
    def state():
        handlers = [signal.getsignal(number) for number in (1, 2, 3, 15, 18, 28)]
        return signal.pthread_sigmask(signal.SIG_BLOCK, ()), handlers, len(os.listdir("/dev/fd"))

    before = state()
    assert ended("true").code == 0
    assert state() == before


def test_a_record_that_fails_leaves_the_output_alone(tmp_path):
    def full(data: bytes) -> None:
        raise OSError("no space left")

    with open(tmp_path / "out", "w+b") as out:
        stdio = Stdio(0, out.fileno(), 2)
        result = spawn.run(["echo", "hello"], cwd=ROOT, environ=ENVIRON, sink=full, stdio=stdio)
        out.seek(0)
        assert (result.code, out.read()) == (0, b"hello\n")


def test_a_signal_during_start_waits_for_the_child(tmp_path):
    """Sent before there is a child, it is the child's all the same."""
    script = """
import os, signal
from pathlib import Path
from gitexp.capture import spawn
result = spawn.run(['sleep', '60'], cwd=Path("."), environ=dict(os.environ), sink=None,
    started=lambda pid: os.kill(os.getpid(), signal.SIGTERM))
print(result.signal)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=ENVIRON, capture_output=True, check=True
    )
    assert done.stdout == b"15\n"
