"""What commands say of runs that died."""

from __future__ import annotations

import subprocess
import time

from tests.cli.program import ARGV, Program, killed, program_environ


def test_the_next_command_seals_a_dead_run_and_says_so(exp: Program, environ: dict[str, str]) -> None:
    name = killed(exp, environ)
    said = exp("ls", "--json")
    assert said.err == f"note: run '{name}' had died; it is recorded as crashed\n"
    assert said.json["runs"][0]["status"] == "crashed"
    assert exp("logs", name).out == "printed\n"
    assert exp("ls").err == ""
    exp.repo.fsck()


def test_recover_says_what_it_did(exp: Program, environ: dict[str, str]) -> None:
    assert exp("recover").err == "nothing to recover\n"
    name = killed(exp, environ)
    said = exp("recover")
    assert (said.code, said.out) == (0, "")
    assert said.err == f"note: run '{name}' had died; it is recorded as crashed\n"


def test_logs_of_a_live_run_are_followed_to_its_end(exp: Program, environ: dict[str, str]) -> None:
    go = exp.repo.path / "go"
    script = f"printf 'one\\n10%%\\r20%%\\n'; while ! test -e {go}; do sleep 0.05; done; echo two"
    live = subprocess.Popen(
        [*ARGV, "run", "-q", "--name", "live", "--", "sh", "-c", script],
        cwd=exp.repo.path,
        env=program_environ(environ),
        stdout=subprocess.PIPE,
    )
    assert live.stdout is not None
    with live.stdout as out:
        assert out.readline() == b"one\n"
        deadline = time.monotonic() + 20
        while exp("logs", "live").out != "one\n20%\n":
            assert time.monotonic() < deadline
        assert exp("show", "live", "--json").json["status"] == "running"
        assert " so far" in exp("show", "live").out
        follower = subprocess.Popen(
            [*ARGV, "logs", "-f", "live"],
            cwd=exp.repo.path,
            env=program_environ(environ),
            stdout=subprocess.PIPE,
        )
        assert follower.stdout is not None
        with follower.stdout as followed:
            assert followed.readline() == b"one\n"
            go.touch()
            assert followed.read() == b"20%\ntwo\n"
        assert follower.wait() == 0
        out.read()
    assert live.wait() == 0
    assert exp("logs", "-f", "live").out == "one\n20%\ntwo\n"
    assert exp("logs", "live", "--json").json["log"] == "one\n20%\ntwo\n"


def test_a_live_directory_that_cannot_be_read_is_told_and_put_aside_whole(exp: Program) -> None:
    exp("save", "--name", "one")
    home = exp.repo.path / ".git/exp"
    for name, start in (("bad-aaaaaa", "garbage"), ("odd-aaaaaa", '{"version":1}')):
        (home / "live" / name / "journal").mkdir(parents=True)
        (home / "live" / name / "start.json").write_text(start)
    said = exp("ls")
    assert said.code == 0
    assert "start.json of live run 'bad-aaaaaa' is damaged\nhint: git exp recover\n" in said.err
    said = exp("recover")
    assert said.code == 0, said.err
    assert f"live run 'bad-aaaaaa' cannot be read; it is in '{home / 'damaged/bad-aaaaaa'}' now" in said.err
    assert (home / "damaged/bad-aaaaaa/start.json").read_text() == "garbage"
    assert (home / "damaged/odd-aaaaaa/journal").is_dir()
    assert exp("ls").err == ""
