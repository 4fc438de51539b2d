"""Whose runs may be executed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import gitexp
from gitexp.errors import GitExpError
from gitexp.ops.resolve import resolve
from gitexp.ops.trust import Provenance, Standing, check_trusted, provenance
from gitexp.repo import Repository
from tests.cli.program import Program, forge
from tests.cli.sharing import World
from tests.gitrepo import Repo

Author = Callable[[str, str], None]


@pytest.fixture
def by(monkeypatch: pytest.MonkeyPatch) -> Author:
    """Makes somebody else the user."""

    def become(name: str, email: str) -> None:
        monkeypatch.setenv("GIT_AUTHOR_NAME", name)
        monkeypatch.setenv("GIT_AUTHOR_EMAIL", email)

    return become


def found(name: str) -> Provenance:
    with Repository.open() as repo:
        return provenance(repo, resolve(repo, name))


def refused(name: str) -> GitExpError:
    with Repository.open() as repo:
        run = resolve(repo, name)
        check_trusted(repo, run, True)
        with pytest.raises(GitExpError) as caught:
            check_trusted(repo, run, False)
    return caught.value


def test_what_the_user_recorded_here_is_their_own(exp: Program, by: Author) -> None:
    name = exp.record("mine")
    assert found(name).standing is Standing.OWN
    by("Ada", "ADA@Example.org")
    assert found(name).standing is Standing.OWN
    with Repository.open() as repo:
        check_trusted(repo, resolve(repo, name), False)


def test_a_run_of_somebody_else_is_refused(exp: Program, by: Author) -> None:
    by("Eve", "eve@example.org")
    name = exp.record("hers")
    by("Ada Tester", "ada@example.org")
    error = refused(name)
    assert error.message == f"run {name!r} is by Eve <eve@example.org>, not by you"
    assert error.hint == f"git exp repro {name} --trust, after reading what it will execute"


def test_edits_on_top_do_not_matter_but_the_code_below_them_does(exp: Program, by: Author) -> None:
    mine = exp.record("mine")
    by("Eve", "eve@example.org")
    hers = exp.record("hers")
    exp("tag", mine, "+good")
    exp("note", mine, "-m", "well")
    by("Ada Tester", "ada@example.org")
    exp("tag", hers, "+good")
    assert found(mine).standing is Standing.OWN
    assert found(hers).standing is Standing.FOREIGN


def test_a_foreign_resumption_is_foreign_and_one_of_ours_is_not(exp: Program, by: Author) -> None:
    mine = exp.record("mine")
    by("Eve", "eve@example.org")
    hers = exp.record("hers")
    assert exp("run", "--resume", mine, "--", "true").code == 0
    by("Ada Tester", "ada@example.org")
    assert exp("run", "--resume", hers, "--", "true").code == 0
    assert found(mine).author.name == "Eve"
    assert refused(mine)
    assert found(hers).standing is Standing.OWN


def test_a_draft_stands_as_the_worst_of_what_was_merged(exp: Program, by: Author) -> None:
    mine = exp.record("mine")
    by("Eve", "eve@example.org")
    exp.repo.write("lib.py", "print('evil')\n")
    hers = exp.record("hers")
    by("Ada Tester", "ada@example.org")
    (exp.repo.path / "lib.py").unlink()
    exp.repo.write("other.py", "1\n")
    good = exp("merge", mine, exp.record("more")).name
    assert found(good).standing is Standing.OWN
    bad = exp("merge", good, hers).name
    exp("tag", bad, "+seen")
    assert (found(bad).standing, found(bad).name) == (Standing.FOREIGN, hers)
    assert refused(bad).message == f"run {hers!r} is by Eve <eve@example.org>, not by you"
    said = exp("bisect", "HEAD", bad, "--metric", "acc", "--", "true")
    assert said.code != 0
    assert f"run {hers!r} is by Eve" in said.err


def on_top(repo: Repo, name: str, change: Callable[[str], str]) -> None:
    """A commit on top of a run that looks like an edit, with another `run.yaml`."""
    text = change(repo.git("show", f"exp/{name}:.exp/run.yaml"))
    before = repo.git("rev-parse", f"exp/{name}")
    scratch = forge(repo, name, "scratch-aaaaaa", {"run.yaml": text + "\n"})
    repo.git("update-ref", "-d", "refs/exp/scratch-aaaaaa")
    tree = repo.git("rev-parse", f"{scratch}^{{tree}}")
    commit = repo.git("commit-tree", tree, "-p", before, "-m", f"exp {name}: note\n\nExp-Run: {name}")
    repo.git("update-ref", f"refs/exp/{name}", commit)


def test_an_edit_that_changes_the_command_is_none(exp: Program) -> None:
    name = exp.record("mine")
    on_top(exp.repo, name, lambda text: text.replace("status: finished", "status: finished\nnote: well"))
    assert found(name).standing is Standing.OWN
    on_top(exp.repo, name, lambda text: text.replace("- pass", "- import evil"))
    assert found(name).standing is Standing.CLAIMED


def test_a_name_that_anybody_can_write_proves_nothing(exp: Program) -> None:
    name = exp.record("mine")
    forge(exp.repo, name, "forged-aaaaaa", {})
    exp.repo.git("update-ref", f"refs/exp/{name}", exp.repo.git("rev-parse", "exp/forged-aaaaaa"))
    error = refused(name)
    assert error.message == (
        f"run {name!r} says that it is by Ada Tester <ada@example.org>, but this clone did not record it"
    )
    exp.repo.git("config", "exp.trustEmail", "true")
    assert found(name).standing is Standing.OWN


def test_a_resumption_that_is_undone_proves_nothing(exp: Program) -> None:
    name = exp.record("mine")
    tree, base = exp.repo.git("rev-parse", f"exp/{name}^{{tree}}", "HEAD").split("\n")
    message = f"exp {name}: forged\n\nExp-Run: {name}\nExp-Status: finished"
    forged = exp.repo.git("commit-tree", tree, "-p", base, "-m", message)
    exp.repo.git("update-ref", f"refs/exp/{name}", forged)
    assert exp("run", "--resume", name, "--", "true").code == 0
    assert found(name).standing is Standing.OWN
    assert exp("undo").code == 0
    assert exp.repo.git("rev-parse", f"exp/{name}") == forged
    assert found(name).standing is Standing.CLAIMED


def test_what_was_fetched_is_not_recorded_here(world: World) -> None:
    ada, other = world.person("ada"), world.person("other")
    name = ada.record("mine")
    ada("push")
    assert other("fetch").code == 0
    assert found(name).standing is Standing.CLAIMED
    other("tag", name, "+seen")
    other("undo")
    assert found(name).standing is Standing.CLAIMED


def test_results_put_on_top_here_leave_a_run_whose_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that came by fetch do not: nobody here knows what else is in that commit."""
    ada, other = world.person("ada"), world.person("other")
    monkeypatch.chdir(ada.repo.path)
    with gitexp.start("mine") as run:
        run.eval("qa", metrics={"match": "binary"}).add(id="a", input="q", scores={"match": 1})
    for person in (ada, other):
        (person.repo.path / "x.csv").write_text(f"id,match\na,{int(person is other)}\n")
    grading = ("eval", "regrade", run.name, "qa", "--scores", "x.csv", "-m", "strict")
    attaching = ("eval", "import", "x.csv", "--score", "match", "--suite", "sum", "--attach", run.name)
    assert [ada(*words).code for words in (grading, attaching)] == [0, 0]
    assert found(run.name).standing is Standing.OWN
    ada("push")
    other("fetch")
    assert found(run.name).standing is Standing.CLAIMED
    assert other(*grading).code == 0
    assert found(run.name).standing is Standing.CLAIMED
    other("push")
    assert ada("fetch").code == 0
    assert found(run.name).standing is Standing.CLAIMED
    assert ada(*grading).code == 0
    assert found(run.name).standing is Standing.CLAIMED


def test_archived_runs_are_still_ones_own(exp: Program) -> None:
    name = exp.record("mine")
    assert exp("archive", name).code == 0
    assert found(name).standing is Standing.OWN


def test_without_an_identity_what_was_recorded_here_counts(exp: Program, by: Author) -> None:
    by("", "")
    name = exp.record("mine")
    assert found(name).standing is Standing.OWN
    exp.repo.git("config", "exp.trustEmail", "true")
    forge(exp.repo, name, "forged-aaaaaa", {})
    exp.repo.git("update-ref", f"refs/exp/{name}", exp.repo.git("rev-parse", "exp/forged-aaaaaa"))
    by("Eve", "")
    assert found(name).standing is not Standing.OWN


def sign(repo: Repo, name: str, key: Path) -> None:
    """The run's commit made anew with a signature, as a colleague would."""
    tree, base = repo.git("rev-parse", f"exp/{name}^{{tree}}", f"exp/{name}^").split("\n")
    message = repo.git("show", "-s", "--format=%B", f"exp/{name}")
    commit = repo.git(
        *("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}"),
        *("commit-tree", "-S", tree, "-p", base, "-m", message),
        GIT_AUTHOR_NAME="Eve",
        GIT_AUTHOR_EMAIL="eve@example.org",
    )
    repo.git("update-ref", f"refs/exp/{name}", commit)


def test_a_signature_by_a_key_that_the_user_trusts_is_enough(exp: Program, tmp_path: Path) -> None:
    name = exp.record("hers")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    sign(exp.repo, name, key)
    assert found(name).standing is Standing.FOREIGN
    signers = tmp_path / "signers"
    signers.write_text("")
    exp.repo.git("config", "gpg.ssh.allowedSignersFile", str(signers))
    assert found(name).standing is Standing.FOREIGN  # a good signature of a key that nobody knows
    signers.write_text(f"eve@example.org {key.with_suffix('.pub').read_text()}")
    assert found(name).standing is Standing.SIGNED
    exp("tag", name, "+good")
    assert found(name).standing is Standing.SIGNED
    # A signed edit says nothing of the code below it.
    other = exp.record("unsigned")
    forge(exp.repo, other, "theirs-aaaaaa", {})
    commit = exp.repo.git("rev-parse", "exp/theirs-aaaaaa")
    exp.repo.git("update-ref", f"refs/exp/{other}", commit)
    tree = exp.repo.git("rev-parse", f"{commit}^{{tree}}")
    signed = exp.repo.git(
        *("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}"),
        *("commit-tree", "-S", tree, "-p", commit, "-m", "exp: note"),
    )
    exp.repo.git("update-ref", f"refs/exp/{other}", signed)
    assert found(other).standing is Standing.CLAIMED
