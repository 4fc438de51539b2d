"""Both ways of reading where a repository makes it hard; the contract suite holds the easy cases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gitexp.errors import BrokenRecord, GitError, NotFound
from gitexp.git.layout import discover
from gitexp.git.objects import FILE, FOLDER, Entry, Identity, ObjectBuilder
from gitexp.git.process import Git
from gitexp.git.read_catfile import CatFileReader
from gitexp.git.read_libgit2 import Libgit2Reader
from gitexp.git.reader import ObjectReader, open_reader
from gitexp.git.write import store
from gitexp.model.values import Oid
from tests.gitrepo import Repo, wrapped_git

WAYS = ("git", "libgit2", "auto")

OLD_GIT = 'case " $* " in *" --batch-command "*) exit 129;; esac'
"""git before 2.36."""


@pytest.fixture(params=[*WAYS, "old git"])
def read(request: pytest.FixtureRequest) -> Callable[..., ObjectReader]:
    """Opens a reader of each sort on a repository."""

    def opened(repo: Repo, **options: int) -> ObjectReader:
        environ, how = repo.environ, request.param
        if how == "old git":
            environ, how = wrapped_git(repo.path.parent / "bin", environ, OLD_GIT), "git"
        return open_reader(Git(repo.path, environ), discover(repo.path, environ), how, **options)

    return opened


def test_what_auto_is(repo: Repo) -> None:
    import pygit2

    git, layout = Git(repo.path, repo.environ), discover(repo.path, repo.environ)
    assert pygit2.LIBGIT2_VERSION
    kinds = [type(open_reader(git, layout, how)) for how in WAYS]
    assert kinds == [CatFileReader, Libgit2Reader, Libgit2Reader]


def test_a_large_object_is_refused_before_it_is_read(repo: Repo, read: Callable[..., ObjectReader]) -> None:
    repo.commit("large", {"large": b"\0" * 200_000, "small": b"\0" * 1000})
    large, head = Oid(repo.git("rev-parse", "HEAD:large")), Oid(repo.git("rev-parse", "HEAD"))
    with read(repo, limit=1000) as reader:
        assert reader.blobs([(head, "small")]) == [bytes(1000)]
        assert reader.header(large) == ("blob", 200_000)
        with pytest.raises(BrokenRecord, match="has 200000 bytes"):
            reader.read(large)
        with pytest.raises(BrokenRecord, match="has 200000 bytes"):
            reader.blobs([(head, "small"), (head, "large")])
        assert reader.blobs([(head, "small")]) == [bytes(1000)]


def test_a_corrupt_object_is_told_and_the_rest_still_read(
    repo: Repo, read: Callable[..., ObjectReader]
) -> None:
    repo.commit("two", {"good": b"good", "bad": os.urandom(5000)})
    bad, head = Oid(repo.git("rev-parse", "HEAD:bad")), Oid(repo.git("rev-parse", "HEAD"))
    path = repo.path / ".git" / "objects" / bad[:2] / bad[2:]
    data = bytearray(path.read_bytes())
    data[2500:2600] = bytes(100)
    path.chmod(0o644)
    path.write_bytes(data)
    with read(repo) as reader:
        with pytest.raises(BrokenRecord, match=bad):
            reader.read(bad)
        assert reader.blobs([(head, "good")]) == [b"good"]


def test_what_is_no_tree_is_told(repo: Repo, read: Callable[..., ObjectReader]) -> None:
    blob = Oid(repo.git("rev-parse", "HEAD:train.py"))
    with read(repo) as reader:
        with pytest.raises(BrokenRecord, match="is a blob, not a tree"):
            reader.entries(blob)
        assert reader.resolve(blob, "x") is None
        assert reader.blobs([(blob, "x")]) == [None]


def test_many_files_take_a_constant_number_of_processes(repo: Repo, tmp_path: Path) -> None:
    files = {f"deep/{'folder' * 9}/{number:04d}.txt": b"%200d" % number for number in range(2000)}
    head = Oid(repo.commit("many", files))
    log = tmp_path / "calls"
    environ = wrapped_git(tmp_path / "bin", repo.environ, f"echo called >> '{log}'")
    layout = discover(repo.path, repo.environ)
    with open_reader(Git(repo.path, environ), layout, "git") as reader:
        specs = [(head, path) for path in files]
        assert reader.blobs(specs) == list(files.values())
        assert reader.blobs([*specs, (head, "none"), *reversed(specs)])[1999:2002] == [
            b"%200d" % 1999,
            None,
            b"%200d" % 1999,
        ]
        for path in list(files)[:20]:
            assert reader.resolve(head, path) is not None
    assert log.read_text() == "called\n"


def test_odd_paths(repo: Repo, read: Callable[..., ObjectReader]) -> None:
    objects = ObjectBuilder("sha1")
    names = [
        b"new\nline",
        b"a: b",
        b" lead",
        b"-x",
        b"\xff",
        "naïve".encode(),
        b'"q"',
        b"...",
        b"x missing",
    ]
    inner = objects.tree(Entry(name, FILE, objects.blob(name)) for name in names)
    outer = objects.tree(Entry(name, FOLDER, inner) for name in names)
    commit = objects.commit(outer, [], Identity("A", "a@x"), 1.0, "odd")
    objects.write_pack(repo.path / ".git" / "p")
    layout = discover(repo.path, repo.environ)
    store(Git(repo.path, repo.environ), layout, repo.path / ".git" / "p", "test")
    texts = [name.decode("utf-8", "surrogateescape") for name in names]
    with read(repo) as reader:
        specs = [(commit, f"{folder}/{file}") for folder in texts for file in texts]
        assert reader.blobs(specs) == [file for _ in names for file in names]
        for bad in ("./new\nline", "../x", "/", "//", "new\nline/", "./-x/-x", "-x//-x"):
            assert reader.blobs([(commit, bad)]) == [None], bad
            assert reader.resolve(commit, bad) is None, bad


def test_revisions_are_looked_up_by_git(repo: Repo) -> None:
    with CatFileReader(Git(repo.path, repo.environ), "sha1", 1000) as reader:
        assert reader.lookup("HEAD^{tree}") == repo.git("rev-parse", "HEAD^{tree}")
        assert reader.lookup("HEAD:none") is None


def test_a_missing_commit_has_no_files(repo: Repo, read: Callable[..., ObjectReader]) -> None:
    with read(repo) as reader:
        head = Oid(repo.git("rev-parse", "HEAD"))
        assert reader.blobs([(Oid("12" * 20), "train.py"), (head, "train.py")]) == [
            None,
            b"print('training')\n",
        ]
        with pytest.raises(NotFound, match="12121212"):
            reader.header(Oid("12" * 20))
        with pytest.raises(NotFound):
            reader.resolve(Oid("12" * 20), "x")


def test_tags_lead_to_their_commit_and_replacements_are_not_followed(
    repo: Repo, read: Callable[..., ObjectReader]
) -> None:
    head = Oid(repo.git("rev-parse", "HEAD"))
    repo.git("tag", "-a", "v1", "-m", "v1")
    tag, blob = Oid(repo.git("rev-parse", "v1")), Oid(repo.git("rev-parse", "HEAD:params.yaml"))
    other = repo.git("hash-object", "-w", "--stdin", input="replaced\n")
    repo.git("replace", blob, other)
    assert repo.git("cat-file", "-p", blob) == "replaced"
    with read(repo) as reader:
        assert reader.blobs([(tag, "params.yaml"), (head, "params.yaml")]) == [b"lr: 0.1\n"] * 2
        assert reader.resolve(tag, "params.yaml") == Entry(b"params.yaml", FILE, blob)


def test_submodules_are_no_files(make_repo: Callable[..., Repo], read: Callable[..., ObjectReader]) -> None:
    outer = Repo(make_repo("submodule").path.parent, dict(os.environ))
    head = Oid(outer.git("rev-parse", "HEAD"))
    with read(outer) as reader:
        entry = reader.resolve(head, "lib")
        assert entry is not None
        assert entry.is_submodule
        assert reader.resolve(head, "lib/train.py") is None
        assert reader.blobs([(head, "lib"), (head, "lib/train.py"), (head, "train.py")])[:2] == [None, None]


def test_an_open_reader_outlives_maintenance(repo: Repo, read: Callable[..., ObjectReader]) -> None:
    heads = [Oid(repo.commit(str(number), {"n": str(number)})) for number in range(6)]
    with read(repo) as reader:
        assert reader.blobs([(heads[0], "n")]) == [b"0"]
        repo.git("repack", "-adq")
        assert reader.blobs([(heads[1], "n")]) == [b"1"]
        heads.append(Oid(repo.commit("new", {"n": "new"})))
        assert reader.blobs([(heads[-1], "n")]) == [b"new"]
        repo.git("repack", "-adfq")
        assert reader.blobs([(head, "n") for head in heads]) == [b"0", b"1", b"2", b"3", b"4", b"5", b"new"]


def test_a_partial_clone_fetches_what_is_missing_through_git(make_repo: Callable[..., Repo]) -> None:
    partial = make_repo("partial")
    git, layout = Git(partial.path, partial.environ), discover(partial.path, partial.environ)
    head = Oid(partial.git("rev-parse", "HEAD"))
    blob = Oid(partial.git("rev-parse", "HEAD:params.yaml"))
    with open_reader(git, layout, "libgit2") as reader:
        with pytest.raises(NotFound):
            reader.read(blob)
        with pytest.raises(NotFound):
            reader.blobs([(head, "params.yaml")])
    with open_reader(git, layout, "auto") as reader:
        assert isinstance(reader, Libgit2Reader)
        assert reader.blobs([(head, "params.yaml"), (head, "none")]) == [b"lr: 0.1\n", None]
    with open_reader(git, layout, "git") as reader:
        assert reader.blobs([(head, "src/model.py")]) == [b"WIDTH = 3\n"]


def test_a_partial_clone_without_its_remote_says_so(
    make_repo: Callable[..., Repo], read: Callable[..., ObjectReader]
) -> None:
    partial = make_repo("partial")
    shutil.rmtree(partial.path.parent / "source")
    head = Oid(partial.git("rev-parse", "HEAD"))
    with read(partial) as reader:
        assert reader.resolve(head, "src/model.py") is not None
        with pytest.raises(NotFound):
            reader.blobs([(head, "params.yaml")])
        assert reader.entries(Oid(partial.git("rev-parse", "HEAD^{tree}")))


def test_reading_leaves_no_trace(repo: Repo, read: Callable[..., ObjectReader]) -> None:
    """So that it works where nothing can be written."""

    def state() -> dict[Path, tuple[int, int]]:
        paths = sorted((repo.path / ".git").rglob("*"))
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in paths}

    head, before = Oid(repo.git("rev-parse", "HEAD")), state()
    with read(repo) as reader:
        assert reader.blobs([(head, "train.py")]) == [b"print('training')\n"]
        assert reader.read(head)[0] == "commit"
    assert state() == before


def test_a_git_that_dies_is_told_and_started_again(repo: Repo, tmp_path: Path) -> None:
    marker = tmp_path / "dies"
    body = (
        f"""case " $* " in *" --batch-command "*|*" --batch-check "*) test -e '{marker}' && exit 1;; esac"""
    )
    environ = wrapped_git(tmp_path / "bin", repo.environ, body)
    head = Oid(repo.git("rev-parse", "HEAD"))
    with open_reader(Git(repo.path, environ), discover(repo.path, environ), "git") as reader:
        marker.touch()
        with pytest.raises(GitError, match="ended while it read"):
            reader.header(head)
        marker.unlink()
        assert reader.header(head)[0] == "commit"


def test_a_closed_reader_leaves_no_process(repo: Repo) -> None:
    head = Oid(repo.git("rev-parse", "HEAD"))
    reader = open_reader(Git(repo.path, repo.environ), discover(repo.path, repo.environ), "git")
    reader.read(head)
    reader.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    reader.close()
