"""`.pre-commit-hooks.yaml`: what pre-commit and prek make of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gitexp.ops.hooks.table import GIT_HOOKS, HOOKS
from tests.cli.program import ROOT
from tests.gitrepo import Repo, init
from tests.hooks.commits import CONFIG, commit, framework

MANIFEST = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def test_pre_commit_finds_it_valid() -> None:
    said = subprocess.run(
        ["pre-commit", "validate-manifest", ".pre-commit-hooks.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout) == (0, "")


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_offered(name: str) -> None:
    (entry,) = [one for one in MANIFEST if one["id"] == f"exp-{name}"]
    assert entry["entry"] == f"git-exp hook {name}"
    assert set(entry["stages"]) <= set(HOOKS[name].git_hooks)
    assert entry["always_run"]
    assert entry["require_serial"]
    assert entry.get("fail_fast", False) is (name == "guard")
    # Only what a hook of git's is handed itself may be passed on: no file of a commit.
    assert entry.get("pass_filenames", True) is ("commit-msg" in entry["stages"])


def test_the_guide_has_what_is_to_be_listed() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text()
    kinds = f"default_install_hook_types: [{', '.join(GIT_HOOKS)}]\n"
    assert f"```yaml\n{kinds}{CONFIG}```\n" in guide


def _released(folder: Path, environ: dict[str, str]) -> Repo:
    """A repository of this project, as it is in the working tree, with a version."""
    source = init(folder, environ)
    listed = Repo(ROOT, environ).git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    source.commit("as it is")
    source.git("tag", "v1")
    return source


@pytest.mark.long
@pytest.mark.parametrize("program", ["pre-commit", "prek"])
def test_it_is_really_installed(program: str, repo: Repo, tmp_path: Path, environ: dict[str, str]) -> None:
    """As people have it: the framework clones the project, and installs it into an environment of its own."""
    source = _released(tmp_path / "gitexp", environ)
    ids = ", ".join(f"{{id: exp-{name}}}" for name in HOOKS)
    config = f"repos:\n- repo: {source.path.as_uri()}\n  rev: v1\n  hooks: [{ids}]\n"
    repo.commit("hooks", {".pre-commit-config.yaml": config})
    framework(program)(repo)
    # Without the git exp of these tests: what is called is what was installed.
    elsewhere = tmp_path / "bin"
    elsewhere.mkdir()
    for name in (program, "python3"):
        (elsewhere / name).symlink_to(str(shutil.which(name)))
    repo.environ["PATH"] = f"{elsewhere}:/usr/local/bin:/usr/bin:/bin"
    assert shutil.which("git-exp", path=repo.environ["PATH"]) is None
    assert commit(repo, "--allow-empty", "-m", "nothing").returncode == 0
    repo.write("params.yaml", 'api_key: "abcdEFGH12345678"\n')
    refused = commit(repo, "-a", "-m", "a secret")
    assert refused.returncode == 1
    assert "looks like the value of 'api_key'" in refused.stderr + refused.stdout
    (tmp_path / "remote").mkdir()
    repo.git("init", "-q", "--bare", str(tmp_path / "remote"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote"))
    repo.git("stash", "-q")
    repo.git("push", "-q", "origin", "main")
