"""Files that are put below a folder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from gitexp.artifacts.placing import placed
from gitexp.errors import StorageFull, UsageError


def put(folder: Path, path: str, data: bytes, **how: bool) -> None:
    with placed(folder, path, **how) as file:
        file.write(data)


def test_folders_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    put(tmp_path / "new", "a/b/c.txt", b"one")
    found = [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))]
    assert found == ["new", "new/a", "new/a/b", "new/a/b/c.txt"]
    assert (tmp_path / "new/a/b/c.txt").read_bytes() == b"one"


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    put(tmp_path, "x", b"one")
    with pytest.raises(UsageError, match="exists already"):
        put(tmp_path, "x", b"two")
    assert (tmp_path / "x").read_bytes() == b"one"
    put(tmp_path, "x", b"two", replace=True)
    assert (tmp_path / "x").read_bytes() == b"two"
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        put(tmp_path, "folder", b"two", replace=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "x"]


def test_no_link_is_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "hook").write_bytes(b"mine")
    (inside / "way").symlink_to(outside)
    (inside / "file").symlink_to(outside / "hook")
    (inside / "plain").write_bytes(b"")
    for path in ("way/new", "plain/new"):
        with pytest.raises(UsageError, match="is not a folder, or is a link"):
            put(inside, path, b"evil")
    with pytest.raises(UsageError, match="exists already"):
        put(inside, "file", b"evil")
    put(inside, "file", b"new", replace=True)
    assert not (inside / "file").is_symlink()
    assert [path.name for path in outside.iterdir()] == ["hook"]
    assert (outside / "hook").read_bytes() == b"mine"


def test_a_place_that_cannot_be_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    for place in (tmp_path / "file", tmp_path / "file/below", Path("/proc/none")):
        with pytest.raises(UsageError, match="cannot be a folder"):
            put(place, "x", b"one")
    with pytest.raises(StorageFull, match="cannot write '/proc/x'"):
        put(Path("/proc"), "x", b"one")
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_what_was_begun_and_failed_leaves_nothing(tmp_path: Path) -> None:
    with suppress(KeyboardInterrupt), placed(tmp_path, "x") as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
