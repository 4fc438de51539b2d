"""The demo's repository, and that its project records; `.ci/run` plays the whole of it with scikit-learn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from gitexp.demo import stage, story
from gitexp.errors import GitExpError, UsageError
from tests.gitrepo import Repo


@pytest.fixture
def bare_environ(tmp_path: Path, environ: dict[str, str]) -> dict[str, str]:
    """An environment without home or identity, and with a repository and a run that are not the demo's."""
    kept = {k: v for k, v in environ.items() if not k.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))}
    del kept["HOME"], kept["XDG_CONFIG_HOME"]
    foreign = {"GIT_DIR": str(tmp_path / "elsewhere"), "GITEXP_RUN": str(tmp_path / "gone")}
    shims = tmp_path / "shims"
    shims.mkdir()
    return stage.environment(shims, {**kept, **foreign})


def _run(place: Path, environ: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True, check=False)


def test_a_history_is_laid_out_without_home_or_identity(tmp_path: Path, bare_environ: dict[str, str]) -> None:
    stage.lay_out(tmp_path / "digits", bare_environ)
    made = Repo(tmp_path / "digits", bare_environ)
    assert made.git("log", "--reverse", "--format=%s").splitlines() == [
        subject for subject, _ in story.COMMITS
    ]
    assert made.git("status", "--porcelain") == ""
    made.fsck()


def test_the_identity_that_git_knows_is_kept(tmp_path: Path, environ: dict[str, str]) -> None:
    stage.lay_out(tmp_path / "digits", environ)
    assert Repo(tmp_path / "digits", environ).git("log", "-1", "--format=%an") == "Ada Tester"


def test_a_folder_that_holds_something_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not an empty folder"):
        stage.lay_out(tmp_path, environ)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(GitExpError) as caught:
        stage.check()
    assert caught.value.hint == "pip install 'gitexp[demo]'"


def test_every_edit_of_the_story_fits_its_file(tmp_path: Path, environ: dict[str, str]) -> None:
    place = tmp_path / "digits"
    stage.lay_out(place, environ)
    for step in story.RECORDING:
        if isinstance(step, story.Edit):
            stage.edit(place, step)
    changed = Repo(place, environ).git("diff", "--name-only").splitlines()
    assert changed == ["params.yaml", "train.py"]
    assert "from augment import shifted" in (place / "train.py").read_text()


def test_every_run_that_the_story_names_is_recorded_before() -> None:
    lines = [step.line for step in story.RECORDING if isinstance(step, story.Command)]
    slugs = [line.split("--name ")[1].split()[0] for line in lines if "--name " in line]
    names = {slug: f"{slug}-aaaaaa" for slug in slugs}
    shown: Sequence[str] = [step.line for step in story.LOOKING if isinstance(step, story.Command)]
    for line in [*shown, *(line for line, _ in story.NEXT)]:
        assert "{" not in line.format_map(names)


def test_the_project_records_real_training(tmp_path: Path, bare_environ: dict[str, str]) -> None:
    place = tmp_path / "digits"
    stage.lay_out(place, bare_environ)
    rng = np.random.default_rng(0)
    images, digits = rng.random((200, 64)), rng.integers(0, 10, 200)
    (place / "data").mkdir()
    parts = {"train_images": images, "train_digits": digits, "test_images": images, "test_digits": digits}
    np.savez(place / "data" / "digits.npz", **parts)  # type: ignore[arg-type]
    options = ("--name", "network", "-S", "epochs=3")
    done = _run(place, bare_environ, "git", "exp", "run", *options, "--", "python", "train.py")
    assert done.returncode == 0, done.stderr
    listed = json.loads(_run(place, bare_environ, "git", "exp", "ls", "--json").stdout)["runs"]
    assert [(run["status"], run["params"]["epochs"]) for run in listed] == [("finished", 3)]
    name = stage.run_names(place, bare_environ)["network"]
    made = Repo(place, bare_environ)
    assert len(made.git("show", f"exp/{name}:.exp/series/00000.csv").splitlines()) == 4
    assert "model.npz" in made.git("ls-tree", "--name-only", f"exp/{name}:.exp/artifacts")
    assert made.git("status", "--porcelain") == ""
