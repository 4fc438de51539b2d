"""What the demo does, in order; `{slug}` stands for the run that was named so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Say:
    """A word to whoever watches."""

    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to a file of the project, as a person would make it in an editor."""

    path: str
    changes: tuple[tuple[str, str], ...]
    """Old and new text; each old one stands in the file once."""


@dataclass(frozen=True, slots=True)
class Add:
    """A new file, which nobody tells git about."""

    path: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command, as it would be typed, and the exit code that it ends with."""

    line: str
    code: int = 0


Step: TypeAlias = Say | Edit | Add | Command

COMMITS = (
    ("Say what this is about", ("README.md", ".gitignore")),
    ("Prepare the digits", ("prepare.py",)),
    ("Train a network or a linear model", ("models.py", "train.py", "params.yaml", ".gitexp.yaml")),
)
"""The history of the project before the first run."""

STORED_AS = {".gitignore": "ignored", ".gitexp.yaml": "settings.yaml"}
"""Files that would mean something to git, or to us, where the package keeps them."""

RECORDING: tuple[Step, ...] = (
    Say("A small project with three commits. First its data, which git ignores:"),
    Command("python prepare.py"),
    Say(
        "A run, and two with other params. -S leaves params.yaml alone: such a run has a worktree of its own."
    ),
    Command("git exp run --name network -- python train.py"),
    Command("git exp run --name linear -S model=linear -S lr=0.01 -- python train.py"),
    Command("git exp run --name wide -S hidden=128 --tag capacity -- python train.py"),
    Say("One that fails, and one that diverges. Both are recorded like any other."),
    Command("git exp run --name typo -S model=netwrok -- python train.py", code=1),
    Command("git exp run --name hasty -S lr=20 -- python train.py"),
    Say("Now params.yaml is edited, and train.py started without git exp run: it records itself."),
    Edit("params.yaml", (("lr: 0.05 ", "lr: 0.2  "),)),
    Command("git diff -U0"),
    Command("python train.py"),
    Say("Now the code: train.py is changed to use augment.py, which is new. Nothing is committed or added."),
    Add("augment.py"),
    Edit(
        "train.py",
        (
            ("import numpy as np\n", "import numpy as np\nfrom augment import shifted\n"),
            (
                'data["train_images"], data["train_digits"]',
                'shifted(data["train_images"], data["train_digits"])',
            ),
        ),
    ),
    Command("git diff -U0 train.py"),
    Command('git exp run --name shifted --note "do moved copies help?" -- python train.py'),
    Say("All this left the branch, the index and the files as they were:"),
    Command("git status --short --branch"),
)

LOOKING: tuple[Step, ...] = (
    Say("Looking at what was recorded."),
    Command("git exp ls"),
    Command("git exp show {shifted}"),
    Command("git exp diff {network} {wide}"),
    Say("A run is a commit, so plain git does as well. Here is all that a run adds to its base:"),
    Command("git show --stat exp/{shifted}"),
    Command("git diff exp/{network} exp/{shifted} -- .exp/params.yaml"),
    Command("git log --oneline --graph --glob='refs/exp/*'"),
)

NEXT = (
    ("git exp logs {typo}", "what the failed run printed"),
    ("git exp show {hasty}", "a run whose loss became NaN"),
    ("git exp diff {network} {shifted}", "another code: the changes are shown by git"),
    ("git exp run -S hidden=64 -- python train.py", "a run of your own"),
    ("git switch -c idea exp/{wide}", "go on from the code of a run (commit or stash first)"),
)
"""What to try afterwards, and why."""
