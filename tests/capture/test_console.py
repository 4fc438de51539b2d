import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from gitexp.capture import console
from gitexp.capture.console import Tee
from tests.capture.terminal import ROOT


def on_disk(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in folder.iterdir())


def numbered(count: int) -> bytes:
    return b"".join(b"line %07d\n" % i for i in range(count))


def written(path: Path, data: bytes, limit: int, seed: int = 1) -> None:
    sizes, tee, position = random.Random(seed), Tee(path, limit), 0
    while position < len(data):
        size = sizes.choice([1, 7, 300, 5000])
        tee.write(data[position : position + size])
        position += size
        assert on_disk(path.parent) <= limit
    tee.close()


def test_what_fits_is_kept_whole(tmp_path):
    for count in (0, 1, 250, 625):
        path = tmp_path / str(count) / "console"
        path.parent.mkdir()
        data = numbered(count)
        written(path, data, 10_000)
        assert console.read(path) == data


def test_beginning_and_end_are_kept_and_what_is_missing_is_counted(tmp_path):
    path = tmp_path / "console"
    data = numbered(20_000)
    written(path, data, 80_000)
    kept = console.read(path)
    head, tail = data[:40_000], kept[-30_000:]
    assert kept.startswith(head)
    assert data.endswith(tail)
    missing = len(data) - len(head) - (len(kept) - len(head) - len(b"\n[... 222,222 bytes left out ...]\n"))
    assert kept[40_000:].startswith(f"\n[... {missing:,} bytes left out ...]\n".encode())


def test_nothing_was_kept(tmp_path):
    assert console.read(tmp_path / "console") == b""


def test_a_killed_writer_loses_nothing(tmp_path):
    script = f"""
import os, signal
from pathlib import Path
from gitexp.capture.console import Tee
tee = Tee(Path({str(tmp_path / "console")!r}), 8000)
for i in range(5000): tee.write(b"line %07d\\n" % i)
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert killed.returncode == -signal.SIGKILL
    kept = console.read(tmp_path / "console")
    assert kept.startswith(numbered(5000)[:4000])
    assert kept.endswith(numbered(5000)[-3000:])


def test_a_full_disk_ends_the_keeping_only(tmp_path):
    tee = Tee(tmp_path / "console", 100)
    tee.write(b"x" * 50)
    (tmp_path / f"console.{50:020}").mkdir()  # in the way of the next segment
    tee.write(b"y" * 50)
    tee.write(b"z" * 50)
    tee.close()
    assert isinstance(tee.error, OSError)
    assert (tmp_path / "console").read_bytes() == b"x" * 50


def test_following_sees_everything_that_is_kept_as_it_grows(tmp_path):
    path = tmp_path / "console"
    tee, over = Tee(path, 1 << 20), threading.Event()
    rounds = iter([b"first ", b"second ", b"third"])

    def ended() -> bool:
        data = next(rounds, None)
        if data is None:
            over.set()
        else:
            tee.write(data)
        return over.is_set()

    parts = list(console.follow(path, ended=ended, poll=0))
    tee.close()
    assert parts == [b"first ", b"second ", b"third"]


def test_following_marks_what_went_by_too_fast(tmp_path):
    path = tmp_path / "console"
    tee, data = Tee(path, 1000), numbered(1000)
    tee.write(data[:100])
    follower = console.follow(path, ended=lambda: True, poll=0)
    assert next(follower) == data[:100]
    tee.write(data[100:])
    tee.close()
    assert b"".join([data[:100], *follower]) == data[:100]
    assert b"".join(console.follow(path, ended=lambda: True)) == console.read(path)
    assert console.read(path).count(b"left out") == 1


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        Tee(tmp_path / "console").close()
    finally:
        os.umask(before)
    assert (tmp_path / "console").stat().st_mode & 0o777 == 0o600
