"""Objects are git's: every id is the one that git gives, every pack is one that git and dulwich read."""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.errors import BrokenRecord, InvalidName
from gitexp.git.objects import (
    EXECUTABLE,
    FILE,
    FOLDER,
    SUBMODULE,
    SYMLINK,
    Entry,
    Identity,
    ObjectBuilder,
    object_id,
)
from gitexp.git.trees import parse_tree
from gitexp.model.values import Oid
from tests.gitrepo import Repo, init, object_formats

ADA = Identity("Ada Tester", "ada@example.org")

names = st.binary(min_size=1, max_size=12).filter(
    lambda name: not {0, 47} & set(name) and name not in (b".", b"..") and name.lower() != b".git"
)
trees = st.recursive(
    st.binary(max_size=300), lambda inner: st.dictionaries(names, inner, max_size=6), max_leaves=25
).filter(lambda tree: isinstance(tree, dict))


def build(objects: ObjectBuilder, tree: object, files: list[tuple[bytes, Oid]], path: bytes = b"") -> Entry:
    """The entry of a nested dict of bytes; `files` gets path and id of each file."""
    name = path.rpartition(b"/")[2]
    if isinstance(tree, dict):
        inner = [build(objects, below, files, path + b"/" + name) for name, below in tree.items()]
        # git keeps no empty folders
        return Entry(name, FOLDER, objects.tree(entry for entry in inner if entry.oid != empty(objects)))
    assert isinstance(tree, bytes)
    oid = objects.blob(tree)
    files.append((path[1:], oid))
    return Entry(name, FILE, oid)


def empty(objects: ObjectBuilder) -> Oid:
    return object_id(objects.object_format, b"tree", b"")


@pytest.fixture(scope="module", params=object_formats())
def scratch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    import os

    return init(
        tmp_path_factory.mktemp("objects") / "repo", dict(os.environ), f"--object-format={request.param}"
    )


@settings(max_examples=15, deadline=None)
@given(tree=trees)
def test_ids_are_those_of_git(scratch: Repo, tree: dict[bytes, object]) -> None:
    objects = ObjectBuilder(scratch.git("rev-parse", "--show-object-format"))
    files: list[tuple[bytes, Oid]] = []
    root = build(objects, tree, files)
    pack = scratch.path / "test.pack"
    written = objects.write_pack(pack)
    assert set(written.oids) == objects.oids
    scratch.git_bytes("index-pack", "--stdin", "--strict", input=pack.read_bytes())
    index = {"GIT_INDEX_FILE": str(scratch.path / "test.index")}
    (scratch.path / "test.index").unlink(missing_ok=True)
    lines = b"".join(b"100644 %s\t%s\0" % (oid.encode(), path) for path, oid in files)
    scratch.git_bytes("update-index", "-z", "--index-info", input=lines, **index)
    assert scratch.git("write-tree", **index) == root.oid
    for path, oid in files[:3]:
        data = objects.objects[oid][1]
        assert scratch.git("hash-object", "--stdin", input=data) == oid, path


def test_a_commit_is_the_one_that_git_makes(scratch: Repo) -> None:
    objects = ObjectBuilder(scratch.git("rev-parse", "--show-object-format"))
    tree = objects.tree([])
    commit = objects.commit(tree, [], ADA, 1_700_000_000.9, "exp x: größer\n\nExp-Run: x")
    objects.write_pack(scratch.path / "c.pack")
    scratch.git_bytes("index-pack", "--stdin", "--strict", input=(scratch.path / "c.pack").read_bytes())
    when = {"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000"}
    assert scratch.git("commit-tree", tree, "-m", "exp x: größer\n\nExp-Run: x", **when) == commit
    child = objects.commit(tree, [commit], ADA, 1_700_000_060, "next")
    when = {"GIT_AUTHOR_DATE": "1700000060 +0000", "GIT_COMMITTER_DATE": "1700000060 +0000"}
    assert scratch.git("commit-tree", tree, "-p", commit, "-m", "next", **when) == child


@pytest.mark.parametrize(
    ("identity", "line"),
    [
        (Identity("unknown", ""), b"unknown <> 0 +0000"),
        (Identity("", ""), b"unknown <> 0 +0000"),
        (Identity("A <b>\nparent x", "a@b>\n"), b"A bparent x <a@b> 0 +0000"),
        (Identity("J\udcfcrgen.", "j@x"), b"J\xfcrgen <j@x> 0 +0000"),
    ],
)
def test_an_author_cannot_break_the_commit(scratch: Repo, identity: Identity, line: bytes) -> None:
    objects = ObjectBuilder(scratch.git("rev-parse", "--show-object-format"))
    commit = objects.commit(objects.tree([]), [], identity, -5.0, "a\0b")
    data = objects.objects[commit][1]
    assert b"\nauthor " + line + b"\ncommitter " + line + b"\n\nab\n" in data
    assert scratch.git("hash-object", "-t", "commit", "-w", "--stdin", input=data) == commit


def test_dulwich_reads_the_same_pack(tmp_path: Path) -> None:
    from dulwich.object_format import SHA1
    from dulwich.objects import Blob, Tree
    from dulwich.pack import PackData

    objects = ObjectBuilder("sha1")
    sizes = [0, 1, 15, 16, 17, 2047, 2048, 300_000]
    entries = [Entry(b"f%d" % size, FILE, objects.blob(bytes(size))) for size in sizes]
    root = objects.tree(entries)
    info = objects.write_pack(tmp_path / "p.pack")
    theirs = Tree()
    for size in sizes:
        theirs.add(b"f%d" % size, FILE, Blob.from_string(bytes(size)).id)
    assert theirs.id.decode() == root
    with PackData.from_path(str(tmp_path / "p.pack"), object_format=SHA1) as data:
        data.check()
        assert len(data) == len(sizes) + 1
        assert data.get_stored_checksum().hex() == info.checksum
    assert info.size == (tmp_path / "p.pack").stat().st_size


def test_the_same_objects_make_the_same_pack_and_a_nonce_another(tmp_path: Path) -> None:
    def pack(order: int, nonce: bytes | None) -> bytes:
        objects = ObjectBuilder("sha256")
        for data in (b"a", b"b", b"c")[::order]:
            objects.blob(data)
        info = objects.write_pack(tmp_path / "p", nonce)
        assert len(info.oids) == 3
        return (tmp_path / "p").read_bytes()

    assert pack(1, None) == pack(-1, None)
    assert len({pack(1, None), pack(1, b"1"), pack(1, b"2")}) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


@pytest.mark.parametrize("name", [b"", b".", b"..", b".git", b".GiT", b"a/b", b"a\0b"])
def test_a_tree_refuses_what_git_refuses(name: bytes) -> None:
    objects = ObjectBuilder("sha1")
    blob = objects.blob(b"")
    assert objects.tree([Entry(b".gitignore", FILE, blob)])
    with pytest.raises(InvalidName):
        objects.tree([Entry(name, FILE, blob)])


def test_a_tree_refuses_two_entries_of_one_name() -> None:
    objects = ObjectBuilder("sha1")
    with pytest.raises(InvalidName, match="'a'"):
        objects.tree([Entry(b"a", FILE, objects.blob(b"")), Entry(b"a", FOLDER, objects.tree([]))])


def test_a_tree_keeps_every_mode() -> None:
    objects = ObjectBuilder("sha1")
    blob = objects.blob(b"")
    modes = [FILE, EXECUTABLE, SYMLINK, FOLDER, SUBMODULE]
    tree = objects.tree(Entry(b"%06o" % mode, mode, blob) for mode in modes)
    assert {entry.mode for entry in parse_tree(objects.objects[tree][1], 20)} == set(modes)


@pytest.mark.parametrize(
    "data", [b"100644 a\0short", b"100644 a", b"1006x4 a\0" + bytes(20), b"100644 \0" + bytes(20)]
)
def test_a_corrupt_tree_is_told(data: bytes) -> None:
    assert list(parse_tree(b"100644 a\0" + bytes(20), 20))
    with pytest.raises(BrokenRecord):
        list(parse_tree(data, 20))


def quarantined(repo: Repo, folder: Path, *add: str) -> list[Path]:
    """The loose objects that `git add` writes into `folder` instead of the repository."""
    (folder / "info").mkdir(parents=True)
    (folder / "info" / "alternates").write_text(str(repo.path / ".git" / "objects") + "\n")
    repo.git("add", *add, GIT_OBJECT_DIRECTORY=str(folder), GIT_INDEX_FILE=str(folder / "index"))
    return sorted(path for path in folder.glob("??/*"))


def test_loose_objects_of_a_quarantine_go_into_the_pack(scratch: Repo, tmp_path: Path) -> None:
    big = bytes(range(256)) * 9000
    scratch.write("big.bin", big)
    scratch.write("empty.txt", "")
    loose = quarantined(scratch, tmp_path / "quarantine", "big.bin", "empty.txt")
    objects = ObjectBuilder(scratch.git("rev-parse", "--show-object-format"))
    oids = [objects.add_loose(path) for path in loose]
    assert sorted(oids) == [path.parent.name + path.name for path in loose]
    assert not objects.objects
    objects.write_pack(tmp_path / "p.pack")
    wanted = object_id(objects.object_format, b"blob", big)
    assert (
        subprocess.run(["git", "cat-file", "-e", wanted], cwd=scratch.path, stderr=-3, check=False).returncode
        == 1
    )
    scratch.git_bytes("index-pack", "--stdin", "--strict", input=(tmp_path / "p.pack").read_bytes())
    assert scratch.git_bytes("cat-file", "blob", wanted) == big


@pytest.mark.parametrize("damage", ["flip", "cut", "rename", "header", "size"])
def test_a_damaged_loose_object_is_refused(tmp_path: Path, damage: str) -> None:
    content = zlib.compress(b"blob 5\0hello")
    oid = object_id("sha1", b"blob", b"hello")
    path = tmp_path / oid[:2] / oid[2:]
    path.parent.mkdir()
    path.write_bytes(content)
    assert ObjectBuilder("sha1").add_loose(path) == oid
    damaged = {
        "flip": content[:6] + bytes([content[6] ^ 255]) + content[7:],
        "cut": content[:-6],
        "rename": zlib.compress(b"blob 5\0jello"),
        "header": zlib.compress(b"blub 5\0hello"),
        "size": zlib.compress(b"blob 6\0hello"),
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(BrokenRecord, match=oid):
        ObjectBuilder("sha1").add_loose(path)
