"""What processes reported, read whatever stands there."""

from __future__ import annotations

import json
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gitexp.capture import reports


def told(folder: Path, *records: bytes) -> reports.Observed:
    folder.mkdir(exist_ok=True)
    (folder / "1-a").write_bytes(b"".join(one + b"\0" for one in records))
    return reports.read(folder)


def test_the_first_time_counts_of_all_processes(tmp_path: Path) -> None:
    folder = tmp_path / "told"
    folder.mkdir()
    (folder / "0-b").write_bytes(b"b7 1.0\0r5.0 3 /data/x\0r4.5 4 /data/../data/x\0w6.0 0 /y\0e\0")
    found = told(folder, b"f8 1.0", b"r2.0 1 /data/x", b"w1.0 0 /y", b"m3.0 0.5 /mapped")
    assert found.reads == {"/data/x": (2, 1), "/mapped": (3, 0.5)}
    assert found.writes == {"/y": (1, 0)}
    assert (found.processes, found.killed, found.more) == (1, 0, False)


def test_what_makes_no_sense_is_passed_over(tmp_path: Path) -> None:
    found = told(
        tmp_path / "told",
        *(
            b"",
            b"r",
            b"rx 1 /a",
            b"r1",
            b"r1 /a",
            b"r1 2 relative",
            b"r1 1 /" + b"a" * 5000,
            b"?what",
            b"\xff\xfe",
            b"bpid",
        ),
        *(b"s", b"spython __import__('os')", b"spython [[1]]", b"spython {1: 2}", b"spython " + b"[" * 3000),
        *(b"c", b"c[]", b"c{}", b'c{"model": 5}', b"c" + b"[" * 9000, b"c" + b"x" * 20_000),
        *(b"rnan 1 /nan\x1b[2Jx", b"o"),
    )
    assert list(found.reads) == ["/nan\x1b[2Jx"]
    assert (found.writes, found.seeds, found.calls, found.more) == ({}, [], [], True)
    assert (found.processes, found.killed) == (1, 1)


def test_only_what_has_the_shape_of_a_call_is_one(tmp_path: Path) -> None:
    right = {
        "model": "m",
        "provider": "p",
        "settings": {"a": [1]},
        "tools": f"sha256:{'0' * 64}",
        "seen": {"response_model": "m-1"},
        "seed": 1,
    }
    deep: object = 1
    for _ in range(150):
        deep = [deep]
    wrong = [
        *({"model": ""}, {"model": "a\x1b[2J"}, {"provider": 5}, {"provider": ""}, {"more": []}),
        *({"prompt": "what was said"}, {"tools": None}, {"tools": ["x"]}),
        *({"settings": [[1]]}, {"settings": {"a": deep}}, {"seed": {"a": 1}}, {"seed": deep}),
        *({"seen": []}, {"seen": {"response_model": ["x"]}}, {"seen": {"response_model": "a\nb"}}),
    ]
    found = told(tmp_path / "told", *(b"c" + json.dumps({**right, **one}).encode() for one in ({}, *wrong)))
    assert found.calls == [right]


def test_other_things_than_files_are_not_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "told"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "folder").mkdir()
    assert told(folder, b"r1 0 /a").reads == {"/a": (1, 0)}
    assert reports.read(tmp_path / "missing") == reports.Observed()


def test_there_is_an_end_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "told"
    folder.mkdir()
    with (folder / "0").open("wb") as file:
        file.write(b"r1 0 /a\0")
        file.truncate(200 << 20)
    found = told(folder, b"r1 0 /late")
    assert (found.reads, found.more) == ({"/a": (1, 0)}, True)


@given(st.lists(st.binary(max_size=60) | st.text("rwmsc {}[]/0123456789\x1b").map(str.encode), max_size=8))
def test_any_bytes_give_something(records: list[bytes]) -> None:
    found = reports.Observed()
    reports._add(found, records)
    assert all(path.startswith("/") for path in (*found.reads, *found.writes))
