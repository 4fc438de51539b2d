"""A text in the user's editor, as git opens it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.repo import Repository


def edit_text(repo: Repository, text: str, about: str) -> str:
    """`text` as the user left it, without lines that begin with `#`. Raises GitError where they did not."""
    from gitexp.errors import GitError
    from gitexp.sharing import make_folder

    editor = repo.git.run("var", "GIT_EDITOR").text
    make_folder(repo.home)
    path = repo.home / "EXP_EDITMSG"
    path.write_text(f"{text}\n# {about}\n# Lines that begin with '#' are left out; an empty note is none.\n")
    try:
        # The user's own setting: git too hands it to the shell.
        command = [editor + ' "$@"', editor, str(path)]
        code = subprocess.run(["/bin/sh", "-c", *command], env=dict(repo.environ), check=False).returncode
        if code:
            raise GitError(f"the editor {editor!r} failed", hint="git config core.editor")
        lines = path.read_text("utf-8", "replace").splitlines()
    finally:
        path.unlink(missing_ok=True)
    return "\n".join(line.rstrip() for line in lines if not line.startswith("#")).strip("\n")
