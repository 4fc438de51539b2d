"""One suite for writing and both ways of reading, over every kind of repository.

The reftable cells exist where the installed git knows reftable (2.45 or later), and nowhere else.
One repository per cell serves all tests: each makes runs of its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitexp.errors import NotFound, RefChanged
from gitexp.git import config, refs, write
from gitexp.git.layout import Layout, discover
from gitexp.git.objects import EXECUTABLE, FILE, FOLDER, SYMLINK, Entry, ObjectBuilder
from gitexp.git.process import Git
from gitexp.git.read_libgit2 import Libgit2Reader
from gitexp.git.reader import ObjectReader, open_reader
from gitexp.git.write import RefUpdate
from gitexp.model.names import new_name
from gitexp.model.values import Oid
from tests.gitrepo import KINDS, Repo, make, object_formats, ref_formats

CELLS = [
    (kind, object_format, ref_format)
    for ref_format in ref_formats()
    for object_format in object_formats()
    for kind in KINDS
]


@dataclass
class Place:
    repo: Repo
    git: Git
    layout: Layout
    pack: Path

    def builder(self) -> ObjectBuilder:
        return ObjectBuilder(self.layout.object_format)

    def store(self, objects: ObjectBuilder, nonce: bytes | None = None) -> write.KeptPack:
        objects.write_pack(self.pack, nonce)
        return write.store(self.git, self.layout, self.pack, "test")

    def publish(self, ref: str, new: Oid | None, old: Oid | None) -> None:
        write.publish(self.git, self.layout, [RefUpdate(ref, new, old)])

    def commit(self, objects: ObjectBuilder, content: bytes) -> Oid:
        """A run's commit with `content` as its run.yaml."""
        record = objects.tree([Entry(b"run.yaml", FILE, objects.blob(content))])
        root = objects.tree([Entry(b".exp", FOLDER, record), Entry(b"a.py", FILE, objects.blob(b"pass\n"))])
        return objects.commit(root, [], config.read(self.git).identity(self.repo.environ), 1.5, "exp x")


@pytest.fixture(scope="module", params=CELLS, ids="-".join)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    kind, object_format, ref_format = request.param
    root = tmp_path_factory.mktemp("contract")
    repo = make(kind, root, dict(os.environ), object_format, ref_format)
    return Place(repo, Git(repo.path, repo.environ), discover(repo.path, repo.environ), root / "objects.pack")


def readers(place: Place) -> list[ObjectReader]:
    """A reader of each sort that can open the repository."""
    found = [open_reader(place.git, place.layout, how) for how in ("git", "libgit2", "auto")]
    fast = place.layout.object_format == "sha1" and place.layout.ref_format == "files"
    assert isinstance(found[1], Libgit2Reader) == fast
    return found


def test_what_is_written_is_read_back_and_git_agrees(place: Place) -> None:
    objects = place.builder()
    inner = objects.tree(
        [
            Entry("naïve file".encode(), FILE, objects.blob(b"\0\xff" * 9)),
            Entry(b"\xff\n", FILE, objects.blob(b"")),
        ]
    )
    root = objects.tree(
        [
            Entry(b"b", FOLDER, inner),
            Entry(b"b.py", EXECUTABLE, objects.blob(b"#!\n")),
            Entry(b"b-link", SYMLINK, objects.blob(b"b.py")),
        ]
    )
    commit = objects.commit(
        root, [], config.read(place.git).identity(place.repo.environ), 1e9, "exp x\n\nbody"
    )
    place.store(objects)
    name = new_name("contract")
    place.publish(refs.run_ref(name), commit, None)
    for reader in readers(place):
        with reader:
            for oid, (kind, data) in objects.objects.items():
                assert reader.read(oid) == (kind.decode(), data)
                assert reader.header(oid) == (kind.decode(), len(data))
            assert [(e.name, e.mode) for e in reader.entries(root)] == [
                (b"b-link", SYMLINK),
                (b"b.py", EXECUTABLE),
                (b"b", FOLDER),
            ]
            assert reader.resolve(commit, "b") == Entry(b"b", FOLDER, inner)
            assert reader.resolve(commit, "") == Entry(b"", FOLDER, root)
            assert reader.resolve(commit, "b/none") is None
            assert reader.resolve(commit, "b.py/none") is None
            assert reader.blobs(
                [
                    (commit, "b/naïve file"),
                    (commit, "none"),
                    (root, "b-link"),
                    (commit, "b"),
                    (inner, "\udcff\n"),
                ]
            ) == [b"\0\xff" * 9, None, b"b.py", None, b""]
            with pytest.raises(NotFound):
                reader.read(Oid("12" * (len(root) // 2)))
    assert (name, commit) in refs.list_runs(place.git).runs
    assert refs.read_ref(place.git, refs.run_ref(name)) == commit
    assert place.repo.git("cat-file", "-t", refs.run_ref(name)) == "commit"
    place.repo.fsck()


def test_a_ref_moves_only_from_where_it_was_seen(place: Place) -> None:
    objects = place.builder()
    first = place.commit(objects, b"a: 1\n")
    second = place.commit(objects, b"a: 2\n")
    place.store(objects)
    ref = refs.run_ref(new_name("contract"))
    with pytest.raises(RefChanged):
        place.publish(ref, second, first)
    place.publish(ref, first, None)
    with pytest.raises(RefChanged, match="was changed by somebody else meanwhile"):
        place.publish(ref, second, None)
    place.publish(ref, second, first)
    with pytest.raises(RefChanged, match="was changed by somebody else meanwhile"):
        place.publish(ref, second, first)
    place.repo.git("pack-refs", "--all")
    place.publish(ref, first, second)
    assert place.repo.refs(refs.EXP)[ref] == first
    place.repo.fsck()


def test_removing_keeps_the_run_in_the_trash(place: Place) -> None:
    objects = place.builder()
    commit = place.commit(objects, b"a: 1\n")
    place.store(objects)
    for packed in (False, True):
        name = new_name("contract")
        place.publish(refs.run_ref(name), commit, None)
        if packed:
            place.repo.git("pack-refs", "--all")
        move = [RefUpdate(refs.trash_ref(name), commit, None), RefUpdate(refs.run_ref(name), None, commit)]
        write.publish(place.git, place.layout, move)
        with pytest.raises(RefChanged):
            write.publish(place.git, place.layout, move)
        assert refs.run_ref(name) not in place.repo.refs()
        assert place.repo.refs(refs.TRASH)[refs.trash_ref(name)] == commit
    place.repo.fsck()


def test_a_retry_has_another_pack_and_packs_are_kept_until_let_go(place: Place) -> None:
    objects = place.builder()
    commit = place.commit(objects, b"kept: 1\n")
    first, again, retry = place.store(objects), place.store(objects), place.store(objects, b"1")
    assert first == again != retry
    assert write.verify(place.git, [commit]) == set()
    keep = place.layout.packs / f"pack-{first.name}.keep"
    assert keep.read_text() == "gitexp:test\n"
    place.repo.git("repack", "-adq")
    assert keep.with_suffix(".pack").exists()
    assert write.kept_packs(place.layout)[first.name] == "test"
    assert write.unkeep(place.layout, first)
    assert first.name not in write.kept_packs(place.layout)
    assert not write.unkeep(place.layout, first)
    assert write.unkeep(place.layout, retry)
    place.repo.git("repack", "-adq")
    assert write.verify(place.git, [commit]) == {commit}


def test_sizes(place: Place) -> None:
    objects = place.builder()
    blob = objects.blob(b"\0" * 9)
    tree = objects.tree([Entry(b"a", FILE, blob)])
    place.store(objects)
    none = Oid("0" * (len(blob) - 1) + "1")
    for reader in readers(place):
        with reader:
            assert reader.sizes([blob, none, tree, blob]) == [9, None, reader.header(tree)[1], 9]
            assert reader.sizes([]) == []
