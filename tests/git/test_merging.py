"""Trees are merged as git merges them, by the newer way of git and by the older one alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gitexp.git.layout import discover
from gitexp.git.merging import Bench, MergedTree, Stage, empty_tree
from gitexp.git.objects import ObjectBuilder
from gitexp.git.process import Git
from gitexp.model.values import Oid
from tests.gitrepo import Repo, init, object_formats

LINES = "".join(f"line {number}\n" for number in range(12))


@pytest.fixture(params=object_formats())
def place(request: pytest.FixtureRequest, tmp_path: Path, environ: dict[str, str]) -> Repo:
    repo = init(tmp_path / "repo", environ, f"--object-format={request.param}")
    repo.commit("base", {"a.txt": LINES, "b.txt": LINES, "sub/c.txt": "c\n", "gone.txt": "gone\n"})
    return repo


@pytest.fixture
def bench(place: Repo, tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "bench").mkdir()
    opened = open_bench(place, tmp_path / "bench")
    yield opened
    opened.close()


def open_bench(repo: Repo, place: Path) -> Bench:
    return Bench(Git(repo.path, repo.environ), discover(repo.path, repo.environ), place)


def branch(repo: Repo, name: str, files: Mapping[str, str | None], start: str = "main") -> Oid:
    repo.git("switch", "-qc", name, start)
    for path, text in files.items():
        if text is None:
            (repo.path / path).unlink()
        else:
            repo.write(path, text)
    return Oid(repo.commit(name))


def both_ways(bench: Bench, ours: Oid, theirs: Oid) -> MergedTree:
    """The merge, which the two ways of git make alike."""
    newer = bench.merge(ours, theirs, ("ours", "theirs"))
    older = bench.merge_in_files(ours, theirs, ("ours", "theirs"))
    assert older == newer
    return newer


def test_a_clean_merge_is_what_git_merge_makes(place: Repo, bench: Bench) -> None:
    place.git("mv", "b.txt", "moved.txt")
    ours = branch(place, "one", {"a.txt": LINES.replace("line 0\n", "one\n"), "gone.txt": None})
    theirs = branch(
        place, "two", {"a.txt": LINES + "two\n", "b.txt": LINES + "two\n", "sub/d.txt": "d\n"}, "main"
    )
    found = both_ways(bench, ours, theirs)
    assert found.conflicts == ()
    place.git("merge", "-q", "--no-edit", "one")
    assert found.tree == place.git("rev-parse", "HEAD^{tree}")
    assert "moved.txt" in place.git("ls-tree", "--name-only", "HEAD")


def test_conflicts_have_the_stages_of_git_and_markers_that_name_the_sides(place: Repo, bench: Bench) -> None:
    ours = branch(place, "one", {"a.txt": "ours\n" + LINES, "sub/c.txt": None, "new.txt": "1\n"})
    theirs = branch(
        place, "two", {"a.txt": "theirs\n" + LINES, "sub/c.txt": "cc\n", "new.txt": "2\n"}, "main"
    )
    found = both_ways(bench, ours, theirs)

    def oid(commit: Oid, path: str) -> Stage:
        return Stage(0o100644, Oid(place.git("rev-parse", f"{commit}:{path}")))

    base = Oid(place.git("rev-parse", "main"))
    assert {one.path: (one.base, one.ours, one.theirs) for one in found.conflicts} == {
        "a.txt": (oid(base, "a.txt"), oid(ours, "a.txt"), oid(theirs, "a.txt")),
        "new.txt": (None, oid(ours, "new.txt"), oid(theirs, "new.txt")),
        "sub/c.txt": (oid(base, "sub/c.txt"), None, oid(theirs, "sub/c.txt")),
    }
    (data,) = bench.reader.blobs([(found.tree, "a.txt")])
    assert data == b"<<<<<<< ours\nours\n=======\ntheirs\n>>>>>>> theirs\n" + LINES.encode()
    taken = bench.edited(found.tree, {"a.txt": oid(ours, "a.txt"), "sub/c.txt": None})
    assert bench.reader.blobs([(taken, "a.txt"), (taken, "sub/c.txt")]) == [b"ours\n" + LINES.encode(), None]


def test_without_a_common_ancestor_all_files_come_together(place: Repo, bench: Bench) -> None:
    place.git("switch", "-q", "--orphan", "other")
    theirs = Oid(place.commit("other", {"z.txt": "z\n"}))
    found = both_ways(bench, Oid(place.git("rev-parse", "main")), theirs)
    assert found.conflicts == ()
    assert bench.reader.resolve(found.tree, "z.txt")
    assert bench.reader.resolve(found.tree, "sub/c.txt")
    assert empty_tree("sha1") == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_an_old_git_is_asked_the_older_way(place: Repo, tmp_path: Path) -> None:
    from tests.gitrepo import wrapped_git

    ours = branch(place, "one", {"a.txt": "ours\n" + LINES})
    theirs = branch(place, "two", {"a.txt": LINES + "theirs\n"}, "main")
    refuse = 'case " $* " in *" merge-tree "*) echo usage >&2; exit 129;; esac'
    old = Repo(place.path, wrapped_git(tmp_path / "bin", place.environ, refuse))
    places = [tmp_path / "old", tmp_path / "new"]
    for one in places:
        one.mkdir()
    benches = [open_bench(old, places[0]), open_bench(place, places[1])]
    trees = [one.merge(ours, theirs, ("ours", "theirs")).tree for one in benches]
    assert trees[0] == trees[1]
    for one in benches:
        one.close()


def test_nothing_of_the_users_is_at_work(place: Repo, bench: Bench, tmp_path: Path) -> None:
    """No driver, filter or hook; nor does the merge write into the user's repository."""
    mark = tmp_path / "ran"
    for key in ("merge.evil.driver", "filter.evil.clean", "filter.evil.smudge"):
        place.git("config", key, f"touch {mark}; cat")
    start = branch(place, "start", {".gitattributes": "*.txt merge=evil filter=evil\n"})
    mark.unlink(missing_ok=True)
    ours = branch(place, "one", {"a.txt": "ours\n" + LINES}, "start")
    theirs = branch(place, "two", {"a.txt": LINES + "theirs\n"}, "start")
    mark.unlink(missing_ok=True)
    before = sorted(place.path.joinpath(".git").rglob("*"))
    assert both_ways(bench, ours, theirs).conflicts == ()
    assert start
    assert not mark.exists()
    assert sorted(place.path.joinpath(".git").rglob("*")) == before


def test_attributes_of_a_tree_that_git_would_not_make_stay_on_the_bench(place: Repo, bench: Bench) -> None:
    blob = place.git("hash-object", "-w", "--stdin", input="* -merge\n")
    inner = place.git("mktree", input=f"100644 blob {blob}\t.gitattributes\n")
    raw = b"40000 ..\0" + bytes.fromhex(inner)
    evil = place.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", input=raw)
    commit = Oid(place.git("commit-tree", evil, "-m", "evil"))
    bench._lay_attributes(commit)
    assert not (bench.git.cwd.parent / ".gitattributes").exists()


def test_attributes_below_a_name_that_cannot_be_a_folder_are_left_out(place: Repo, bench: Bench) -> None:
    blob = place.git("hash-object", "-w", "--stdin", input="* -merge\n")
    inner = place.git("mktree", input=f"100644 blob {blob}\t.gitattributes\n")
    listed = place.git("ls-tree", "main")
    tree = place.git("mktree", input=f"{listed}\n040000 tree {inner}\t{'x' * 300}\n")
    ours = Oid(place.git("commit-tree", tree, "-p", "main", "-m", "long"))
    theirs = branch(place, "two", {"b.txt": "two\n"})
    assert bench.merge(ours, theirs, ("ours", "theirs")).conflicts == ()


def test_only_what_was_made_there_is_packed(place: Repo, bench: Bench) -> None:
    ours = branch(place, "one", {"a.txt": "ours\n" + LINES})
    theirs = branch(place, "two", {"a.txt": LINES + "theirs\n", "b.txt": "b\n"}, "main")
    found = bench.merge(ours, theirs, ("ours", "theirs"))
    builder = ObjectBuilder(discover(place.path, place.environ).object_format)
    bench.pack_into(builder, found.tree)
    merged = bench.reader.resolve(found.tree, "a.txt")
    assert merged
    assert builder.oids == {found.tree, merged.oid}
