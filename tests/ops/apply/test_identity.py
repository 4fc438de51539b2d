"""apply and then undo is the identity on the whole working tree, whatever state it was in."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitexp.errors import UsageError
from gitexp.ops.apply.applying import Parts, apply
from gitexp.ops.resolve import resolve
from gitexp.ops.save import SaveRequest, save
from gitexp.ops.undo import redo, undo
from gitexp.repo import Repository
from tests.gitrepo import Repo, init
from tests.worktree import aside_from_files, files_of, walk

PATHS = (
    *("train.py", "src/a.py", "src/b c.py", "src/deep/ü.py", "src", "swap", "swap/x", "swap/y/z"),
    *('quote"d', "line\nbreak", "one.ignored", "src/two.ignored", "out/result.txt", "out/big.ignored"),
)
FOLDERS = ("empty", "src/empty", "swap/empty/er", "out")
IGNORED = ".ignored"
HEALTH = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)

Entry = tuple[str, Any, Any]
Spec = dict[str, Entry]

_file = st.tuples(st.just("file"), st.integers(0, 3), st.sampled_from((0o644, 0o755, 0o600)))
_link = st.tuples(st.just("link"), st.sampled_from(("train.py", "nowhere", "src", "../outside")), st.none())
_params = st.tuples(
    st.just("params"), st.sampled_from(("0.1", "0.2", "1.0e-3")), st.sampled_from(("", "# mine\n"))
)


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Files, links and folders, none of them both a file and a folder."""
    spec: Spec = {"params.yaml": draw(_params)}
    for path in draw(st.lists(st.sampled_from(PATHS), unique=True, max_size=9)):
        spec[path] = draw(st.one_of(_file, _file, _link))
    for path in draw(st.lists(st.sampled_from(FOLDERS), unique=True, max_size=2)):
        spec.setdefault(path, ("folder", draw(st.sampled_from((0o755, 0o700))), None))
    taken = {path for path, one in spec.items() if one[0] != "folder"}
    return {
        path: one
        for path, one in spec.items()
        if not any(path.startswith(f"{other}/") for other in taken)
        and not (one[0] == "folder" and path in taken)
    }


def lay_out(root: Path, spec: Mapping[str, Entry]) -> None:
    """Make the working tree what `spec` says, and nothing else."""
    for path in root.iterdir():
        if path.name not in (".git", ".gitignore"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, (kind, what, more) in spec.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "folder":
            path.mkdir(exist_ok=True)
            path.chmod(what)
        elif kind == "link":
            path.symlink_to(what)
        elif kind == "params":
            path.write_text(f"{more}lr: {what}  # rate\nother: 1\n")
        else:
            path.write_bytes(f"content {what}\n".encode() * (what + 1))
            path.chmod(more)


parts = st.builds(Parts, st.booleans(), st.booleans(), st.booleans()).filter(
    lambda one: one.code or one.params or one.artifacts
)
stories = st.fixed_dictionaries(
    {
        "committed": specs(),
        "run": specs(),
        "now": specs(),
        "staged": st.lists(st.sampled_from(PATHS), max_size=4),
        "recorded": st.sampled_from((True, True, True, False)),
        "parts": parts,
    }
)


@contextmanager
def told(environ: Mapping[str, str], story: Mapping[str, Any]) -> Iterator[tuple[Repo, str]]:
    """A repository in the state of the story, and the name of its run."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "outside").mkdir()
        repo = init(Path(folder) / "repo", environ)
        repo.write(".gitignore", f"*{IGNORED}\n")
        lay_out(repo.path, story["committed"])
        repo.commit("first")
        lay_out(repo.path, story["run"])
        with Repository.open(repo.path, environ) as opened:
            name = save(opened, SaveRequest("old", outputs=("out",))).name
        lay_out(repo.path, story["now"])
        for path in story["staged"]:
            if os.path.lexists(repo.path / path) and IGNORED not in path:
                repo.git("add", "-A", "--", path)
        if story["recorded"]:
            with Repository.open(repo.path, environ) as opened:
                save(opened, SaveRequest("now"))
        yield repo, name


def expected(
    repo: Repo, story: Mapping[str, Any], before: Mapping[str, object], ran: Mapping[str, object]
) -> Any:
    """The files after the code of the run was brought in."""
    tracked = {
        *repo.git("ls-files", "-z").split("\0"),
        *repo.git("ls-tree", "-rz", "--name-only", "HEAD").split("\0"),
    }
    captured = {path: one for path, one in files_of(ran).items() if not path.endswith(IGNORED)}
    stays = {path: one for path, one in files_of(before).items() if path not in tracked}
    return {**stays, **{path: _checked_out(one) for path, one in captured.items()}}


def _checked_out(one: Any) -> Any:
    return (one[0], "exec" if one[1] in ("0o100755",) else "plain", one[2]) if one[0] == "file" else one


def check(environ: Mapping[str, str], story: Mapping[str, Any]) -> str:
    """Tell the story; gives how it ended."""
    with told(environ, story) as (repo, name), Repository.open(repo.path, environ) as opened:
        before, users = walk(repo.path), aside_from_files(repo)
        try:
            done = apply(resolve(opened, name), story["parts"])
        except UsageError:
            assert walk(repo.path) == before
            assert aside_from_files(repo) == users
            return "refused"
        after = walk(repo.path)
        assert aside_from_files(repo) == users
        if story["parts"] == Parts(code=True):
            check_code(repo, story, before, after)
        if done.operation is None:
            assert after == before
            return "nothing to do"
        assert after != before
        for step, state in ((undo, before), (redo, after), (undo, before)):
            step(opened)
            assert walk(repo.path) == state
            assert aside_from_files(repo) == users
        assert not list((repo.path / ".git/exp").glob("applying.json"))
    return "applied"


def check_code(
    repo: Repo, story: Mapping[str, Any], before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder), story["run"])
        wanted = expected(repo, story, before, walk(Path(folder)))
    wanted[".gitignore"] = after[".gitignore"]
    found = files_of(after)
    assert found.keys() == wanted.keys()
    for path, one in wanted.items():
        assert found[path] == one or _checked_out(found[path]) == one


@settings(max_examples=6, deadline=None, suppress_health_check=HEALTH)
@given(story=stories)
def test_undo_of_apply_is_the_identity(environ: dict[str, str], story: dict[str, Any]) -> None:
    check(environ, story)


@pytest.mark.long
def test_undo_of_many_applies_is_the_identity(environ: dict[str, str]) -> None:
    ends: dict[str, int] = {}

    @settings(max_examples=150, deadline=None, suppress_health_check=HEALTH)
    @given(story=stories)
    def tell(story: dict[str, Any]) -> None:
        end = check(environ, story)
        ends[end] = ends.get(end, 0) + 1

    tell()
    assert ends["applied"] > 35
    assert ends["refused"] > 3
