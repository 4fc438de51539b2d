from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitexp.capture import journal
from gitexp.capture.journal import JournalContent, Writer, headers, read
from gitexp.errors import NewerFormat
from gitexp.formats.rows import encode

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def writer(folder: Path) -> Iterator[Writer]:
    writer = Writer(folder, {"name": "brave-otter-3f2ak7"})
    yield writer
    writer.close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def forked(work: Callable[[], None]) -> int:
    """The exit status of a forked child that did `work`."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_rows_are_readable_as_soon_as_they_are_appended(folder: Path, writer: Writer) -> None:
    writer.metrics(1.5, 0, {"loss": 0.5})
    assert read(folder).rows == [["m", 1.5, 0, {"loss": 0.5}]]
    writer.append(["p", 2.5, {"lr": {"a": 1}}])
    content = read(folder)
    assert content.rows == [["m", 1.5, 0, {"loss": 0.5}], ["p", 2.5, {"lr": {"a": 1}}]]
    assert content.damage == []
    ((name, header),) = content.headers.items()
    assert (header["format"], header["pid"], header["name"]) == (1, os.getpid(), "brave-otter-3f2ak7")
    assert list(headers(folder)) == [header]
    assert content.sizes == {name: (folder / name).stat().st_size}


def test_a_missing_folder_is_an_empty_journal(folder: Path) -> None:
    assert read(folder) == journal.JournalContent([], {}, [], {})


def test_wide_rows_late_metrics_two_axes_and_steps_out_of_order(folder: Path, writer: Writer) -> None:
    wide = {f"layer.{i}/norm": i / 7 for i in range(200)}
    logged: list[list[Any]] = [["m", 10.0 + i, step, wide] for i, step in enumerate([5, 3, 3, 7])]
    logged += [["m", 20.0, None, {"train/step": 1, "train/loss": -0.0}]]
    logged += [["m", 19.0, 2.5, {"infer/step": 2.5, "late": "x"}]]  # The clock was set back.
    for _, at, step, values in logged:
        writer.metrics(at, step, values)
    assert read(folder).rows == logged


def test_files_are_merged_by_time(folder: Path) -> None:
    one, other = Writer(folder, {}), Writer(folder, {})
    for at in range(0, 10, 2):
        one.metrics(float(at), at, {"x": 1})
        other.metrics(at + 1.0, at + 1, {"x": 2})
    one.close()
    other.close()
    assert [row[2] for row in read(folder).rows] == list(range(10))


def test_a_clock_that_is_set_back_does_not_reorder_a_file(folder: Path) -> None:
    one, other = Writer(folder, {}), Writer(folder, {})
    for at in (5.0, 2.0, 3.0):
        one.metrics(at, None, {"one": at})
    other.metrics(4.0, None, {"other": 4.0})
    one.close()
    other.close()
    assert [row[1] for row in read(folder).rows] == [4.0, 5.0, 2.0, 3.0]


def test_appending_to_a_closed_journal_is_an_error(folder: Path, writer: Writer) -> None:
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.metrics(1.0, 1, {"x": 1})
    assert read(folder).rows == []


def test_a_journal_of_a_later_format_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "1-a.rows").write_bytes(encode(["h", 1.0, {"format": 2}]))
    with pytest.raises(NewerFormat, match="format 2"):
        read(folder)


def test_damage_is_told_with_its_place_and_the_rest_is_read(folder: Path, writer: Writer) -> None:
    for step in range(3):
        writer.metrics(1.0, step, {"x": 1})
    (path,) = folder.iterdir()
    data = path.read_bytes()
    second = data.index(b'["m",1.0,1,')
    path.write_bytes(data[:second] + b"?" + data[second + 1 :] + bytes(100))
    content = read(folder)
    assert [row[2] for row in content.rows] == [0, 2]
    assert content.damage == [
        f"{path.name}: 29 bytes from byte {second - 9} are damaged",
        f"{path.name}: 100 bytes from byte {len(data)} are unfinished or damaged at the end",
    ]


# Threads and processes


def test_threads_and_forked_workers_lose_and_mix_nothing(folder: Path, writer: Writer) -> None:
    def log(worker: int) -> None:
        for step in range(500):
            writer.metrics(time.time(), step, {"worker": worker, "text": str(worker) * (step % 50)})

    def threads(first: int) -> None:
        crew = [threading.Thread(target=log, args=(first + i,)) for i in range(4)]
        for one in crew:
            one.start()
        for one in crew:
            one.join()

    parents = threading.Thread(target=threads, args=(0,))
    parents.start()
    children = []
    for child in range(1, 5):  # Forked in the middle of the parent's own logging.
        pid = os.fork()
        if pid == 0:
            try:
                threads(child * 10)
            finally:
                os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
    parents.join()
    content = read(folder)
    assert content.damage == []
    assert len(content.headers) == 5
    steps: dict[int, list[int]] = {}
    for _, _, step, values in content.rows:
        assert values["text"] == str(values["worker"]) * (step % 50)
        steps.setdefault(values["worker"], []).append(step)
    assert steps == {10 * child + i: list(range(500)) for child in range(5) for i in range(4)}


def test_a_child_that_logs_nothing_makes_no_file(folder: Path, writer: Writer) -> None:
    assert forked(lambda: None) == 0
    assert len(list(folder.iterdir())) == 1
    assert forked(lambda: writer.metrics(1.0, 1, {"x": 1})) == 0
    assert len(list(folder.iterdir())) == 2


def test_a_signal_handler_may_log(folder: Path, writer: Writer) -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: writer.metrics(1.0, None, {"handler": 1}))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        for step in range(5000):
            writer.metrics(1.0, step, {"loop": 1})
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    content = read(folder)
    assert content.damage == []
    assert [row[2] for row in content.rows if "loop" in row[3]] == list(range(5000))
    assert any("handler" in row[3] for row in content.rows)


# Syncing


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Process and descriptor of each sync so far."""
    syncs: list[tuple[int, int]] = []
    real = os.fdatasync
    monkeypatch.setattr(journal, "_sync_data", lambda fd: (real(fd), syncs.append((os.getpid(), fd))))
    return syncs


def test_the_file_and_its_name_are_synced_before_the_first_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = []
    real = journal._sync_folder
    monkeypatch.setattr(journal, "_sync_folder", lambda path: (folders.append(path), real(path)))
    Writer(folder, {}).close()
    assert folders == [folder.parent, folder]


def test_a_thread_syncs_what_was_written_and_then_rests(
    synced: list[tuple[int, int]], folder: Path, writer: Writer
) -> None:
    before = len(synced)
    assert journal._SYNC_INTERVAL <= 0.5, "half of the promised second is for the disk"
    writer.metrics(1.0, 1, {"x": 1})
    until(lambda: len(synced) > before)
    assert not writer._dirty
    assert writer.sync()


def test_a_forked_child_and_its_parent_go_on_syncing(
    synced: list[tuple[int, int]], folder: Path, writer: Writer
) -> None:
    def child() -> None:
        writer.metrics(1.0, 1, {"x": 1})
        until(lambda: (os.getpid(), writer._fd) in synced)

    writer.metrics(1.0, 0, {"x": 1})
    assert forked(child) == 0
    until(lambda: not writer._dirty)
    assert writer._thread is not None
    assert writer._thread.is_alive()


def test_a_failed_sync_is_told_once_and_not_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: list[str] = []
    writer = Writer(folder, {}, on_problem=problems.append)
    calls = []

    def fail(fd: int) -> None:
        calls.append(fd)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(journal, "_sync_data", fail)
    writer.metrics(1.0, 1, {"x": 1})
    assert not writer.sync()
    writer.metrics(2.0, 2, {"x": 1})
    assert not writer.sync()
    writer.close()
    assert problems == ["cannot sync the journal to the disk: Input/output error"]
    assert len(calls) == 1
    assert [row[2] for row in read(folder).rows] == [1, 2]


def test_the_interpreter_ends_without_a_word_and_without_close(folder: Path) -> None:
    code = """
import atexit, sys
from pathlib import Path
from gitexp.capture.journal import Writer
writer = Writer(Path(sys.argv[1]), {})
atexit.register(lambda: writer.metrics(2.0, 2, {"x": 1}))
writer.metrics(1.0, 1, {"x": 1})
"""
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [row[2] for row in read(folder).rows] == [1, 2]


# Full disks


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here; the size limit below takes the same path")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def fill(writer: Writer, first: int) -> int:
    """Logs until the disk is full; the step that could not be written."""
    for step in range(first, first + 100_000):
        try:
            writer.metrics(float(step), step, {"text": "x" * (step * 37 % 300)})
        except OSError:
            return step
    raise AssertionError("the disk is never full")


def steps(content: JournalContent) -> list[int]:
    """The steps of the metric rows."""
    return [row[2] for row in content.rows if row[0] == "m"]


def lost(content: JournalContent) -> int:
    """How many rows the journal says it could not keep."""
    return sum(row[2]["rows"] for row in content.rows if row[0] == "g")


def check_recovery(folder: Path, make_room: Callable[[], None]) -> None:
    writer = Writer(folder, {})
    full = fill(writer, 0)
    assert full > 10
    assert [row[2] for row in read(folder).rows] == list(range(full))
    for _ in range(3):
        with pytest.raises(OSError, match=r"space|too large"):
            writer.append(["p", 1.0, {"big": "x" * 200_000}])
    make_room()
    for step in range(full, full + 20):
        writer.metrics(float(step), step, {"again": step})
    writer.close()
    content = read(folder)
    assert steps(content) == list(range(full + 20))
    assert lost(content) == 4
    assert content.damage == [], "the torn rows were to be taken back"


def test_a_full_disk_loses_nothing_and_is_used_again(small: Path) -> None:
    ballast = small / "ballast"
    ballast.write_bytes(bytes(16_000))
    check_recovery(small / "journal", ballast.unlink)


def test_a_file_at_its_size_limit_loses_nothing(folder: Path) -> None:
    """The same path through a limit of the process, for machines without mounts."""

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
        check_recovery(folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)))

    assert forked(work) == 0


def test_a_torn_row_that_cannot_be_taken_back_is_fenced_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(folder, {})
    writer.metrics(0.0, 0, {"x": 1})
    real = os.write
    left = [20]

    def short(fd: int, data: bytes) -> int:
        room, left[0] = left[0], 0
        if not room:
            raise OSError(28, "No space left on device")
        return real(fd, data[:room])

    def refuse(fd: int, length: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", short)
        patch.setattr(os, "ftruncate", refuse)
        with pytest.raises(OSError, match="No space"):
            writer.metrics(1.0, 1, {"x": 1})
        with pytest.raises(OSError, match="No space"):
            writer.metrics(2.0, 2, {"x": 1})
    writer.metrics(3.0, 3, {"x": 1})
    writer.metrics(4.0, 4, {"x": 1})
    writer.close()
    content = read(folder)
    assert steps(content) == [0, 3, 4]
    assert lost(content) == 2
    assert [text.partition(": ")[2][:8] for text in content.damage] == ["21 bytes"], "with a newline"


def test_a_journal_that_cannot_be_begun_leaves_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(OSError, match="No space"):
        Writer(folder, {})
    assert list(folder.iterdir()) == []


# Kills

CHILD = """
import os, sys, time
from pathlib import Path
from gitexp.capture.journal import Writer
writer = Writer(Path(sys.argv[1]), {})
step = 0
while True:
    writer.metrics(time.time(), step, {"loss": 1 / (step + 1), "text": "x" * (step % 500)})
    os.write(1, b"%d\\n" % step)
    step += 1
"""


def kill_while_logging(folder: Path, delay: float) -> int:
    """How many rows a process had been acknowledged when it was killed, each of them found."""
    command = [sys.executable, "-c", CHILD, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        acknowledged = child.stdout.readline()
        # Drained while it runs, or a full pipe would stop it.
        timer = threading.Timer(delay, child.kill)
        timer.start()
        acknowledged += child.stdout.read()
        timer.join()
    assert child.returncode == -signal.SIGKILL
    steps = [int(line) for line in acknowledged.split(b"\n")[:-1]]
    content = read(folder)
    found = [row[2] for row in content.rows]
    assert found[: len(steps)] == steps
    assert found == list(range(len(found)))
    assert len(found) <= len(steps) + 1
    assert all(row[3]["text"] == "x" * (row[2] % 500) for row in content.rows)
    return len(steps)


def test_killed_processes_lose_no_acknowledged_row(tmp_path: Path) -> None:
    moments = random.Random(2)
    counts = [kill_while_logging(tmp_path / str(i), moments.uniform(0, 0.06)) for i in range(10)]
    assert min(counts) > 0
    assert len(set(counts)) > 1


@pytest.mark.long
def test_a_hundred_kills_lose_no_acknowledged_row(tmp_path: Path) -> None:
    moments = random.Random()
    for index in range(100):
        assert kill_while_logging(tmp_path / str(index), moments.uniform(0, 0.3)) > 0
