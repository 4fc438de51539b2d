"""Errors as words and exit codes, and nothing else on the screen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import ARGV, Program, program_environ


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["shwo"], "'shwo' is not a git exp command", "git exp show"),
        (["zzzzzz"], "'zzzzzz' is not a git exp command", "git exp -h"),
        (["ls", "--jsno"], "unknown option '--jsno'", "git exp ls --json"),
        (["--no-pagr", "ls"], "unknown option '--no-pagr'", "git exp --no-pager"),
        (["diff", "a"], "diff takes 2 to 20 runs, not 1", "git exp diff A B"),
        (["help", "rnu"], "'rnu' is not a git exp command", "git exp help run"),
        (["logs", "a", "b"], "got unexpected extra argument (b)", "git exp logs -h"),
        (["run", "--tag"], "option '--tag' requires an argument", "git exp run -h"),
    ],
)
def test_usage_errors_speak_as_git_does(exp: Program, arguments: list[str], error: str, hint: str) -> None:
    said = exp(*arguments)
    assert (said.code, said.out, said.err) == (2, "", f"error: {error}\nhint: {hint}\n")


def test_no_command_prints_the_help_and_is_an_error(exp: Program) -> None:
    said = exp()
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Usage: git exp ")


def test_an_internal_error_leaves_a_report_and_no_traceback(
    exp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a \x1b[2J surprise")

    monkeypatch.setattr("gitexp.ops.read.list_all", fail)
    said = exp("ls", "--json")
    assert (said.code, said.out) == (70, "")
    first, second = said.err.splitlines()
    assert first == "error: internal error: ZeroDivisionError: a \\x1b[2J surprise"
    report = Path(second.removeprefix("hint: a report for an issue is in "))
    assert report.parent == exp.repo.path / ".git" / "exp" / "reports"
    text = report.read_text()
    assert "arguments: ['ls', '--json']" in text
    assert "Traceback (most recent call last)" in text


def test_a_report_holds_no_secret(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("hunter2secret in a message")

    monkeypatch.setenv("MY_API_KEY", "hunter2secret")
    monkeypatch.setattr("gitexp.ops.execute.execute", fail)
    said = exp("run", "--", "train", "--token", "abc123def456")
    report = Path(said.err.splitlines()[-1].removeprefix("hint: a report for an issue is in "))
    text = report.read_text()
    assert "RuntimeError" in text
    assert "hunter2secret" not in text
    assert "abc123def456" not in text


def test_an_internal_error_outside_a_repository_is_reported_too(
    exp: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("early")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("gitexp.repo.Repository.open", fail)
    said = exp("ls")
    assert said.code == 70
    assert Path(said.err.splitlines()[-1].removeprefix("hint: a report for an issue is in ")).exists()


def test_an_interrupt_is_quiet(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gitexp.ops.read.list_all", interrupt)
    said = exp("ls")
    assert (said.code, said.out, said.err) == (130, "", "")


def test_a_reader_that_goes_away_is_quiet(exp: Program, environ: dict[str, str]) -> None:
    exp.record("first")
    process = subprocess.Popen(
        [*ARGV, "ls", "--json"],
        env=program_environ(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait() == 141


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_taken_for_nowhere(exp: Program, environ: dict[str, str], streams: str) -> None:
    shell = ["sh", "-c", f'exec "$@" {streams}', "sh", *ARGV]
    for command, code in ((["ls"], 0), (["run", "echo", "x"], 0), (["help"], 0), (["shwo"], 2)):
        said = subprocess.run(
            [*shell, *command], env=program_environ(environ), capture_output=True, text=True, check=False
        )
        assert said.returncode == code
        assert "Traceback" not in said.stderr
    assert exp("logs").out == "x\n"
    exp.repo.fsck()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_behind_stdout(exp: Program, environ: dict[str, str]) -> None:
    exp.record("first")
    with open("/dev/full", "w") as full:
        said = subprocess.run(
            [*ARGV, "ls"], env=program_environ(environ), stdout=full, stderr=subprocess.PIPE, check=False
        )
    error = b"error: cannot write: No space left on device\nhint: df -h .git\n"
    assert (said.returncode, said.stderr) == (128, error)


def test_a_folder_that_is_gone(exp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for command in ("ls", "help"):
        said = exp(command)
        assert (said.code, said.out) == (128, "")
        assert said.err == "error: the current folder does not exist any more\nhint: cd to another one\n"


HEAVY = ("pygit2", "dulwich", "ruamel", "tomlkit", "deepdiff", "numpy", "asyncio", "importlib.metadata")


def loaded(environ: dict[str, str], *arguments: str) -> set[str]:
    """The modules that one call imports."""
    code = (
        "import sys; sys.argv = ['git-exp', *sys.argv[1:]]\n"
        "from gitexp.cli.main import main; main(); sys.stdout.flush()\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    said = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path += {sys.path!r}\n{code}", *arguments],
        env=program_environ(environ),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(said.stderr.splitlines())


def test_the_version_is_told_before_anything_heavy_is_imported(environ: dict[str, str]) -> None:
    modules = loaded(environ, "--version")
    assert "gitexp.cli.main" in modules
    assert modules.isdisjoint((*HEAVY, "click", "subprocess", "json", "gitexp.errors"))


@pytest.mark.parametrize("command", [["-h"], ["ls"], ["show", "@"], ["diff", "@", "@~1"]])
def test_looking_imports_nothing_heavy(exp: Program, environ: dict[str, str], command: list[str]) -> None:
    exp.record("first")
    exp.record("second", "1", "--note", "x")
    modules = loaded(environ, *command)
    assert ("click" in modules) is (command != ["ls"])
    assert not [m for m in modules if m.split(".")[0] in HEAVY or m in HEAVY]


def test_a_list_of_what_is_indexed_makes_no_classes(exp: Program, environ: dict[str, str]) -> None:
    """Data classes that are made as modules are read take longer than all else that it needs."""
    exp.record("first")
    exp("ls")
    modules = loaded(environ, "ls")
    assert "gitexp.ops.goals" in modules
    assert modules.isdisjoint(("dataclasses", "hashlib", "gitexp.model.evaluation"))


def test_a_file_in_the_place_of_our_folder_stops_only_what_writes(exp: Program) -> None:
    name = exp("save", "--name", "one").err.split()[1]
    home = exp.repo.path / ".git/exp"
    shutil.rmtree(home)
    home.write_text("")
    for reading in (["ls", "--name-only"], ["show", name], ["undo", "--list"]):
        assert exp(*reading).code == 0
    said = exp("tag", name, "+a")
    assert (said.code, said.out) == (128, "")
    assert said.err.startswith(f"error: cannot use '{home}': File exists\nhint: ls -ld .git/exp ")
