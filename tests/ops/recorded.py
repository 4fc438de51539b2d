"""Runs to work on: real ones recorded here, and many cheap ones made of one of them."""

from __future__ import annotations

import gitexp
from gitexp.ops.choose import Chosen, choose
from gitexp.repo import Repository
from tests.gitrepo import Repo


def record(slug: str, **metrics: float) -> str:
    """The name of a finished run of this process."""
    with gitexp.start(slug, params={"lr": 0.1}) as run:
        run.log(metrics or {"acc": 0.5})
    assert run.name
    return run.name


def open_here(repo: Repo) -> Repository:
    return Repository.open(repo.path, repo.environ)


def chosen(opened: Repository, *texts: str) -> list[Chosen]:
    return choose(opened, texts)


def aside(repo: Repo) -> dict[str, str]:
    """The refs of removed and dropped runs."""
    return {ref: oid for ref, oid in repo.refs().items() if ref.startswith("refs/exp-")}


def multiply(repo: Repo, name: str, count: int, slug: str = "many") -> list[str]:
    """So many more runs like `name`, each with a name and a commit of its own, made by fast-import."""
    entries = repo.git("ls-tree", "-r", f"refs/exp/{name}").splitlines()
    record = repo.git("show", f"refs/exp/{name}:.exp/run.yaml")
    names = [f"{slug}-{_digits(number)}" for number in range(count)]
    script = []
    for number, new in enumerate(names):
        data = record.replace(name, new).encode() + b"\n"
        message = f"exp {new}\n\nExp-Run: {new}\nExp-Status: finished\n".encode()
        script.append(
            b"commit refs/exp/%s\ncommitter A <a@b.c> %d +0000\n" % (new.encode(), 1_700_000_000 + number)
        )
        script.append(
            b"data %d\n%s\nfrom refs/exp/%s^0\ndeleteall\n" % (len(message), message, name.encode())
        )
        for entry in entries:
            (mode, _, oid), path = entry.split("\t")[0].split(), entry.split("\t")[1]
            if path != ".exp/run.yaml":
                script.append(f"M {mode} {oid} {path}\n".encode())
        script.append(b"M 100644 inline .exp/run.yaml\ndata %d\n%s\n" % (len(data), data))
    repo.git_bytes("fast-import", "--quiet", "--force", input=b"".join(script))
    return names


def _digits(number: int) -> str:
    letters = ""
    for _ in range(6):
        number, rest = divmod(number, 26)
        letters = chr(ord("a") + rest) + letters
    return letters
