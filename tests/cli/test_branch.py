"""branch, as it is typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.program import Program
from tests.cli.sharing import World
from tests.gitrepo import Repo


@pytest.fixture
def dirty(exp: Program) -> str:
    """A run of code that was not committed: one file changed, one new, one gone."""
    exp.repo.write("train.py", "print('better')\n")
    exp.repo.write("new.py", "N = 1\n")
    (exp.repo.path / "data/a b.txt").unlink()
    return exp.record("one")


def state(repo: Repo) -> tuple[str, ...]:
    """What a branch must leave alone."""
    said = (repo.git("status", "--porcelain"), repo.git("rev-parse", "HEAD"), repo.git("stash", "list"))
    return (*said, (repo.path / ".git/index").read_bytes().hex(), (repo.path / ".git/HEAD").read_text())


def test_a_branch_has_the_code_and_names_the_run(exp: Program, dirty: str) -> None:
    repo, before = exp.repo, state(exp.repo)
    said = exp("branch", dirty, "idea")
    commit = repo.git("rev-parse", "refs/heads/idea")
    assert (said.code, said.out) == (0, "")
    assert said.err == (
        f"branch 'idea' is at {commit[:10]}, the code of exp {dirty}\n"
        "hint: git switch idea\nhint: git branch -D idea takes it back\n"
    )
    assert repo.git("rev-parse", "idea^") == repo.git("rev-parse", "HEAD")
    assert repo.git("diff", "--name-status", f"exp/{dirty}", "idea", "--", ":!.exp") == ""
    assert repo.git("ls-tree", "idea", ".exp") == ""
    assert repo.git("log", "-1", "--format=%an <%ae>%n%(trailers:key=Exp-Run,valueonly)", "idea").split("\n")[
        :2
    ] == ["Ada Tester <ada@example.org>", dirty]
    started = exp("show", dirty, "--json").json["started"][:19]
    assert repo.git("log", "-1", "--format=%aI %cI", "idea") == f"{started}+00:00 {started}+00:00"
    assert repo.git("log", "-g", "--format=%gs", "idea").startswith("branch: Created from ")
    assert state(repo) == before
    # Edits of labels change nothing of it, nor does who asks.
    exp("note", dirty, "a good one")
    assert exp("branch", dirty, "again").code == 0
    assert repo.git("rev-parse", "again") == commit
    repo.fsck()


def test_where_nothing_was_changed_it_is_the_base_itself(exp: Program) -> None:
    name = exp.record("clean")
    found = exp("branch", name, "idea", "--json", "-q")
    assert found.err == ""
    head = exp.repo.git("rev-parse", "HEAD")
    assert found.json == {
        "format": 1,
        "name": name,
        "branch": "idea",
        "commit": head,
        "before": None,
        "record": False,
    }
    assert exp.repo.git("rev-parse", "idea") == head


def test_with_the_record_it_is_the_runs_commit(exp: Program, dirty: str) -> None:
    assert exp("branch", dirty, "evidence", "--with-record").code == 0
    assert exp.repo.git("rev-parse", "evidence") == exp.repo.git("rev-parse", f"exp/{dirty}")


def test_an_existing_branch_moves_only_by_force_and_back_by_git(exp: Program, dirty: str) -> None:
    repo = exp.repo
    repo.git("branch", "idea")
    before = repo.git("rev-parse", "idea")
    said = exp("branch", dirty, "idea")
    assert (said.code, said.err) == (
        128,
        f"error: a branch named 'idea' already exists\nhint: git exp branch {dirty} idea --force\n",
    )
    assert repo.git("rev-parse", "idea") == before
    said = exp("branch", dirty, "idea", "-f")
    assert said.code == 0
    assert f"hint: git branch -f idea {before[:10]} takes it back\n" in said.err
    assert repo.git("rev-parse", "idea") != before
    assert repo.git("rev-parse", "idea@{1}") == before
    assert repo.git("rev-parse", "idea^{tree}") != repo.git("rev-parse", "HEAD^{tree}")
    said = exp("branch", dirty, "main", "-f")
    assert said.code == 128
    assert "cannot force update the branch 'main'" in said.err
    assert repo.git("rev-parse", "main") == before


@pytest.mark.parametrize("name", ["a..b", "", "x y", "-x", "a.lock", "@{", "a~1", "\x1b[31m"])
def test_names_that_git_refuses(exp: Program, name: str) -> None:
    run = exp.record("one")
    said = exp("branch", "--", run, name)
    assert said.code == 128
    assert "is not a valid branch name\n" in said.err
    assert "\x1b" not in said.err
    assert list(exp.repo.refs("refs/heads/")) == ["refs/heads/main"]


def test_a_branch_below_another_is_refused_in_gits_words(exp: Program, dirty: str) -> None:
    said = exp("branch", dirty, "main/idea")
    assert said.code == 128
    assert "'refs/heads/main' exists" in said.err
    exp.repo.fsck()


def test_a_commit_with_other_code_than_its_record_is_refused(exp: Program, dirty: str) -> None:
    exp.repo.git("checkout", "-qf", f"exp/{dirty}")
    exp.repo.commit("later", {"train.py": "print('other')\n"})
    said = exp("branch", "HEAD", "idea")
    assert said.code == 2
    assert f"has other code than run '{dirty}'\nhint: git exp branch {dirty} NAME\n" in said.err


@pytest.mark.parametrize("hashes", ["sha1", "sha256"])
def test_on_an_unborn_branch_it_is_a_first_commit(exp_in: Callable[..., Program], hashes: str) -> None:
    exp = exp_in("unborn", hashes)
    repo = exp.repo
    repo.write("a.py", "pass\n")
    name = exp.record("first")
    assert exp("branch", name, "idea").code == 0
    assert repo.git("rev-list", "--count", "idea") == "1"
    assert repo.git("ls-tree", "-r", "--name-only", "idea") == "a.py"
    assert repo.git("status", "--porcelain").endswith("?? a.py")
    repo.fsck()


@pytest.mark.parametrize("kind", ["bare", "worktree", "shallow"])
def test_in_other_kinds_of_repositories(exp_in: Callable[..., Program], kind: str) -> None:
    exp = exp_in(kind)
    repo = exp.repo
    if kind != "bare":
        repo.write("naïve dir/ü.py", "pass\n")
    name = exp.record("one", "pass", "--isolated")
    assert exp("branch", name, "idée/a").code == 0
    assert repo.git("diff", "--name-only", f"exp/{name}", "idée/a", "--", ":(exclude).exp") == ""
    assert exp("branch", name, "b", "--with-record").code == 0
    repo.fsck()


def test_everybody_gets_the_same_commit_of_fetched_and_archived_runs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, grace = world.person("ada"), world.person("grace")
    ada.repo.write("train.py", "print('ada')\n")
    name = ada.record("shared")
    assert ada("push").code == 0
    assert ada("branch", name, "idea").code == 0
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "grace@example.org")
    assert grace("fetch").code == 0
    assert grace("branch", name, "idea").code == 0
    assert ada.repo.git("rev-parse", "idea") == grace.repo.git("rev-parse", "idea")
    assert grace.repo.git("log", "-1", "--format=%ae", "idea") == "ada@example.org"
    assert ada("archive", name).code == 0
    assert ada("branch", name, "archived").code == 0
    assert ada.repo.git("rev-parse", "archived") == ada.repo.git("rev-parse", "idea")
    world.fsck(ada, grace)
