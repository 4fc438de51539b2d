"""`git exp archive`, and every other command on runs that only an archive holds."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import Program, forge
from tests.cli.sharing import refs
from tests.cli.test_run import as_anybody
from tests.gitrepo import Repo
from tests.ops.recorded import multiply

LOGGING = (
    "import gitexp; run = gitexp.start(); run.log({'acc': .5}, step=1); run.log({'acc': .7}, step=2);"
    "print('hello'); open('model.bin', 'wb').write(b'm' * 3_000_000)"
)


def _runs(repo: Repo) -> dict[str, str]:
    return refs(repo)


def _archives(repo: Repo) -> dict[str, str]:
    return refs(repo, "refs/exp-archive/")


@pytest.fixture
def filed(exp: Program) -> str:
    """The name of a run that only an archive holds."""
    name = exp.record("filed", LOGGING, "--output", "model.bin")
    assert exp("archive", name).code == 0
    assert not _runs(exp.repo)
    return name


def test_what_is_said(exp: Program) -> None:
    one, two = exp.record("one"), exp.record("two")
    commits = _runs(exp.repo)
    assert exp("archive", "one", "-n").err.startswith(f"exp {one} would be archived\n")
    assert _runs(exp.repo) == commits
    said = exp("archive", "one")
    ((title, _),) = _archives(exp.repo).items()
    assert title.startswith("ada-example-org/20")
    told = f"exp {one} archived\n       1  refs/exp-archive/{title}\nhint: git exp undo\n"
    assert (said.code, said.out, said.err) == (0, "", told)
    assert exp("archive", "one").err == "1 run already archived\n"
    assert exp("archive", "--where", "name ~ '^t'").err.startswith(f"exp {two} archived\n")
    assert not _runs(exp.repo)
    assert exp("archive", "--restore", "one").err == f"exp {one} restored\nhint: git exp undo\n"
    assert exp("archive", "--restore", "one").err == "1 run already here\n"
    assert _runs(exp.repo) == {one: commits[one]}
    assert exp("archive", "--restore", "--all").err.startswith(f"exp {two} restored\n")
    assert exp("archive", "--restore", "--all").err == "note: no run is archived\n"
    assert _runs(exp.repo) == commits
    exp.repo.fsck()


def test_many_are_told_in_short(exp: Program) -> None:
    names = multiply(exp.repo, exp.record("one"), 25)
    said = exp("archive", *names).err
    assert said.startswith("25 runs archived\n")
    assert len(_runs(exp.repo)) == 1


def test_as_json(exp: Program) -> None:
    name = exp.record("one")
    commit = _runs(exp.repo)[name]
    document = exp("archive", "one", "--json").json
    (title,) = _archives(exp.repo)
    assert document == {
        "format": 1,
        "dry_run": False,
        "runs": [
            {
                "name": name,
                "commit": commit,
                "archive": f"refs/exp-archive/{title}",
                "changed": True,
                "error": None,
            }
        ],
    }
    assert exp("archive", "--restore", "one", "--json", "-n").json["dry_run"] is True
    assert exp("archive", "--json").json["runs"] == []


def _aged(repo: Repo, name: str, new: str, day: str) -> str:
    """A run like `name` of some day, called `new`."""
    text = repo.git("show", f"refs/exp/{name}:.exp/run.yaml").replace(name, new) + "\n"
    lines = [
        f"{line.partition(':')[0]}: '{day}T00:00:00Z'" if line.startswith(("started:", "ended:")) else line
        for line in text.splitlines()
    ]
    forge(repo, name, new, {"run.yaml": "\n".join(lines) + "\n"})
    return new


def test_without_runs_the_old_ones_but_for_the_newest(exp: Program) -> None:
    name = exp.record("new")
    old = [
        _aged(exp.repo, name, f"old-aaaaa{digit}", f"2020-0{month}-01")
        for month, digit in enumerate("abc", 1)
    ]
    assert exp("archive").err == "note: no run to archive\n"  # fewer than 500
    assert exp("archive", "--older-than", "99999d").err == "note: no run to archive\n"
    assert "1 run" not in exp("archive", "-n", "--keep", "4").err
    assert f"exp {old[0]} would be archived\n" in exp("archive", "-n", "--keep", "3").err
    said = exp("archive", "--older-than", "30d")
    assert said.code == 0
    assert set(_runs(exp.repo)) == {name}
    # Each month in which a run started has an archive of its own.
    assert sorted(title.rpartition("/")[2] for title in _archives(exp.repo)) == [
        "2020-01",
        "2020-02",
        "2020-03",
    ]
    assert set(exp("ls", "--name-only").out.split()) == {name, *old}
    exp.repo.fsck()


@pytest.mark.parametrize("given", ["option", "setting"])
def test_a_commit_has_only_so_many_parents(exp: Program, given: str) -> None:
    multiply(exp.repo, exp.record("one"), 9)
    if given == "setting":
        exp.repo.git("config", "exp.archiveFanIn", "4")
    exp("archive", "--keep", "0", *(["--fan-in", "4"] if given == "option" else []))
    counts = [len(line.split()) - 1 for line in _chain(exp.repo)]
    assert max(counts) == 4
    assert sum(counts) == 10 + len(counts) - 1


def _chain(repo: Repo) -> list[str]:
    (tip,) = _archives(repo).values()
    return repo.git("rev-list", "--first-parent", "--parents", tip).splitlines()[:4]


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (("nobody",), 1, "no run matches 'nobody'", "git exp show"),
        (("--older-than", "soon"), 2, "invalid span of time 'soon'", "git exp archive --older-than 30d"),
        (("one", "--older-than", "3d"), 2, "are for archiving without RUN", "git exp archive -n"),
        (("--restore", "--keep", "3"), 2, "are for archiving without RUN", "git exp archive -n"),
        (("--all",), 2, "--all is for --restore", "git exp archive --keep 0"),
        (("--restore",), 2, "restore which runs?", "--restore --all"),
        (("--restore", "--all", "one"), 2, "restore which runs?", "--restore --all"),
        (("one", "--where", "is:failed"), 2, "by name and by --where", "use one of them"),
        (("--fan-in", "1"), 2, "1 is not in the range 2<=x<=500", "git exp archive -h"),
        (("--fan-in", "501"), 2, "501 is not in the range", "git exp archive -h"),
    ],
)
def test_what_cannot_be_asked(
    exp: Program, arguments: tuple[str, ...], code: int, message: str, hint: str
) -> None:
    exp.record("one")
    before = exp.repo.refs()
    said = exp("archive", *arguments)
    assert said.code == code
    assert message in said.err
    assert hint in said.err or code == 1
    assert exp.repo.refs() == before


@pytest.mark.parametrize("value", ["1", "9999"])
def test_a_setting_that_cannot_be(exp: Program, value: str) -> None:
    exp.record("one")
    exp.repo.git("config", "exp.archiveFanIn", value)
    said = exp("archive", "one")
    assert said.code == 128
    assert f"error: bad config value '{value}' for 'exp.archiveFanIn': 2 to 500\n" in said.err
    assert _runs(exp.repo)


def test_a_run_that_goes_on_is_left_alone(exp: Program) -> None:
    name = exp.record(
        "long",
        "import subprocess, sys; print(subprocess.run("
        "[sys.executable, '-m', 'gitexp', 'archive', '@'], capture_output=True, text=True).stderr)",
    )
    assert f"error: run '{name}' is still running" in exp("logs", name).out
    assert name in _runs(exp.repo)


def test_a_run_that_goes_on_elsewhere_is_left_alone(exp: Program) -> None:
    name = exp.record("one")
    text = exp.repo.git("show", f"refs/exp/{name}:.exp/run.yaml")
    lines = [line for line in text.splitlines() if not line.startswith(("ended:", "exit_code:"))]
    running = "\n".join(lines).replace("finished", "running").replace(name, "far-aaaaaa") + "\n"
    forge(exp.repo, name, "far-aaaaaa", {"run.yaml": running})
    said = exp("archive", "--where", "name ~ .")
    assert said.code == 2
    assert "error: run 'far-aaaaaa' has not ended" in said.err
    assert f"exp {name} archived" in said.err
    assert set(_runs(exp.repo)) == {"far-aaaaaa"}


def test_where_nothing_can_be_written(exp: Program, environ: dict[str, str]) -> None:
    exp.record("one")
    before = exp.repo.refs()
    folders = [exp.repo.path / ".git", *(exp.repo.path / ".git").rglob("*")]
    modes = {folder: folder.stat().st_mode for folder in folders if folder.is_dir()}
    for folder in modes:
        folder.chmod(0o555)
    try:
        said = as_anybody(["archive", "one"], exp.repo.path, environ)
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)
    assert said.returncode not in (0, 70)
    assert said.stderr.startswith("error: ")
    assert "internal" not in said.stderr
    assert exp.repo.refs() == before


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize("kind", ["plain", "bare", "worktree"])
def test_in_every_kind_of_repository(
    make_repo: Callable[..., Repo],
    kind: str,
    object_format: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    found = make_repo(kind, object_format)
    source = make_repo("plain", object_format) if kind != "plain" else found
    monkeypatch.chdir(source.path)
    name = Program(source, capfd).record("one")
    if source is not found:
        found.git("fetch", "-q", str(source.path), "refs/exp/*:refs/exp/*")
    monkeypatch.chdir(found.path)
    exp = Program(found, capfd)
    before = _runs(found)
    assert exp("archive", name).code == 0
    assert not _runs(found)
    assert exp("ls", "--name-only").out == f"{name}\n"
    assert exp("archive", "--restore", name).code == 0
    assert _runs(found) == before
    found.fsck()


SHOWN = (
    ("ls",),
    ("ls", "--columns", "all"),
    ("ls", "--json"),
    ("ls", "--csv"),
    ("ls", "acc > 0.6", "--name-only"),
    ("show", "filed", "--json"),
    ("show", "best:acc", "--json"),
    ("show", "@", "--json"),
    ("diff", "filed", "filed"),
    ("plot", "filed"),
    ("logs", "filed"),
    ("artifacts", "filed"),
)


def test_what_is_shown_is_as_before(exp: Program) -> None:
    name = exp.record("filed", LOGGING, "--output", "model.bin")
    ages = str.maketrans("0123456789", "##########")

    def shown() -> dict[tuple[str, ...], tuple[int, list[str]]]:
        found = {arguments: exp(*arguments) for arguments in SHOWN}
        return {
            arguments: (
                said.code,
                [line.translate(ages) for line in said.out.splitlines() if '"age"' not in line],
            )
            for arguments, said in found.items()
        }

    before = shown()
    exp("archive", name)
    assert not _runs(exp.repo)
    assert shown() == before


def test_show_tells_what_plain_git_understands(exp: Program, filed: str) -> None:
    shown = exp("show", filed).out
    commit = next(line.split()[1] for line in shown.splitlines() if line.startswith("Commit"))
    assert f"git exp branch {filed} BRANCH" in shown
    assert f"exp/{filed}" not in shown
    assert exp.repo.git("cat-file", "-t", commit) == "commit"
    assert exp("branch", filed, "BRANCH").code == 0
    assert exp.repo.git("rev-parse", "BRANCH:src") == exp.repo.git("rev-parse", f"{commit}:src")


def test_artifacts_are_had(exp: Program, filed: str) -> None:
    assert exp("get", f"{filed}:model.bin", "-o", "out").code == 0
    assert (exp.repo.path / "out" / "model.bin").read_bytes() == b"m" * 3_000_000


def test_an_edit_gives_the_run_a_ref_which_undo_takes_again(exp: Program, filed: str) -> None:
    before = exp.repo.refs()
    for command in (("tag", filed, "+x"), ("note", filed, "-m", "n"), ("star", filed), ("title", filed, "T")):
        assert exp(*command).code == 0
        assert set(_runs(exp.repo)) == {filed}
        assert len(exp("ls", "--json").json["runs"]) == 1
        assert exp("undo").code == 0
        assert not _runs(exp.repo)
        shown = exp("show", filed, "--json").json
        assert (shown["tags"], shown["note"], shown["star"], shown["title"]) == ([], None, False, None)
    assert not exp("restore", "--list").out
    kept = {ref: oid for ref, oid in exp.repo.refs().items() if not ref.startswith("refs/exp-dropped/")}
    assert kept == before
    exp.repo.fsck()


def test_restore_tells_what_brings_its_ref_back(exp: Program, filed: str) -> None:
    said = exp("restore", "fil")
    assert said.code == 1
    assert said.err == (
        f"error: run '{filed}' was not removed, but archived\nhint: git exp archive --restore {filed}\n"
    )


def test_an_edited_run_is_archived_again(exp: Program, filed: str) -> None:
    exp("tag", filed, "+x")
    edited = _runs(exp.repo)[filed]
    assert exp("archive", filed).err.startswith(f"exp {filed} archived\n")
    assert not _runs(exp.repo)
    assert exp("show", filed, "--json").json["commit"] == edited
    assert exp("ls", "tag:x", "--name-only").out == f"{filed}\n"


def test_a_removed_one_is_listed_no_more_until_it_is_restored(exp: Program, filed: str) -> None:
    before = exp.repo.refs()
    assert exp("rm", filed).err == f"exp {filed} removed\nhint: git exp undo\n"
    assert not exp("ls", "--name-only").out
    assert exp("show", filed).code == 1
    assert exp("restore", "--list").out.split()[0] == filed
    exp("undo")
    assert exp.repo.refs() == before
    exp("undo", "--redo")
    exp("restore", filed)
    assert set(_runs(exp.repo)) == {filed}
    assert exp("ls", "--name-only").out == f"{filed}\n"
    exp.repo.fsck()


def test_a_removed_one_with_a_ref_is_removed_from_both(exp: Program, filed: str) -> None:
    exp("tag", filed, "+x")
    exp("rm", filed)
    assert not exp("ls", "--name-only").out
    exp("gc")
    assert not exp("ls", "--name-only").out
    exp.repo.fsck()


def test_gc_frees_nothing_of_an_archive(exp: Program, filed: str) -> None:
    exp.record("gone")
    exp("rm", "gone")
    assert exp("gc").code == 0
    exp.repo.git("gc", "-q", "--prune=now")
    assert exp("show", filed).code == 0
    assert exp("get", f"{filed}:model.bin", "-o", "out").code == 0
    exp.repo.fsck()


def test_gc_keeps_what_an_archived_run_could_be_healed_from(exp: Program, filed: str) -> None:
    exp("tag", filed, "+x")
    exp("undo")
    folder = exp.repo.path / ".git/exp/done" / filed
    exp("recover")
    assert folder.is_dir()
    assert exp("gc").code == 0
    assert folder.is_dir()


def test_resume_and_fork(exp: Program, filed: str) -> None:
    code = "import gitexp; gitexp.start().log({'acc': .9}, step=3)"
    forked = exp("run", "--fork", filed, "--", sys.executable, "-c", code).name
    assert set(_runs(exp.repo)) == {forked}
    assert exp("run", "--resume", filed, "--", sys.executable, "-c", code).name == filed
    assert set(_runs(exp.repo)) == {forked, filed}
    shown = exp("show", filed, "--json").json
    assert shown["metrics"]["acc"] == 0.9
    assert exp("archive", filed).code == 0
    assert exp("show", filed, "--json").json["commit"] == shown["commit"]
    exp.repo.fsck()


def test_a_resumption_that_never_began_leaves_the_run_as_it_was(exp: Program, filed: str) -> None:
    before = exp.repo.refs()
    said = exp("run", "--resume", filed, "--", "/nowhere/at-all")
    assert said.code != 0
    runs = exp("ls", "--json").json["runs"]
    assert [run["name"] for run in runs] == [filed]
    exp("undo")
    assert exp("ls", "--name-only").out == f"{filed}\n"
    assert {ref: oid for ref, oid in exp.repo.refs().items() if "archive" in ref} == {
        ref: oid for ref, oid in before.items() if "archive" in ref
    }


def test_undo_lists_it(exp: Program, filed: str) -> None:
    assert exp("undo", "--list").out.splitlines()[0].endswith(f"archive {filed}")
    assert exp("undo", "--json").json["operations"][0]["runs"] == [filed]
    assert exp("undo").err.startswith(f"undone: archive {filed} (")
    assert set(_runs(exp.repo)) == {filed}
    assert not _archives(exp.repo)
    assert exp("undo", "--redo").code == 0
    assert not _runs(exp.repo)


def test_names_are_kept_for_the_shells(exp: Program, filed: str) -> None:
    exp("ls")
    assert (exp.repo.path / ".git/exp/archived-names").read_text() == f"{filed}\n"
    exp("undo")
    exp("ls")
    assert not (exp.repo.path / ".git/exp/archived-names").exists()


def test_an_archive_that_cannot_be_read_is_told_and_left_alone(exp: Program, filed: str) -> None:
    (title,) = _archives(exp.repo)
    exp.repo.git("update-ref", f"refs/exp-archive/{title}", "main")
    other = exp.record("other")
    said = exp("ls", "--name-only")
    assert said.out == f"{other}\n"
    assert f"warning: archive '{title}' cannot be read: " in said.err
    assert exp("archive", other).code == 0
    assert set(_archives(exp.repo)) == {title, f"{title}-2"}
    assert exp.repo.git("rev-parse", f"refs/exp-archive/{title}") == exp.repo.git("rev-parse", "main")


def test_plain_git_moves_archives_as_well(exp: Program, filed: str, tmp_path: Path) -> None:
    exp.repo.git("clone", "-q", str(exp.repo.path), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", exp.repo.environ)
    clone.git("fetch", "-q", "origin", "refs/exp-archive/*:refs/exp-archive/*")
    os.chdir(clone.path)
    assert exp("ls", "--name-only").out == f"{filed}\n"
    assert exp("show", filed).code == 0
    shutil.rmtree(clone.path / ".git" / "exp")
    assert exp("ls", "--name-only").out == f"{filed}\n"
    clone.fsck()


@pytest.fixture
def partly(exp: Program, filed: str, tmp_path: Path) -> Callable[..., Repo]:
    """A clone that has fetched archives with some option alone."""

    def fetched(*options: str) -> Repo:
        clone = Repo(tmp_path / "clone", exp.repo.environ)
        source = f"file://{exp.repo.path}"
        exp.repo.git("clone", "-q", "--no-local", *options, source, str(clone.path))
        clone.git("fetch", "-q", *options, "origin", "refs/exp-archive/*:refs/exp-archive/*")
        os.chdir(clone.path)
        return clone

    return fetched


def test_in_a_partial_clone(partly: Callable[..., Repo], exp: Program, filed: str) -> None:
    partly("--filter=blob:none")
    assert exp("ls", "--columns", "name,acc", "--csv").out == f"name,metrics.acc\r\n{filed},0.7\r\n"
    shown = exp("show", filed, "--json")
    assert shown.json["metrics"]["acc"] == 0.7
    assert exp("tag", filed, "+x").code == 0


def test_with_the_tip_of_an_archive_alone(partly: Callable[..., Repo], exp: Program, filed: str) -> None:
    clone = partly("--depth=1")
    assert exp("ls", "--columns", "name,acc", "--csv").out == f"name,metrics.acc\r\n{filed},0.7\r\n"
    for command in (
        ("show", filed),
        ("logs", filed),
        ("diff", filed, filed),
        ("plot", filed),
        ("tag", filed, "+x"),
        ("archive", "--restore", filed),
        ("get", f"{filed}:model.bin", "-o", "out"),
    ):
        said = exp(*command)
        assert said.code == 1, command
        assert f"run '{filed}'" in said.err, command
        assert "is not in this clone" in said.err, command
        hint = said.err.split("hint: ")[1].strip()
        assert hint == "git fetch --unshallow origin 'refs/exp-archive/*:refs/exp-archive/*'"
    clone.git("fetch", "-q", "--unshallow", "origin", "refs/exp-archive/*:refs/exp-archive/*")
    assert exp("show", filed).code == 0
    assert exp("archive", "--restore", filed).code == 0
    clone.fsck()
