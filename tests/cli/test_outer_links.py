"""Links of code that lead out of the working tree, in runs with a worktree of their own."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Program

READ = """
import gitexp, subprocess
run = gitexp.start()
run.use("dataset", "ln/x")
run.log({"x": float(open("ln/x").read())})
print(subprocess.getoutput("git status -s"))
"""


def test_a_link_leads_where_it_leads_in_the_working_tree(exp: Program, tmp_path: Path) -> None:
    shared = tmp_path / "shared data"
    shared.mkdir()
    (shared / "x").write_text("7")
    (exp.repo.path / "ln").symlink_to("../shared data")
    exp.repo.write("t.py", READ)
    old = exp("run", "--isolated", "--", "python", "t.py").name
    exp.repo.commit("a link", {"params.yaml": "lr: 1\n"})
    assert exp("run", "-S", "lr=2", "--", "python", "t.py").code == 0
    said = exp("repro", old)
    assert said.code == 0, said.err
    assert "gone" not in said.err
    assert exp.repo.git("cat-file", "-p", f"exp/{said.name}:ln") == "../shared data"
    assert "A  ln\n" in exp("logs", said.name).out  # git does not call it changed
