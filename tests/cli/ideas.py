"""Ideas to merge: runs of changed working trees, which are clean again afterwards."""

from __future__ import annotations

from collections.abc import Mapping

from tests.cli.program import Program
from tests.gitrepo import Repo

PARAMS = """\
# how it is trained
lr: 0.1  # the rate
batch: 32  # per device

model:
  width: 3  # of each layer
  depth: 2
seed: 1
"""
CODE = "".join(f"line {number}\n" for number in range(1, 13))


def idea(
    exp: Program,
    slug: str,
    files: Mapping[str, str | bytes | None] | None = None,
    *options: str,
    results: str = "",
) -> str:
    """The name of a run with these files, None for one that is deleted, and with the metrics `results`."""
    lay(exp.repo, files or {})
    script = f"printf '%s' '{results}' > metrics.json" if results else "true"
    said = exp("run", "--name", slug, *options, "--", "sh", "-c", script)
    assert said.code == 0, said.err
    clean(exp.repo)
    return said.name


def lay(repo: Repo, files: Mapping[str, str | bytes | None]) -> None:
    for path, data in files.items():
        if data is None:
            (repo.path / path).unlink()
        else:
            repo.write(path, data)


def clean(repo: Repo) -> None:
    repo.git("reset", "-q", "--hard")
    repo.git("clean", "-fdq")


def changed(text: str, **lines: str) -> str:
    """`text` where the line that begins with each key is another one."""
    for key, line in lines.items():
        old = next(one for one in text.split("\n") if one.strip().startswith(f"{key}"))
        text = text.replace(old, line)
    return text


def files_of(repo: Repo, revision: str) -> dict[str, str]:
    """Path -> mode and id of all but the record."""
    listed = repo.git("ls-tree", "-r", "-z", revision).split("\0")
    entries = (line.split("\t") for line in listed if line)
    return {path: meta for meta, path in entries if not path.startswith(".exp/")}


def record_of(repo: Repo, name: str) -> list[str]:
    listed = repo.git("ls-tree", "-r", "--name-only", f"refs/exp/{name}", ".exp/").split("\n")
    return sorted(path.removeprefix(".exp/") for path in listed)


def untouched(repo: Repo) -> tuple[object, ...]:
    """All that no merge may change: HEAD, branches, reflogs, the index's bytes, stash and working tree."""
    git_dir = repo.path / ".git"
    logs = {str(path): path.read_bytes() for path in git_dir.joinpath("logs").rglob("*") if path.is_file()}
    refs = {ref: oid for ref, oid in repo.refs().items() if not ref.startswith("refs/exp")}
    index = (git_dir / "index").read_bytes() if (git_dir / "index").exists() else b""
    return (git_dir / "HEAD").read_text(), refs, logs, index, repo.git("status", "--porcelain", "--ignored")
