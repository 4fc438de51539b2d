"""exp-link: the lines in messages that name runs, wherever git carries them."""

from __future__ import annotations

import os

import pytest

from gitexp.formats.trailers import named
from tests.cli.program import Program
from tests.gitrepo import Repo
from tests.hooks.evidence import code, git, install, message, names, runs


@pytest.fixture
def hooked(repo: Repo) -> Repo:
    """A repository whose git calls our hooks."""
    install(repo)
    return repo


def commit(repo: Repo, rate: float, *arguments: str, **environ: str) -> str:
    """The run of a commit that changes a param; it is captured."""
    repo.write("params.yaml", f"lr: {rate}\n")
    done = git(repo, "commit", "-qa", *(arguments or ("-m", f"rate {rate}")), **environ)
    assert done.returncode == 0, done.stderr
    (name,) = runs_of(repo)
    return name


def runs_of(repo: Repo, revision: str = "HEAD") -> list[str]:
    """The runs with exactly the code of a commit."""
    tree = code(repo, revision)
    return [name for name in runs(repo) if tree in repo.git("cat-file", "-p", f"exp/{name}:.exp/run.yaml")]


def editor(repo: Repo, body: str) -> dict[str, str]:
    """An editor that runs a shell script on the file `$1`."""
    path = repo.path.parent / "editor"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return {"GIT_EDITOR": str(path), "GIT_SEQUENCE_EDITOR": str(path)}


def test_a_commit_names_its_run(hooked: Repo) -> None:
    name = commit(hooked, 0.2)
    assert message(hooked) == f"rate 0.2\n\nExp-Run: {name}\n"
    assert hooked.git("log", "-1", "--format=%(trailers:key=Exp-Run,valueonly)").strip() == name
    # Documentation is no new state of an experiment.
    hooked.write("README.md", "read\n")
    hooked.git("add", "README.md")
    assert git(hooked, "commit", "-qm", "docs").returncode == 0
    assert message(hooked) == "docs\n"
    assert runs(hooked) == {name}
    hooked.fsck()


def test_in_an_editor_beside_other_trailers(hooked: Repo) -> None:
    said = editor(
        hooked,
        "printf 'subject\\n\\nbody\\n---\\nmore\\n\\nReviewed-by: Bob <b@x>\\n' >$1.new; "
        'cat "$1" >>$1.new; mv $1.new "$1"',
    )
    name = commit(hooked, 0.2, "-v", **said)
    assert message(hooked) == f"subject\n\nbody\n---\nmore\n\nReviewed-by: Bob <b@x>\nExp-Run: {name}\n"


def test_the_user_s_trailers_and_their_settings_are_left_alone(hooked: Repo) -> None:
    hooked.git("config", "trailer.sign.key", "Signed-off-by: ")
    hooked.git("config", "trailer.sign.command", f"touch '{hooked.path}/.git/called'; echo somebody")
    hooked.git("config", "trailer.separators", "=:")
    hooked.git("config", "trailer.where", "start")
    text = "subject\n\nAcked-by:x\nFixes:   #3\n"
    name = commit(hooked, 0.2, "-m", text)
    assert message(hooked) == f"{text}Exp-Run: {name}\n"
    assert not (hooked.path / ".git" / "called").exists()


def test_where_git_chooses_the_comment_character(hooked: Repo) -> None:
    hooked.git("config", "core.commentChar", "auto")
    hooked.git("config", "commit.template", ".git/template")
    hooked.write(".git/template", "#\n")
    said = editor(
        hooked,
        'printf \'#12 is mended\n\nReviewed-by:Bob\n\' >$1.new; sed 1d "$1" >>$1.new; mv $1.new "$1"',
    )
    name = commit(hooked, 0.2, "--status", **said)
    assert message(hooked) == f"#12 is mended\n\nReviewed-by:Bob\nExp-Run: {name}\n"


@pytest.mark.parametrize(
    "how",
    [
        "nothing",
        "template",
        "template, git chooses the comment character",
        *(pytest.param(how, marks=pytest.mark.long) for how in ("signed", "another comment character")),
    ],
)
def test_an_empty_message_still_stops_the_commit(hooked: Repo, how: str) -> None:
    before = hooked.git("rev-parse", "HEAD")
    hooked.write("params.yaml", "lr: 0.2\n")
    if how == "template":
        hooked.write(".git/template", "WHY:\n\n# help\n")
        hooked.git("config", "commit.template", ".git/template")
    if how == "template, git chooses the comment character":
        hooked.write(".git/template", "# WHY:\n# HOW:\n")
        hooked.git("config", "commit.template", ".git/template")
        hooked.git("config", "core.commentChar", "auto")
    if how == "another comment character":
        hooked.git("config", "core.commentChar", ";")
    options = ["-s"] if how == "signed" else []
    done = git(hooked, "commit", "-a", *options, GIT_EDITOR="true")
    assert done.returncode == 1
    assert "Aborting commit" in done.stderr
    assert hooked.git("rev-parse", "HEAD") == before
    # What was recorded is there for the next try.
    (name,) = runs(hooked)
    assert commit(hooked, 0.2) == name
    assert names(hooked) == [name]


def test_an_amended_message_keeps_its_line(hooked: Repo) -> None:
    name = commit(hooked, 0.2)
    for arguments in (["--no-edit"], ["-m", "another message"], ["-m", f"by hand\n\nExp-Run: {name}"]):
        assert git(hooked, "commit", "-q", "--amend", *arguments).returncode == 0
        assert names(hooked) == [name]
        assert message(hooked).count("Exp-Run") == 1
    assert runs(hooked) == {name}


def test_an_amended_state_names_its_own_run(hooked: Repo) -> None:
    mine = "by-hand-abcdef"
    first = commit(hooked, 0.2, "-m", f"subject\n\nExp-Run: {mine}\nReviewed-by: Bob")
    assert names(hooked) == [mine, first]
    second = commit(hooked, 0.3, "--amend", "--no-edit")
    assert names(hooked) == [mine, second]
    # What it changes is what the commit that it replaces did, and more.
    hooked.write("train.py", "print('else')\n")
    hooked.write("metrics.yaml", "acc: 0.5\n")
    hooked.git("add", "metrics.yaml")
    third = commit(hooked, 0.3, "--amend", "--no-edit")
    hooked.write("README.md", "read\n")
    hooked.git("add", "README.md")
    assert git(hooked, "commit", "-q", "--amend", "--no-edit").returncode == 0
    (fourth,) = runs_of(hooked)
    assert message(hooked) == f"subject\n\nExp-Run: {mine}\nReviewed-by: Bob\nExp-Run: {fourth}\n"
    assert runs(hooked) == {first, second, third, fourth}
    assert hooked.git("rev-parse", f"exp/{fourth}^") == hooked.git("rev-parse", "HEAD^")
    assert hooked.git("show", f"exp/{fourth}:.exp/metrics.yaml") == "acc: 0.5"
    # What is not to be recorded has no run.
    hooked.write(".gitexp.yaml", "capture: {when: never}\n")
    hooked.git("add", ".gitexp.yaml")
    assert git(hooked, "commit", "-q", "--amend", "--no-edit").returncode == 0
    assert message(hooked) == f"subject\n\nExp-Run: {mine}\nReviewed-by: Bob\n"
    assert len(runs(hooked)) == 4


def test_an_amended_merge_is_not_recorded(hooked: Repo, exp: Program) -> None:
    hooked.git("switch", "-q", "-c", "side")
    commit(hooked, 0.2)
    hooked.git("switch", "-q", "main")
    hooked.commit("meanwhile", {"other.py": "x = 1\n"})
    assert git(hooked, "merge", "-q", "--no-edit", "side").returncode == 0
    name = exp.record("merged")
    known = runs(hooked)
    assert git(hooked, "commit", "-q", "--amend", "--no-edit").returncode == 0
    assert names(hooked) == [name]
    hooked.write("README.md", "read\n")
    hooked.git("add", "README.md")
    assert git(hooked, "commit", "-q", "--amend", "--no-edit").returncode == 0
    assert (names(hooked), runs(hooked)) == ([], known)


def test_an_executed_run_is_named(hooked: Repo, exp: Program) -> None:
    hooked.write("train.py", "print('tried')\n")
    name = exp.record("tried")
    hooked.write("README.md", "not part of it\n")
    assert git(hooked, "commit", "-qm", "one file", "train.py").returncode == 0
    assert names(hooked) == [name]


def test_another_hook_that_changes_what_is_staged(hooked: Repo) -> None:
    hooked.write("params.yaml", "lr: 0.2\n")
    before = hooked.path / ".git" / "hooks" / "pre-commit.before-gitexp"
    after = hooked.path / ".git" / "hooks" / "pre-commit"
    ours = after.read_bytes()
    after.rename(before.with_name("ours"))
    after.write_text('#!/bin/sh\n"${0%/*}/ours" || exit\necho more >more.txt\ngit add more.txt\n')
    after.chmod(0o755)
    assert ours
    assert git(hooked, "commit", "-qam", "changed").returncode == 0
    assert (hooked.git("ls-files", "more.txt"), message(hooked)) == ("more.txt", "changed\n")


@pytest.mark.long
def test_not_verified_or_left_out(hooked: Repo) -> None:
    hooked.write("params.yaml", "lr: 0.2\n")
    assert git(hooked, "commit", "-qnam", "one").returncode == 0
    hooked.write("params.yaml", "lr: 0.3\n")
    assert git(hooked, "commit", "-qam", "two", GITEXP_SKIP="1").returncode == 0
    assert names(hooked) == names(hooked, "HEAD^") == []
    assert runs(hooked) == set()


def test_an_old_note_is_not_for_another_commit(hooked: Repo) -> None:
    commit(hooked, 0.2)
    hooked.write("params.yaml", "lr: 0.3\n")
    # Capture is left out, link is not.
    assert git(hooked, "commit", "-qam", "later", GITEXP_SKIP="capture").returncode == 0
    assert message(hooked) == "later\n"


def test_through_rebase(hooked: Repo) -> None:
    base = hooked.git("rev-parse", "HEAD")
    first, second = commit(hooked, 0.2), commit(hooked, 0.3)
    hooked.git("switch", "-q", "-c", "other", base)
    hooked.commit("other code", {"other.py": "x = 1\n"})
    hooked.git("switch", "-q", "main")
    assert git(hooked, "rebase", "-q", "other").returncode == 0
    assert (names(hooked, "HEAD^"), names(hooked)) == ([first], [second])
    assert runs(hooked) == {first, second}
    hooked.fsck()


@pytest.mark.parametrize("how", ["squash", pytest.param("fixup", marks=pytest.mark.long)])
def test_through_an_interactive_rebase(hooked: Repo, how: str) -> None:
    base = hooked.git("rev-parse", "HEAD")
    first, second, third = (commit(hooked, rate) for rate in (0.2, 0.3, 0.4))
    said = editor(hooked, f'case $1 in *todo) sed -i "2,3s/^pick/{how}/" "$1";; esac')
    done = git(hooked, "rebase", "-i", base, **said)
    assert done.returncode == 0, done.stderr
    assert hooked.git("rev-list", "--count", f"{base}..") == "1"
    assert names(hooked) == ([first, second, third] if how == "squash" else [first])
    assert runs_of(hooked) == [third]


@pytest.mark.long
def test_edited_in_a_rebase(hooked: Repo) -> None:
    base = hooked.git("rev-parse", "HEAD")
    first = commit(hooked, 0.2)
    hooked.write("train.py", "print('later')\n")
    assert git(hooked, "commit", "-qam", "code").returncode == 0
    said = editor(hooked, 'case $1 in *todo) sed -i "1s/^pick/edit/" "$1";; esac')
    assert git(hooked, "rebase", "-q", "-i", base, **said).returncode == 0
    edited = commit(hooked, 0.5, "--amend", "--no-edit")
    assert names(hooked) == [edited]
    assert git(hooked, "rebase", "--continue", **said).returncode == 0
    assert names(hooked, "HEAD^") == [edited]
    assert runs(hooked) == {first, edited}


def test_through_a_squash_merge(hooked: Repo) -> None:
    hooked.git("switch", "-q", "-c", "side")
    first, second = commit(hooked, 0.2), commit(hooked, 0.3)
    hooked.git("switch", "-q", "main")
    hooked.commit("meanwhile", {"other.py": "x = 1\n"})
    hooked.git("merge", "-q", "--squash", "side")
    assert git(hooked, "commit", "-q", "--no-edit").returncode == 0
    assert set(names(hooked)) == {first, second}
    # Merged params and results are nobody's results.
    assert runs(hooked) == {first, second}


@pytest.mark.long
def test_through_merges_and_cherry_picks(hooked: Repo) -> None:
    hooked.git("switch", "-q", "-c", "side")
    first = commit(hooked, 0.2)
    hooked.git("switch", "-q", "main")
    hooked.commit("meanwhile", {"other.py": "x = 1\n"})
    assert git(hooked, "merge", "-q", "--no-edit", "side").returncode == 0
    assert (names(hooked), names(hooked, "HEAD^2")) == ([], [first])
    hooked.git("reset", "-q", "--hard", "HEAD^")
    assert git(hooked, "cherry-pick", "side").returncode == 0
    assert names(hooked) == [first]
    hooked.git("reset", "-q", "--hard", "HEAD^")
    hooked.commit("conflicting", {"params.yaml": "lr: 0.9\n"})
    captured = runs(hooked)
    assert git(hooked, "cherry-pick", "side").returncode == 1
    hooked.write("params.yaml", "lr: 0.25\n")
    hooked.git("add", "params.yaml")
    assert git(hooked, "cherry-pick", "--continue", GIT_EDITOR="true").returncode == 0
    assert names(hooked) == [first]
    assert runs(hooked) == captured


def test_where_nothing_can_be_written(hooked: Repo, environ: dict[str, str]) -> None:
    """As on a full disk, or with a folder of somebody else's: the commit is made all the same."""
    home = hooked.path / ".git" / "exp"
    # Root may write wherever it likes, but not into a file.
    for path in sorted(home.rglob("*"), reverse=True):
        path.unlink()
    home.rmdir()
    home.write_text("")
    hooked.write("params.yaml", "lr: 0.2\n")
    hooked.write(".gitexp.yaml", "capture: {when: always}\n")
    hooked.git("add", ".gitexp.yaml")
    done = git(hooked, "commit", "-qam", "one")
    assert done.returncode == 0
    assert "warning: " in done.stderr
    assert message(hooked) == "one\n"
    hooked.fsck()


def test_a_message_that_cannot_be_written_stays(hooked: Repo, exp: Program) -> None:
    name = commit(hooked, 0.2)
    place = hooked.path / "odd folder"
    place.mkdir()
    file = place / "message"
    file.write_bytes(b"\xff subject\r\n# comment\n")
    # What is committed is staged as it is.
    assert exp("hook", "capture").code == 0
    assert exp("hook", "link", str(file)).code == 0
    assert named(file.read_bytes()) == (name,)
    assert file.read_bytes().startswith(b"\xff subject\r\n")
    assert exp("hook", "link", str(place / "gone")).code == 0
    assert exp("hook", "link").code == 0
    assert os.listdir(place) == ["message"]


def test_a_note_that_is_damaged_is_none(exp: Program) -> None:
    note = exp.repo.path / ".git" / "exp" / "commit.json"
    file = exp.repo.path / ".git" / "MESSAGE"
    file.write_text("subject\n")
    exp.record("one")
    for text in ("", "{", '{"v": 2}', '{"v": 1, "tree": 3, "run": "../x"}', "[]", "[" * 100_000):
        note.write_text(text)
        said = exp("hook", "commit-msg", str(file))
        assert (said.code, said.err, file.read_text()) == (0, "", "subject\n")
        assert not note.exists()
    assert exp("hook", "capture").code == 0
    assert note.exists()
    assert exp("hook", "commit-msg", str(file)).code == 0
    assert "Exp-Run: one-" in file.read_text()
