"""What must be true whatever somebody else's repository says."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tests.cli.program import Said
from tests.cli.sharing import Person, World, refs

_ACTED_ON = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
_OWN = (
    ".git/exp",
    ".git/objects",
    ".git/refs",
    ".git/logs",
    ".git/index",
    ".git/packed-refs",
    ".git/lfs",
    ".git/worktrees",
    "out",
)
"""Where a command may write."""


def assert_plain(said: Said, what: object) -> None:
    """No crash, and no character in what was said that a terminal would act on or a person not see."""
    assert said.code in (0, 1, 2, 3, 128), (what, said)
    for text in (said.out, said.err):
        # CSV ends its lines so.
        found = {
            letter
            for letter in text.replace("\r\n", "\n")
            if letter not in "\n\t" and unicodedata.category(letter) in _ACTED_ON
        }
        assert not found, (what, found, text[:2000])


def commands(run: str, other: str) -> Iterator[tuple[str, ...]]:
    """Every command that shows a run, or has it back."""
    yield ("show", run)
    yield ("show", run, "--json")
    for form in ((), ("--all",), ("--json",), ("--md",), ("--code",)):
        yield ("diff", other, run, *form)
    yield ("logs", run)
    yield ("logs", run, "--json")
    yield ("artifacts", run)
    yield ("artifacts", run, "--json")
    yield ("plot", run)
    yield ("plot", run, other, "--html", "out/plot.html")
    yield ("plot", run, "--svg", "-")
    yield ("get", run, "-o", f"out/{run}")
    yield ("get", run, "-n")
    yield ("apply", run, "--code", "--params", "--artifacts", "-n")
    yield ("branch", run, f"at/{run}")
    yield ("branch", run, f"whole/{run}", "--with-record", "--json")
    yield ("worktree", run, f"out/tree-{run}")
    yield ("worktree", run, f"out/branch-{run}", "-b", f"tree/{run}", "--json")
    yield ("repro", run)  # refused: nobody has said that it is to be trusted
    yield ("repro", run, "-n", "--json")


def comparisons(run: str, other: str) -> Iterator[tuple[str, ...]]:
    """Every command that holds a run against all others, which takes long where there are many odd ones."""
    for form in ((run,), (run, "--vs", other), (other, "--vs", run, "--json")):
        yield ("why", *form)
    for form in ("--md", "--html"):
        yield ("report", run, "--base", other, form)


LISTS = (
    ("ls",),
    ("ls", "--columns", "all"),
    ("ls", "--json"),
    ("ls", "--ndjson"),
    ("ls", "--csv"),
    ("ls", "--md"),
    ("ls", "--name-only"),
    ("ls", "--group-by", "group"),
    ("ls", "--format", "%(name) %(title) %(tags) %(note) %(command)"),
    ("ls", "--sort", "-started"),
    ("push", "-n"),
    ("rm", "--where", "tag:plain", "-n"),
)
"""Every command that shows many."""


def make_room(person: Person) -> None:
    """The folder `out`, where commands may write, and which git ignores."""
    (person.repo.path / "out").mkdir()
    person.repo.write(".git/info/exclude", "/out/\n")


def outside(world: World, person: Person) -> dict[str, bytes | None]:
    """Every file where no command for that person may write."""
    found: dict[str, bytes | None] = {}
    for path in sorted(world.folder.rglob("*")):
        place = path.relative_to(person.repo.path).as_posix() if person.repo.path in path.parents else ""
        if not any(place == own or place.startswith(f"{own}/") for own in _OWN):
            found[str(path)] = path.read_bytes() if path.is_file() else None
    return found


def assert_sound(person: Person, arrived: set[str]) -> None:
    """Just these runs are there, nothing unchecked is left, and git finds nothing wrong."""
    assert set(person.runs) == arrived
    assert not refs(person.repo, "refs/exp-incoming/")
    assert not list(Path(person.repo.path, ".git").rglob("*.lock")) or _ours(person)
    person.repo.fsck()


def _ours(person: Person) -> bool:
    """Whether what is called a lock is only a file that we lock: it stays, and holds nobody up."""
    git = person.repo.path / ".git"
    return all(git / "exp" in path.parents for path in git.rglob("*.lock"))
