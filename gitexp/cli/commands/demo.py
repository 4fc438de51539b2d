"""`git exp demo`."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.demo.story import Command, Step


@click.command("demo")
@click.argument("folder", required=False, metavar="[FOLDER]")
@click.pass_obj
def command(session: Session, folder: str | None) -> None:
    """Record seven real runs in a new repository, and look at them.

    Trains small models on scikit-learn's handwritten digits in FOLDER, which must be new or empty; a
    temporary folder unless given. Every command is printed before it runs. The repository stays, to be
    played with.

    \b
    Examples:
      git exp demo
      git exp demo ~/digits
    """
    from gitexp.demo import stage, story

    began = time.monotonic()
    stage.check()
    with tempfile.TemporaryDirectory(prefix="git-exp-") as shims:
        environ = stage.environment(Path(shims), session.environ)
        place = Path(folder).absolute() if folder else Path(tempfile.mkdtemp(prefix="git-exp-demo-"))
        stage.lay_out(place, environ)
        _play(story.RECORDING, place, environ)
        _play(story.LOOKING, place, environ)
        names = stage.run_names(place, environ)
    print(f"\n{len(names)} runs in {time.monotonic() - began:.0f} seconds. The repository is yours now:\n")
    print(f"  cd {shlex.quote(str(place))}")
    for line, reason in story.NEXT:
        print(f"  {line.format_map(names):60} # {reason}")


def _play(steps: Iterable[Step], place: Path, environ: Mapping[str, str]) -> None:
    """Carry out `steps`, each told first. Raises GitExpError where a command ends as it should not."""
    from gitexp.demo import stage, story

    for step in steps:
        if isinstance(step, story.Say):
            print(f"\n# {step.text}")
        elif isinstance(step, story.Edit):
            print(f"# edited: {step.path}")
            stage.edit(place, step)
        elif isinstance(step, story.Add):
            print(f"# new: {step.path}")
            stage.add(place, step)
        else:
            _run(step, place, environ)


def _run(step: Command, place: Path, environ: Mapping[str, str]) -> None:
    from gitexp.demo import stage
    from gitexp.errors import GitExpError

    line = step.line.format_map(stage.run_names(place, environ)) if "{" in step.line else step.line
    print(f"\n$ {line}")
    sys.stdout.flush()
    done = subprocess.run(shlex.split(line), cwd=place, env=environ, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != step.code:
        raise GitExpError(f"{line!r} ended with {done.returncode} instead of {step.code}", hint=f"cd {place}")
