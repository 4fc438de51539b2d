"""Real repositories for tests, of every kind, that nothing on the machine can influence."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

EPOCH = 1_700_000_000
"""The author's clock starts here and ticks a minute per commit."""

_LEAKS = re.compile(
    r"PYTHONDONTWRITEBYTECODE|GIT_|GITEXP_|SLURM_|OMPI_|PMI_|PMIX_|MPI_|(LOCAL_|NODE_|GROUP_)?RANK$"
    r"|WORLD_SIZE$|LOCAL_WORLD_SIZE$|EMAIL$"
)

_GLOBAL_CONFIG = """\
[init]
\tdefaultBranch = main
[protocol "file"]
\tallow = always
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[advice]
\tdetachedHead = false
[maintenance]
\tauto = false
[receive]
\tautogc = false
"""


def hermetic(home: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment with its own home, a fixed author, and nothing of git, gitexp or a cluster in it."""
    home.mkdir(parents=True, exist_ok=True)
    (home / ".gitconfig").write_text(_GLOBAL_CONFIG)
    kept = {k: v for k, v in (os.environ if environ is None else environ).items() if not _LEAKS.match(k)}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TEMPLATE_DIR": "",
        "GIT_AUTHOR_NAME": "Ada Tester",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada Tester",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }


class Repo:
    """A repository and the plain git that looks at it."""

    def __init__(self, path: Path, environ: Mapping[str, str], ticks: int = 0) -> None:
        self.path = path
        """The working tree, or the folder of a bare repository."""
        self.environ = dict(environ)
        self.ticks = ticks
        """Commits so far, by which the author's clock goes."""

    def git(self, *args: str, input: str | bytes | None = None, **environ: str) -> str:
        """git's stdout without the last line break. Raises AssertionError with git's words where it fails."""
        return (
            self.git_bytes(*args, input=input, **environ)
            .decode("utf-8", "surrogateescape")
            .removesuffix("\n")
        )

    def git_bytes(self, *args: str, input: str | bytes | None = None, **environ: str) -> bytes:
        result = subprocess.run(
            ["git", *args],
            cwd=self.path,
            env={**self.environ, **environ},
            input=input.encode() if isinstance(input, str) else input or b"",
            capture_output=True,
            check=False,
        )
        assert result.returncode == 0, f"git {' '.join(args)}: {result.stderr.decode(errors='replace')}"
        return result.stdout

    def write(self, path: str, text: str | bytes) -> Path:
        """The file at `path` in the working tree, holding `text`; folders are made."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
        return target

    def commit(self, message: str = "change", files: Mapping[str, str | bytes] | None = None) -> str:
        """The id of a commit of the whole working tree, after `files` were written; the clock ticks."""
        for path, text in (files or {}).items():
            self.write(path, text)
        self.git("add", "-A")
        self.ticks += 1
        when = f"{EPOCH + 60 * self.ticks} +0000"
        self.git(
            "commit", "-q", "--allow-empty", "-m", message, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when
        )
        return self.git("rev-parse", "HEAD")

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", prefix).split("\n")
        return dict(line.split(" ") for line in lines if line)

    def fsck(self) -> None:
        """Raises AssertionError unless `git fsck --strict` is clean; dangling objects are not dirt."""
        said = self.git("fsck", "--strict", "--no-dangling", "--no-progress")
        assert "error" not in said, said


def init(path: Path, environ: Mapping[str, str], *options: str) -> Repo:
    """A fresh repository without commits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Repo(path.parent, environ).git("init", "-q", *options, str(path))
    return Repo(path, environ)


def knows_reftable() -> bool:
    """Whether the installed git can make reftable repositories (2.45 or later)."""
    said = subprocess.run(["git", "init", "-h"], capture_output=True, text=True, check=False).stdout
    return "--ref-format" in said or "--[no-]ref-format" in said


def object_formats() -> tuple[str, ...]:
    return ("sha1", "sha256")


def ref_formats() -> tuple[str, ...]:
    return ("files", "reftable") if knows_reftable() else ("files",)


FILES: dict[str, str | bytes] = {
    "train.py": "print('training')\n",
    "params.yaml": "lr: 0.1\n",
    "src/model.py": "WIDTH = 3\n",
    "data/a b.txt": "one\n",
    "data/naïve.txt": "two\n",
}


def make(
    kind: str, root: Path, environ: Mapping[str, str], object_format: str = "sha1", ref_format: str = "files"
) -> Repo:
    """A repository of `kind` (a key of KINDS) inside `root`; all but unborn have two commits of FILES."""
    options = [f"--object-format={object_format}"]
    if ref_format != "files":
        options.append(f"--ref-format={ref_format}")
    return KINDS[kind](root, environ, options)


def _plain(root: Path, environ: Mapping[str, str], options: list[str], name: str = "plain") -> Repo:
    repo = init(root / name, environ, *options)
    repo.commit("first", FILES)
    repo.commit("second", {"train.py": "print('training harder')\n"})
    return repo


def _unborn(root: Path, environ: Mapping[str, str], options: list[str]) -> Repo:
    return init(root / "unborn", environ, *options)


def _bare(root: Path, environ: Mapping[str, str], options: list[str]) -> Repo:
    bare = init(root / "bare.git", environ, "--bare", *options)
    _plain(root, environ, options, "source").git("push", "-q", str(bare.path), "main")
    return bare


def _worktree(root: Path, environ: Mapping[str, str], options: list[str]) -> Repo:
    main = _plain(root, environ, options, "main")
    main.git("worktree", "add", "-q", "-b", "side", str(root / "linked"))
    return Repo(root / "linked", environ)


def _submodule(root: Path, environ: Mapping[str, str], options: list[str]) -> Repo:
    inner = _plain(root, environ, options, "inner")
    outer = _plain(root, environ, options, "outer")
    outer.git("submodule", "--quiet", "add", str(inner.path), "lib")
    outer.commit("submodule")
    return Repo(outer.path / "lib", environ)


def _cloned(*how: str) -> Callable[[Path, Mapping[str, str], list[str]], Repo]:
    def build(root: Path, environ: Mapping[str, str], options: list[str]) -> Repo:
        source = _plain(root, environ, options, "source")
        ref_format = [option for option in options if option.startswith("--ref-format")]
        Repo(root, environ).git(
            "clone", "-q", *how, *ref_format, f"file://{source.path}", str(root / "clone")
        )
        return Repo(root / "clone", environ)

    return build


def _sparse(root: Path, environ: Mapping[str, str], options: list[str]) -> Repo:
    repo = _plain(root, environ, options)
    repo.git("sparse-checkout", "set", "--cone", "src")
    return repo


def _alternates(root: Path, environ: Mapping[str, str], options: list[str]) -> Repo:
    source = _plain(root, environ, options, "source")
    ref_format = [option for option in options if option.startswith("--ref-format")]
    Repo(root, environ).git("clone", "-q", "--shared", *ref_format, str(source.path), str(root / "clone"))
    return Repo(root / "clone", environ)


def _separate(root: Path, environ: Mapping[str, str], options: list[str]) -> Repo:
    return _plain(root, environ, [*options, f"--separate-git-dir={root / 'elsewhere.git'}"], "separate")


KINDS: dict[str, Callable[[Path, Mapping[str, str], list[str]], Repo]] = {
    "plain": _plain,
    "bare": _bare,
    "worktree": _worktree,
    "submodule": _submodule,
    "shallow": _cloned("--depth=1"),
    "partial": _cloned("--filter=blob:none", "--no-checkout"),
    "sparse": _sparse,
    "alternates": _alternates,
    "separate": _separate,
    "unborn": _unborn,
}


def wrapped_git(folder: Path, environ: Mapping[str, str], body: str) -> dict[str, str]:
    """An environment whose git runs the shell lines `body` and, unless they exit, the real git (`$git`)."""
    real = shutil.which("git", path=environ["PATH"])
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "git"
    script.write_text(f'#!/bin/sh\ngit={real}\n{body}\nexec "$git" "$@"\n')
    script.chmod(0o755)
    return {**environ, "PATH": f"{folder}{os.pathsep}{environ['PATH']}"}
