"""`git exp diff --code` is git diff itself."""

from __future__ import annotations

import subprocess

from tests.cli.program import ARGV, Program, program_environ


def test_git_takes_over(exp: Program, environ: dict[str, str]) -> None:
    one = exp.record("one")
    exp.repo.write("src/model.py", "WIDTH = 4\n")
    two = exp.record("two")

    def code(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*ARGV, *options, "diff", "--code", "--exit-code", one, two],
            cwd=exp.repo.path / "data",
            env=program_environ(environ),
            capture_output=True,
            text=True,
            check=False,
        )

    said = code()
    expected = exp.repo.git("diff", f"exp/{one}", f"exp/{two}", "--", "src")
    assert (said.returncode, said.stdout, said.stderr) == (1, expected + "\n", "")
    assert code("--no-pager").stdout == said.stdout
