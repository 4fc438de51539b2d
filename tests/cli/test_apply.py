"""`git exp apply`: what a run had comes into the working tree, all of it or nothing, and goes again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from gitexp.artifacts.store import ArtifactStore
from gitexp.formats import pointer
from gitexp.model.values import Digest
from tests.cli.program import Program
from tests.cli.sharing import World
from tests.gitrepo import Repo
from tests.reliability.states import STATES
from tests.worktree import aside_from_files, files_of, walk


def status(repo: Repo) -> list[str]:
    return repo.git("status", "--porcelain", "--untracked-files=all").splitlines()


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[[Repo], Program]:
    """The program, called from the root of whichever repository."""

    def go(repo: Repo) -> Program:
        monkeypatch.chdir(repo.path)
        return Program(repo, capfd)

    return go


@pytest.fixture
def old(exp: Program) -> str:
    """A run whose code differs from HEAD in every way, and a clean working tree."""
    repo = exp.repo
    repo.write("train.py", "print('as it was')\n")
    repo.write("new ü/deep/er.py", "NEW = 1\n").chmod(0o755)
    (repo.path / "link").symlink_to("train.py")
    (repo.path / "src/model.py").unlink()
    name = exp.record("old")
    (repo.path / "link").unlink()
    repo.git("clean", "-fdq")
    repo.git("checkout", "-q", ".")
    assert status(repo) == []
    return name


def test_the_code_is_as_it_ran_and_undo_takes_it_back(exp: Program, old: str) -> None:
    before, users = walk(exp.repo.path), aside_from_files(exp.repo)
    said = exp("apply", old)
    assert (said.code, said.out) == (0, "")
    assert said.err == f"exp {old} applied: 3 files written, 1 file removed\nhint: git exp undo\n"
    after = walk(exp.repo.path)
    assert after["train.py"] == ("file", "0o100644", b"print('as it was')\n")
    assert after["new ü/deep/er.py"] == ("file", "0o100755", b"NEW = 1\n")
    assert after["link"] == ("link", "train.py")
    assert "src" not in after
    assert ".exp" not in after
    assert exp("undo").err == f"undone: apply {old} (now)\n"
    assert walk(exp.repo.path) == before
    assert exp("undo", "--redo").code == 0
    assert walk(exp.repo.path) == after
    assert exp("undo").code == 0
    assert walk(exp.repo.path) == before
    assert aside_from_files(exp.repo) == users
    exp.repo.fsck()


def test_a_second_apply_has_nothing_to_do(exp: Program, old: str) -> None:
    exp("apply", old)
    said = exp("apply", old)
    assert said.err == f"the working tree has all that of {old} already\n"
    assert exp("undo", "--list").out.count("apply") == 1


def test_what_is_not_the_runs_stays(exp: Program, old: str) -> None:
    exp.repo.write(".git/info/exclude", "*.log\n")
    exp.repo.write("mine.txt", "untracked")
    exp.repo.write("src/mine.txt", "untracked")
    exp.repo.write("src/a.log", "ignored")
    exp.repo.write("added.py", "staged, and the run does not have it")
    exp.repo.git("add", "added.py")
    (exp.repo.path / "empty").mkdir()
    assert exp("apply", old).code == 0
    after = walk(exp.repo.path)
    assert {"mine.txt", "src/mine.txt", "src/a.log", "empty"} <= after.keys()
    assert "src/model.py" not in after
    assert "added.py" not in after


def test_a_dry_run_checks_and_changes_nothing(exp: Program, old: str) -> None:
    before = walk(exp.repo.path)
    said = exp("apply", old, "-n")
    assert said.code == 0
    assert "would write train.py\n" in said.err
    assert "would remove src/model.py\n" in said.err
    assert f"exp {old} would be applied: 3 files would be written, 1 file would be removed\n" in said.err
    assert walk(exp.repo.path) == before
    exp.repo.write("train.py", "lost?")
    assert exp("apply", old, "-n").code == 2
    assert os.listdir(exp.repo.path / ".git/exp/applied") == []
    assert "apply" not in exp("undo", "--list").out


def test_json(exp: Program, old: str) -> None:
    said = exp("apply", old, "--json")
    assert said.json == {
        "format": 1,
        "run": old,
        "dry_run": False,
        "written": ["link", "new ü/deep/er.py", "train.py"],
        "removed": ["src/model.py"],
        "notes": [],
        "operation": said.json["operation"],
    }
    assert exp("undo", "--json").json["operations"][0]["id"] == said.json["operation"]
    assert exp("apply", old, "-q").err == ""


# -- nothing is lost ----------------------------------------------------------------------------------


def refused(exp: Program, *arguments: str) -> str:
    """What is said of a refusal that changes nothing."""
    before, users = walk(exp.repo.path), aside_from_files(exp.repo)
    said = exp("apply", *arguments)
    assert said.code != 0
    assert walk(exp.repo.path) == before
    assert aside_from_files(exp.repo) == users
    assert not (exp.repo.path / ".git/exp/applying.json").exists()
    return said.err


def test_changes_that_are_nowhere_else_are_not_overwritten(exp: Program, old: str) -> None:
    for name in ("train.py", "src/model.py", "new ü/deep/er.py", "link"):
        exp.repo.write(name, f"only here: {name}")
    assert refused(exp, old) == (
        "error: 'link', 'new ü/deep/er.py', 'src/model.py' and 1 more have changes that are in no commit and "
        "no run\nhint: git exp save records them, git stash puts them aside\n"
    )
    exp("save")
    assert exp("apply", old).code == 0
    assert exp("undo").code == 0
    assert (exp.repo.path / "train.py").read_text() == "only here: train.py"


def test_what_the_index_has_is_not_lost(exp: Program, old: str) -> None:
    exp.repo.write("train.py", "staged\n")
    exp.repo.git("add", "train.py")
    assert exp("apply", old).code == 0
    assert exp.repo.git("show", ":train.py") == "staged"


def test_a_conflict_of_a_merge_is_lost_work(exp: Program, old: str) -> None:
    exp.repo.git("checkout", "-qb", "side")
    exp.repo.commit("side", {"train.py": "side\n"})
    exp.repo.git("checkout", "-q", "main")
    exp.repo.commit("main", {"train.py": "main\n"})
    with pytest.raises(AssertionError):
        exp.repo.git("merge", "-q", "side")
    assert "'train.py' has changes" in refused(exp, old)
    exp.repo.git("checkout", "--theirs", "train.py")
    assert exp("apply", old).code == 0
    assert exp("undo").code == 0
    assert (exp.repo.path / "train.py").read_text() == "side\n"


def test_a_file_that_git_was_told_not_to_look_at_is_not_lost(exp: Program, old: str) -> None:
    exp.repo.git("update-index", "--assume-unchanged", "train.py")
    exp.repo.write("train.py", "only here")
    assert "'train.py' has changes" in refused(exp, old)


def test_an_ignored_file_in_the_way_stays(exp: Program, old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exp.repo.write(".git/info/exclude", "link\n")
    exp.repo.write("link", "ignored")
    assert refused(exp, old) == (
        "error: 'link' is ignored, and the run has a file there\nhint: move 'link' away\n"
    )
    monkeypatch.chdir(exp.repo.path / "src")
    assert refused(exp, old).endswith("hint: move '../link' away\n")


def test_what_to_move_is_named_from_where_one_is(
    exp: Program, old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exp.repo.write(".git/info/exclude", "link\n")
    exp.repo.write("link", "ignored")
    (exp.repo.path / "sub" / "below").mkdir(parents=True)
    monkeypatch.chdir(exp.repo.path / "sub" / "below")
    assert refused(exp, old).endswith("hint: move '../../link' away\n")


def test_a_secret_is_left_alone_and_told(exp: Program) -> None:
    exp.repo.write("train.py", "old\n")
    name = exp.record("old")
    exp.repo.git("checkout", "-q", ".")
    exp.repo.write(".env", "TOKEN=1")
    exp.repo.git("add", ".env")
    said = exp("apply", name)
    assert said.code == 0
    assert "note: '.env': may hold secrets, left alone\n" in said.err
    assert (exp.repo.path / ".env").read_text() == "TOKEN=1"


@pytest.mark.parametrize("state", STATES)
def test_a_run_of_the_present_state_changes_nothing(
    tmp_path: Path,
    environ: dict[str, str],
    state: str,
    enter: Callable[[Repo], Program],
) -> None:
    if state == "lfs" and shutil.which("git-lfs") is None:
        pytest.skip("git-lfs is not installed")
    repo = STATES[state](tmp_path, environ)
    exp = enter(repo)
    name = exp("save").name
    before = walk(repo.path)
    said = exp("apply", name)
    assert f"the working tree has all that of {name} already\n" in said.err
    assert walk(repo.path) == before


# -- what is in the way ---------------------------------------------------------------------------------


def test_a_file_and_a_folder_change_places(exp: Program) -> None:
    repo = exp.repo
    (repo.path / "train.py").unlink()
    repo.write("train.py/inner.py", "inner")
    (repo.path / "src/model.py").unlink()
    (repo.path / "src").rmdir()
    repo.write("src", "a file now")
    name = exp.record("turned")
    repo.git("stash", "-uq")
    before = walk(repo.path)
    assert exp("apply", name).code == 0
    assert (repo.path / "train.py/inner.py").read_text() == "inner"
    assert (repo.path / "src").read_text() == "a file now"
    assert exp("undo").code == 0
    assert walk(repo.path) == before
    repo.write("src/mine.txt", "untracked")
    assert "error: 'src/mine.txt' is in the way of 'src'\n" in refused(exp, name)
    (repo.path / "src/mine.txt").unlink()
    assert exp("apply", name).code == 0
    repo.write("train.py/mine.txt", "untracked")
    said = exp("undo")
    assert said.code == 128
    assert said.err.startswith(
        f"error: cannot take back 'apply {name}': 'train.py/mine.txt' was changed since\n"
        "hint: move 'train.py/mine.txt' away"
    )


def test_a_link_on_the_way_is_not_followed(exp: Program, old: str, tmp_path: Path) -> None:
    (tmp_path / "outside/deep").mkdir(parents=True)
    (exp.repo.path / "new ü").symlink_to(tmp_path / "outside")
    assert "error: 'new ü' is in the way of 'new ü/deep/er.py'\n" in refused(exp, old)
    assert os.listdir(tmp_path / "outside/deep") == []


def test_a_tracked_link_becomes_a_folder(exp: Program, tmp_path: Path) -> None:
    outside = {"deep": "a file", "x": "a file", "inner/y": "a file"}
    for path, text in outside.items():
        exp.repo.write(f"../outside/{path}", text)
    for path in ("x", "deep/er/x", "inner/y"):
        exp.repo.write(f"data2/{path}", "of the run")
    name = exp.record("folder")
    exp.repo.git("clean", "-fdq")
    (exp.repo.path / "data2").symlink_to(tmp_path / "outside")
    exp.repo.commit("a link")
    before = walk(exp.repo.path)
    assert exp("apply", name).code == 0
    assert (exp.repo.path / "data2/deep/er/x").read_text() == "of the run"
    assert exp("undo").code == 0
    assert walk(exp.repo.path) == before
    assert {path: (tmp_path / "outside" / path).read_text() for path in outside} == outside


def test_another_repository_on_the_way(exp: Program, old: str) -> None:
    exp.repo.git("init", "-q", "new ü")
    assert "is in another repository, 'new ü'" in refused(exp, old)


def test_neither_file_nor_folder(exp: Program, old: str) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("link")
        said = exp("apply", old)
        assert said.code == 2
        assert said.err.startswith("error: 'link' is neither a file nor a folder\n")


def test_names_that_differ_by_case(exp: Program, old: str) -> None:
    exp.repo.commit("other case", {"LINK": "x"})
    exp.repo.git("config", "core.ignoreCase", "true")
    assert "'link' and 'LINK' are one file here" in refused(exp, old).replace(
        "'LINK' and 'link'", "'link' and 'LINK'"
    )
    exp.repo.git("config", "core.ignoreCase", "false")
    assert exp("apply", old).code == 0


@pytest.mark.parametrize("path", [".git", ".GIT", "..", "."])
def test_a_path_that_git_does_not_check_out(exp: Program, old: str, path: str) -> None:
    tree = hostile_tree(exp.repo, old, path)
    commit = exp.repo.git("commit-tree", tree, "-m", "exp evil\n\nExp-Run: evil-aaaaaa\nExp-Status: finished")
    exp.repo.git("update-ref", "refs/exp/evil-aaaaaa", commit)
    said = exp("apply", "evil-aaaaaa")
    assert said.code == 1
    assert "has a path that git does not check out" in said.err
    assert not list(exp.repo.path.parent.rglob("x"))


def hostile_tree(repo: Repo, run: str, path: str) -> str:
    """The tree of a run with an entry that no git makes, and a record that tells of just that tree."""
    inner = repo.git(
        "mktree", input=f"100644 blob {repo.git('hash-object', '-w', '--stdin', input='x')}\tx\n"
    )
    record = repo.git("rev-parse", f"exp/{run}:.exp")

    def literal(lines: list[tuple[str, str, str]]) -> str:
        data = b"".join(
            f"{m} {n}".encode() + b"\0" + bytes.fromhex(o) for m, n, o in sorted(lines, key=lambda e: e[1])
        )
        return repo.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", input=data)

    below = literal([("40000", path, inner)])
    code = literal([("40000", "sub", below)])
    text = repo.git("show", f"exp/{run}:.exp/run.yaml")
    was = next(line for line in text.splitlines() if line.strip().startswith("tree:"))
    text = text.replace(was, was.split("tree:")[0] + f"tree: {code}").replace(run, "evil-aaaaaa") + "\n"
    blob = repo.git("hash-object", "-w", "--stdin", input=text)
    listed = repo.git("ls-tree", record).splitlines()
    entries = [
        line if not line.endswith("\trun.yaml") else f"100644 blob {blob}\trun.yaml" for line in listed
    ]
    renewed = repo.git("mktree", input="\n".join(entries) + "\n")
    return literal([("40000", "sub", below), ("40000", ".exp", renewed)])


def test_the_folder_that_we_are_in_stays(exp: Program, old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(exp.repo.path / "src")
    assert exp("apply", old).code == 0
    assert os.listdir(exp.repo.path / "src") == []
    assert exp("undo").code == 0
    assert os.listdir(exp.repo.path / "src") == ["model.py"]


# -- kinds of repositories ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "object_format"),
    [
        *((kind, "sha1") for kind in ("worktree", "submodule", "shallow", "partial", "separate", "unborn")),
        ("worktree", "sha256"),
    ],
)
def test_everywhere(
    make_repo: Callable[..., Repo],
    kind: str,
    object_format: str,
    enter: Callable[[Repo], Program],
) -> None:
    repo = make_repo(kind, object_format)
    if kind == "partial":
        repo.git("checkout", "-q", "main")
    exp = enter(repo)
    repo.write("train.py", "one\n")
    repo.write("a/b", "two\n")
    name = exp.record("old")
    repo.git("clean", "-fdq")
    if kind != "unborn":
        repo.git("checkout", "-q", ".")
    before, users = walk(repo.path), aside_from_files(repo)
    assert exp("apply", name).code == 0
    assert (repo.path / "train.py").read_text() == "one\n"
    assert (repo.path / "a/b").read_text() == "two\n"
    assert exp("undo").code == 0
    assert walk(repo.path) == before
    assert aside_from_files(repo) == users
    repo.fsck()


def test_a_bare_repository_has_nowhere_to_put_it(
    make_repo: Callable[..., Repo], enter: Callable[[Repo], Program]
) -> None:
    exp = enter(make_repo("bare"))
    name = exp("run", "--isolated", "--", "true").name
    said = exp("apply", name)
    assert said.code == 128
    assert said.err.startswith("error: this repository is bare: it has no working tree")
    assert "hint: git exp worktree RUN DIR" in said.err


def test_a_sparse_checkout_is_left_as_it_is(
    make_repo: Callable[..., Repo], enter: Callable[[Repo], Program]
) -> None:
    repo = make_repo("sparse")
    exp = enter(repo)
    repo.git("sparse-checkout", "disable")
    repo.write("src/model.py", "WIDTH = 9\n")
    repo.write("data/a b.txt", "changed\n")
    repo.write("other/new.txt", "new\n")
    name = exp.record("whole")
    repo.git("stash", "-uq")
    repo.git("sparse-checkout", "set", "--cone", "src")
    before, users = walk(repo.path), aside_from_files(repo)
    assert "data" not in before
    said = exp("apply", name)
    assert "note: 'data/a b.txt', 'other/new.txt': outside the sparse checkout, left out\n" in said.err
    after = walk(repo.path)
    assert (repo.path / "src/model.py").read_text() == "WIDTH = 9\n"
    assert after.keys() == before.keys()
    assert exp("undo").code == 0
    assert walk(repo.path) == before
    assert aside_from_files(repo) == users


def submodule_in(make_repo: Callable[..., Repo]) -> tuple[Repo, Repo]:
    """A submodule, and the repository that it is in."""
    inner = make_repo("submodule")
    return inner, Repo(inner.path.parent, inner.environ)


def test_a_submodule_is_left_alone_and_told(
    make_repo: Callable[..., Repo], enter: Callable[[Repo], Program]
) -> None:
    inner, outer = submodule_in(make_repo)
    exp = enter(outer)
    outer.write("train.py", "of the run\n")
    name = exp.record("with")
    outer.git("checkout", "-q", "train.py")
    inner.commit("moved on", {"more.py": "1\n"})
    outer.commit("moved on with it")
    before = walk(inner.path)
    said = exp("apply", name)
    assert "note: 'lib': submodule, left alone\n" in said.err
    assert (outer.path / "train.py").read_text() == "of the run\n"
    assert walk(inner.path) == before
    inside = exp.record("other")
    outer.git("rm", "-qrf", "lib")
    outer.commit("without")
    said = exp("apply", inside)
    assert "note: 'lib': submodule, left alone\n" in said.err
    assert not (outer.path / "lib/more.py").exists()


def test_a_file_in_the_place_of_a_submodule_is_left_out(
    make_repo: Callable[..., Repo], enter: Callable[[Repo], Program]
) -> None:
    inner, outer = submodule_in(make_repo)
    exp = enter(outer)
    outer.git("checkout", "-q", "-b", "before", "HEAD^")
    outer.write("lib2", "x")
    inner.path.rename(outer.path.parent / "away")
    outer.write("lib", "a file")
    name = exp.record("file")
    (outer.path / "lib").unlink()
    (outer.path / "lib2").unlink()
    outer.git("checkout", "-q", "main")
    inner.path.rmdir()
    (outer.path.parent / "away").rename(inner.path)
    before = walk(inner.path)
    said = exp("apply", name)
    assert said.code == 0
    assert "note: 'lib': submodule, left alone\n" in said.err
    assert (outer.path / "lib2").read_text() == "x"
    assert walk(inner.path) == before


def test_only_the_working_tree_that_was_changed_undoes_it(
    exp: Program, old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = Repo(tmp_path / "linked", exp.repo.environ)
    exp.repo.git("worktree", "add", "-q", str(linked.path))
    assert exp("apply", old).code == 0
    here = walk(exp.repo.path)
    monkeypatch.chdir(linked.path)
    there = walk(linked.path)
    listed = exp("undo", "--list").out
    assert f"apply {old}  (in another working tree)\n" in listed
    assert exp("apply", old).code == 0
    assert exp("undo").code == 0
    assert exp("undo").err.startswith("undone: record")
    assert exp("undo", "--redo").code == 0
    assert walk(linked.path) == there
    assert walk(exp.repo.path) == here
    monkeypatch.chdir(exp.repo.path)
    assert exp("undo").err.startswith(f"undone: apply {old}")


def test_a_worktree_of_the_same_name_is_another(
    exp: Program, old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("one", "two"):
        monkeypatch.chdir(exp.repo.path)
        path = tmp_path / folder / "linked"
        exp.repo.git("worktree", "add", "-q", "--detach", str(path))
        monkeypatch.chdir(path)
        before = walk(path)
        if folder == "two":
            assert f"apply {old}  (in another working tree)\n" in exp("undo", "--list").out
            assert exp("undo").err.startswith("undone: record")
            assert exp("undo", "--redo").code == 0
        assert exp("apply", old).code == 0
        assert exp("undo").err.startswith(f"undone: apply {old}")
        assert exp("undo", "--redo").code == 0
        assert exp("undo").code == 0
        assert walk(path) == before
        assert exp("apply", old).code == 0
        exp.repo.git("worktree", "remove", "--force", str(path))


def test_line_endings_and_filters_are_those_of_a_checkout(exp: Program) -> None:
    repo = exp.repo
    repo.git("config", "filter.upper.smudge", "tr a-z A-Z")
    repo.git("config", "filter.upper.clean", "tr A-Z a-z")
    repo.write(".gitattributes", "*.win text eol=crlf\n*.up filter=upper\n")
    repo.write("a.win", "one\r\ntwo\r\n")
    repo.write("b.up", "SHOUT\n")
    name = exp.record("filtered")
    assert repo.git("show", f"exp/{name}:b.up") == "shout"
    repo.git("stash", "-uq")
    assert exp("apply", name).code == 0
    assert (repo.path / "a.win").read_bytes() == b"one\r\ntwo\r\n"
    assert (repo.path / "b.up").read_bytes() == b"SHOUT\n"
    assert exp("apply", name).err.startswith("the working tree has all")


def test_no_filter_runs_for_the_run_of_another_person(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, grace = world.person("ada"), world.person("grace")
    told = tmp_path / "told"
    ada.repo.write(".gitattributes", "*.up filter=loud\n*.lf filter=lfs\n")
    ada.repo.write("b.up", "shout\n")
    bytes_of = {"lost.lf": b"nowhere", "here.lf": b"here"}
    for path, data in bytes_of.items():
        ada.repo.write(path, pointer.encode(Digest(hashlib.sha256(data).hexdigest()), len(data)))
    ada.repo.write(".lfsconfig", f"[lfs]\n\turl = file://{tmp_path}/elsewhere\n")
    name = ada.record("shared")
    for command in ("smudge", "process"):
        for which in ("loud", "lfs"):
            grace.repo.git("config", f"filter.{which}.{command}", f"touch '{told}'; cat")
    assert ada("push").code == 0
    assert grace("fetch").code == 0
    store = ArtifactStore(grace.repo.path / ".git/lfs/objects")
    held = store.path(Digest(hashlib.sha256(b"here").hexdigest()))
    held.parent.mkdir(parents=True)
    held.write_bytes(b"here")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "grace@example.org")
    users = aside_from_files(grace.repo)
    said = grace("apply", name)
    assert said.code == 0
    assert aside_from_files(grace.repo) == users
    assert not told.exists()
    assert f"note: run '{name}' was not recorded here: no filter of yours is run on its files\n" in said.err
    assert "note: 'lost.lf': its bytes are not in this clone" in said.err
    assert (grace.repo.path / "b.up").read_bytes() == b"shout\n"
    assert (grace.repo.path / "here.lf").read_bytes() == b"here"
    assert (grace.repo.path / "lost.lf").read_bytes().startswith(b"version https://git-lfs")
    assert grace("undo").code == 0
    assert not (grace.repo.path / "b.up").exists()
    world.fsck(ada, grace)


def test_large_inputs_are_told(exp: Program) -> None:
    exp.repo.git("config", "exp.maxUntracked", "1000")
    exp.repo.write("big.bin", b"x" * 2000)
    exp.repo.write("train.py", "old\n")
    name = exp.record("large")
    exp.repo.git("checkout", "-q", ".")
    assert "big.bin" not in exp("apply", name, "-n").err
    exp.repo.write("big.bin", b"y" * 2000)
    assert (
        "note: 'big.bin': the run used it with other content, which was too large for git\n"
        in exp("apply", name, "-n").err
    )
    (exp.repo.path / "big.bin").unlink()
    assert (
        "note: 'big.bin': the run used it, it is not here, and too large for git\n" in exp("apply", name).err
    )


def test_a_stale_record_is_not_taken_for_the_runs_code(exp: Program, old: str) -> None:
    exp.repo.git("merge", "-q", f"exp/{old}")
    exp.repo.commit("and on", {"train.py": "later\n"})
    record = files_of(walk(exp.repo.path / ".exp"))
    said = exp("apply", "HEAD")
    assert said.code == 2
    assert "stands beside other code than that of run" in said.err
    assert f"hint: git exp apply {old}\n" in said.err
    assert exp("apply", old).code == 0
    assert (exp.repo.path / "train.py").read_text() == "print('as it was')\n"
    assert files_of(walk(exp.repo.path / ".exp")) == record


# -- params ---------------------------------------------------------------------------------------------


def test_params_are_set_key_by_key(exp: Program) -> None:
    repo = exp.repo
    repo.write("params.yaml", "lr: 0.1  # tuned\nmodel: {depth: 3, width: 8}\nseed: 1\n")
    repo.commit("params")
    name = exp.record("other", "pass", "-S", "lr=0.5", "-S", "model.depth=9", "-S", "+note.by=me")
    text = "# mine\nlr:   0.1  # tuned\n\nmodel: {depth: 3, width: 8}   # flow\nseed: 1\nextra: kept\n"
    repo.write("params.yaml", text).chmod(0o600)
    repo.commit("mine")
    before = walk(repo.path)
    said = exp("apply", name, "--params")
    assert said.err == f"exp {name} applied: 1 file written, 0 files removed\nhint: git exp undo\n"
    assert (repo.path / "params.yaml").read_text() == (
        text.replace("lr:   0.1", "lr:   0.5").replace("depth: 3", "depth: 9") + "note:\n  by: me\n"
    )
    assert (repo.path / "params.yaml").stat().st_mode & 0o777 == 0o600
    assert (repo.path / "train.py").read_bytes() == repo.git_bytes("show", "HEAD:train.py")
    assert exp("apply", name, "--params").err.startswith("the working tree has all")
    assert exp("undo").err == f"undone: apply {name} --params (now)\n"
    assert walk(repo.path) == before


def test_each_param_goes_to_the_file_that_has_it(exp: Program) -> None:
    repo = exp.repo
    repo.write(".gitexp.yaml", "params: [conf/a.yaml, conf/b.toml, conf/c.json]\n")
    first = {
        "conf/a.yaml": "lr: 1\nboth: 1\nalike: 1\n",
        "conf/b.toml": "both = 2\nalike = 1\n[deep]\nx = 1\n",
    }
    repo.commit("params", {**first, "conf/c.json": '{"c": [1]}\n'})
    ran = {
        "conf/a.yaml": "lr: 5\nboth: 1\nalike: 2\nnew: 9\n",
        "conf/b.toml": "both = 8\nalike = 2\n[deep]\nx = 6\n",
        "conf/c.json": '{"c": [7]}\n',
    }
    for path, text in ran.items():
        repo.write(path, text)
    name = exp.record("one")
    repo.git("checkout", "-q", ".")
    assert exp("apply", name, "--params").code == 0
    assert {path: (repo.path / path).read_text() for path in ran} == ran


def test_a_key_of_two_files_goes_back_to_each(exp: Program) -> None:
    repo = exp.repo
    repo.write(".gitexp.yaml", "params: [a.yaml, b.yaml]\n")
    repo.commit("params", {"a.yaml": "lr: 1\nseed: 3\n", "b.yaml": "lr: 2\nseed: 3\n"})
    name = exp.record("one")
    repo.commit("later", {"a.yaml": "lr: 10\nseed: 4\n", "b.yaml": "lr: 20\nseed: 5\n"})
    assert exp("apply", name, "--params").code == 0
    assert (repo.path / "a.yaml").read_text() == "lr: 1\nseed: 3\n"
    assert (repo.path / "b.yaml").read_text() == "lr: 2\nseed: 3\n"


def test_a_masked_param_is_left_alone(exp: Program) -> None:
    exp.repo.write("params.yaml", "lr: 0.1\napi_token: sk-live-0123456789abcdef\n")
    name = exp.record("secret", "pass", "-S", "lr=0.7")
    exp("save")
    said = exp("apply", name, "--params")
    assert "note: api_token: masked in the record, left alone\n" in said.err
    assert (exp.repo.path / "params.yaml").read_text() == "lr: 0.7\napi_token: sk-live-0123456789abcdef\n"


def test_no_params_file(exp: Program) -> None:
    name = exp.record("one")
    exp.repo.git("rm", "-q", "params.yaml")
    assert (
        refused(exp, name, "--params") == "error: this project has no params file\nhint: touch params.yaml\n"
    )
    exp.repo.write("params.yaml", "")
    exp("save")
    assert exp("apply", name, "--params").code == 0
    assert (exp.repo.path / "params.yaml").read_text() == "lr: 0.1\n"


def test_params_on_top_of_the_code(exp: Program) -> None:
    exp.repo.write("params.yaml", "# of the run\nlr: 0.3\n")
    name = exp.record("both", "import gitexp\nwith gitexp.start() as run: run.params['lr'] = 0.4")
    recorded = exp("show", name, "--json").json["params"]["lr"]
    exp.repo.git("checkout", "-q", ".")
    assert exp("apply", name, "--code", "--params").code == 0
    assert (exp.repo.path / "params.yaml").read_text() == f"# of the run\nlr: {recorded}\n"


# -- artifacts ------------------------------------------------------------------------------------------

MAKES = """\
import os
os.makedirs("out", exist_ok=True)
open("out/a.txt", "w").write("small")
open("big", "wb").write(b"z" * 2000000)
"""


def test_artifacts_go_back_to_where_they_were(exp: Program) -> None:
    repo = exp.repo
    repo.commit("ignore", {".gitignore": "out/\nbig\n"})
    name = exp.record("made", MAKES, "--output", "out", "--output", "big")
    later = exp.record("later", MAKES.replace("small", "other"), "--output", "out", "--output", "big")
    assert (repo.path / "out/a.txt").read_text() == "other"
    before = walk(repo.path)
    assert exp("apply", name, "--artifacts").err.startswith(f"exp {name} applied: 1 file written, 0")
    assert (repo.path / "out/a.txt").read_text() == "small"
    assert exp("undo").code == 0
    assert walk(repo.path) == before
    (repo.path / "big").unlink()
    assert exp("apply", later, "--artifacts").code == 0
    assert (repo.path / "big").read_bytes() == b"z" * 2000000
    repo.write("out/a.txt", "in no run")
    assert refused(exp, name, "--artifacts") == (
        "error: 'out/a.txt' has changes that are in no commit and no run\nhint: move 'out/a.txt' away\n"
    )


def test_damaged_or_missing_bytes_change_nothing(exp: Program) -> None:
    name = exp.record("made", MAKES, "--output", "out", "--output", "big")
    (exp.repo.path / "big").unlink()
    exp.repo.write("out/a.txt", "else\n")
    exp("save")
    store = ArtifactStore(exp.repo.path / ".git/lfs/objects")
    (stored,) = [path for path in store.root.rglob("*") if path.is_file()]
    stored.chmod(0o644)
    stored.write_bytes(b"z" * 1999999 + b"!")
    assert "artifact 'big' of run" in refused(exp, name, "--artifacts")
    assert not stored.exists()  # what is damaged is no artifact any more
    assert "is not in this clone" in refused(exp, name, "--artifacts")


def test_everything_together(exp: Program, old: str) -> None:
    name = exp.record("all", MAKES, "--output", "out", "--output", "big", "-S", "lr=0.9")
    exp.repo.git("clean", "-fdq")
    before = walk(exp.repo.path)
    said = exp("apply", name, "--code", "--params", "--artifacts")
    assert said.code == 0
    assert {"out/a.txt", "big"} <= walk(exp.repo.path).keys()
    assert (exp.repo.path / "params.yaml").read_text() == "lr: 0.9\n"
    assert exp("undo").err == f"undone: apply {name} --code --params --artifacts (now)\n"
    assert walk(exp.repo.path) == before


# -- undo ------------------------------------------------------------------------------------------------


def test_undo_loses_nothing_that_came_since(exp: Program, old: str) -> None:
    before = walk(exp.repo.path)
    exp("apply", old)
    exp.repo.write("train.py", "edited since\n")
    after = walk(exp.repo.path)
    said = exp("undo")
    assert said.code == 128
    assert said.err == (
        f"error: cannot take back 'apply {old}': 'train.py' was changed since\n"
        "hint: move 'train.py' away, and try again\n"
    )
    assert exp("undo", "-n").code == 128
    assert walk(exp.repo.path) == after
    (exp.repo.path / "train.py").rename(exp.repo.path.parent / "train.py")
    assert exp("undo", "-n").err.startswith("would be undone")
    assert exp("undo").code == 0
    assert walk(exp.repo.path) == before
    exp.repo.write("train.py", "edited since\n")
    assert exp("undo", "--redo").code == 128


def test_folders_that_were_removed_come_back_as_they_were(exp: Program, old: str) -> None:
    (exp.repo.path / "src").chmod(0o700)
    before = walk(exp.repo.path)
    exp("apply", old)
    assert not (exp.repo.path / "src").exists()
    exp("undo")
    assert walk(exp.repo.path) == before
    exp("undo", "--redo")
    exp.repo.write("new ü/deep/mine.txt", "came since")
    assert exp("undo").code == 0
    assert files_of(walk(exp.repo.path)) == {
        **files_of(before),
        "new ü/deep/mine.txt": ("file", "0o100644", b"came since"),
    }


def test_gc_frees_backups_and_undo_says_so(exp: Program, old: str) -> None:
    exp("apply", old)
    folder = exp.repo.path / ".git/exp/applied"
    assert exp("gc", "--older-than", "1h", "--json").json["bytes"]["backups"] == 0
    assert exp("gc", "--keep-trash", "--json").json["bytes"]["backups"] == 0
    assert len(os.listdir(folder)) == 1
    assert exp("gc", "-n", "--json").json["bytes"]["backups"] > 0
    assert exp("gc", "--json").json["bytes"]["backups"] > 0
    assert os.listdir(folder) == []
    said = exp("undo")
    assert said.code == 1
    assert said.err == (
        f"error: cannot take back 'apply {old}': its backup is gone\nhint: git exp undo --list\n"
    )


def test_a_backup_that_is_damaged_changes_nothing(exp: Program, old: str) -> None:
    exp("apply", old)
    after = walk(exp.repo.path)
    (kept,) = (exp.repo.path / ".git/exp/applied").iterdir()
    manifest = kept / "manifest.json"
    text = manifest.read_text()
    for broken, words in (
        (text[:-5], "is damaged"),
        (text.replace('"train.py"', '"../train.py"'), "is damaged"),
        (text.replace('"train.py"', '".git/config"'), "is damaged"),
        (text.replace('"v":1', '"v":2'), "upgrade gitexp"),
        (text.replace('"file"', '"pipe"'), "is damaged"),
    ):
        assert broken != text
        manifest.write_text(broken)
        said = exp("undo")
        assert (said.code, words in said.err) == (1, True), said.err
    manifest.write_text(text)
    for path in (kept / "bytes").iterdir():
        data = path.read_bytes()
        path.write_bytes(data[::-1] + b"!")
    assert exp("undo").code == 1
    assert walk(exp.repo.path) == after


def test_a_line_of_an_earlier_log_is_still_read(exp: Program, old: str) -> None:
    exp("apply", old)
    lines = (exp.repo.path / ".git/exp/operations.jsonl").read_text().splitlines()
    assert [json.loads(line)["v"] for line in lines] == [1, 2]
    assert exp("undo").code == 0
    assert exp("undo").err.startswith("undone: record old")


def test_params_are_spelled_as_in_the_file_of_the_run(exp: Program) -> None:
    """What is text to YAML 1.2 is none to the programs that read the file."""
    repo = exp.repo
    words = "flag: off\ncount: 2_000\nday: 2025-02-02\nmode: 010\nsame: 1e3\nprompt: |\n  You are\n  off.\n"
    repo.write("params.yaml", words + "new: on # mine\n")
    name = exp.record("words", "pass")
    mine = "flag: on # kept\ncount: 1\nday: x\nmode: 10\nsame: 1000.0\nprompt: hi\n"
    repo.write("params.yaml", mine)
    repo.commit("mine")
    assert exp("apply", name, "--params").code == 0
    text = words.replace("flag: off", "flag: off # kept")
    assert (repo.path / "params.yaml").read_text() == text + "new: on # mine\n"
