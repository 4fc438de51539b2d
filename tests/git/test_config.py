"""Settings as git reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.errors import GitError
from gitexp.git import config
from gitexp.git.objects import Identity
from gitexp.git.process import Git
from tests.gitrepo import Repo


def read(repo: Repo, text: str) -> config.Config:
    path = repo.path / ".git" / "config"
    path.write_text(path.read_text() + text)
    return config.read(Git(repo.path, repo.environ))


def test_values_as_git_gives_them(repo: Repo) -> None:
    plain = '[exp]\n\tMulti = 1\n\tmulti = two\n\tflag\n\ttext = "a\\nb=c"\n'
    found = read(repo, plain + '[exp "Sub.x"]\n\tKey = v\n\tempty =\n')
    assert found.get("EXP.MULTI") == "two"
    assert found.all("exp.multi") == ("1", "two")
    assert found.get("exp.text") == "a\nb=c"
    assert found.get("exp.Sub.x.key") == "v"
    assert found.get("exp.sub.x.key") is None
    assert found.get("exp.none", "other") == "other"
    assert found.bool("exp.flag")
    assert not found.bool("exp.Sub.x.empty", True)
    assert found.bool("exp.none", True)


@pytest.mark.parametrize("text", ["true", "Yes", "ON", "1", "false", "no", "Off", "0"])
def test_booleans_are_those_of_git(repo: Repo, text: str) -> None:
    assert str(read(repo, f"[exp]\n\tb = {text}\n").bool("exp.b")).lower() == repo.git(
        "config", "--bool", "exp.b"
    )


@pytest.mark.parametrize("text", ["0", "-5", "7k", "2M", "1g"])
def test_numbers_are_those_of_git(repo: Repo, text: str) -> None:
    assert str(read(repo, f"[exp]\n\tn = {text}\n").int("exp.n")) == repo.git("config", "--int", "exp.n")


def test_bad_values_are_told(repo: Repo) -> None:
    found = read(repo, "[exp]\n\tb = maybe\n\tn = 3x\n")
    with pytest.raises(GitError, match=r"bad boolean config value 'maybe' for 'exp\.b'"):
        found.bool("exp.b")
    with pytest.raises(GitError, match=r"bad numeric config value '3x' for 'exp\.n'"):
        found.int("exp.n")


def test_a_broken_config_is_told_with_its_line(repo: Repo) -> None:
    with pytest.raises(GitError, match="bad config line"):
        read(repo, "[exp\n")


def test_identity_never_tells_the_host(repo: Repo, environ: dict[str, str]) -> None:
    found = read(repo, "")
    assert found.identity({}) == Identity("unknown", "")
    assert found.identity({"EMAIL": "e@x"}) == Identity("unknown", "e@x")
    found = read(repo, "[user]\n\tname = U\n\temail = u@x\n")
    assert found.identity({}) == Identity("U", "u@x")
    found = read(repo, "[author]\n\tname = A\n")
    assert found.identity({}) == Identity("A", "u@x")
    assert found.identity(environ) == Identity("Ada Tester", "ada@example.org")


def test_identity_from_the_home_folder(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Home\n")
    git = Git(repo.path, {**repo.environ, "HOME": str(tmp_path)})
    assert config.read(git).identity({}) == Identity("Home", "")
