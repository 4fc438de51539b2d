"""What a run read without anybody telling."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

from gitexp.artifacts.digests import DigestCache
from tests.cli.program import Program, killed

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def shown(exp: Program) -> dict[str, Any]:
    found: dict[str, Any] = exp("show", "--json", "@").json
    return found


def brief(exp: Program) -> list[tuple[str, str, str]]:
    inputs = shown(exp)["inputs"]
    return [(role, one["name"], one["how"]) for role, ones in inputs.items() for one in ones]


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def project(exp: Program) -> Program:
    exp.repo.write(".gitignore", "data/\nout/\n")
    exp.repo.write("params.yaml", "lr: 1\n")
    exp.repo.write("prompts/qa ü.txt", "be brief\n")
    exp.repo.write("data/train.csv", "1,2\n")
    exp.repo.write("helper.py", "")
    return exp


READS = """
import pathlib, random, sys
random.seed(3)
for name in ("data/train.csv", "prompts/qa ü.txt", "params.yaml", "helper.py"):
    pathlib.Path(name).read_text()
pathlib.Path("out").mkdir(exist_ok=True)
pathlib.Path("out/cache.txt").write_text("x")
pathlib.Path("out/cache.txt").read_text()
"""


def test_files_that_were_read_are_inputs(project: Program) -> None:
    project.repo.write("read.py", READS)
    before = project.repo.git("status", "--porcelain")
    command = ("--", sys.executable, "read.py")
    assert project("run", *command).code == 0
    expected = [
        {"name": path, "path": path, "oid": sha256(data), "size": len(data), "how": "observed"}
        for path, data in (("data/train.csv", b"1,2\n"), ("prompts/qa ü.txt", b"be brief\n"))
    ]
    found = shown(project)
    assert found["inputs"]["file"] == expected
    assert found["inputs"]["seeds"] == [{"name": "seeds", "value": {"python": 3}, "how": "observed"}]
    assert found["env"]["trace"] == {"mode": "open"}
    assert project.repo.git("status", "--porcelain") == before
    project.repo.fsck()
    assert "reused" in project("run", "--reuse", *command).err
    project.repo.write("data/train.csv", "3,4\n")
    assert "reused" not in project("run", "--reuse", "-S", "lr=1", *command).err
    assert shown(project)["inputs"]["file"][0]["oid"] == sha256(b"3,4\n")


def test_what_is_declared_is_not_told_twice(project: Program) -> None:
    project.repo.write(".gitexp.yaml", "inputs: {dataset: data, seeds: {python: 3}}\n")
    project.repo.write("read.py", READS)
    assert project("run", "-S", "lr=2", "--", sys.executable, "read.py").code == 0
    assert brief(project) == [
        ("dataset", "data", "declared"),
        ("file", "prompts/qa ü.txt", "observed"),
        ("seeds", "seeds", "declared"),
    ]


def test_what_the_run_changed_or_made_itself(project: Program) -> None:
    project.repo.write("data/state", "0")
    project.repo.write("data/gone", "0")
    code = """
import subprocess
open("data/state").read()
open("data/gone").read()
command = "echo 1 > data/state; cp data/train.csv data/copy; echo x > data/made; rm data/gone"
subprocess.run(command, shell=True, check=True)
open("data/made").read()
"""
    assert project("run", "--", sys.executable, "-c", code).code == 0
    gone, one = shown(project)["inputs"]["file"]
    assert gone == {"name": "data/gone", "path": "data/gone", "pin": "inferred", "how": "observed"}
    assert (one["name"], one["pin"], one["oid"]) == ("data/state", "inferred", sha256(b"1\n"))


def test_temporary_files_that_were_there_before_are_inputs(project: Program, tmp_path: Path) -> None:
    there, own = tmp_path / "before.csv", tmp_path / "own.csv"
    there.write_text("1,2\n")
    # Unpacked by another program, with the time that it had in the archive.
    copy = f"import subprocess\nsubprocess.run(['cp', '-p', {str(there)!r}, {str(own)!r}], check=True)\n"
    project.repo.write("read.py", f"{copy}open({str(there)!r}).read(); open({str(own)!r}).read()\n")
    command = ("--", sys.executable, "read.py")
    assert project("run", *command).code == 0
    found = shown(project)["inputs"]["file"]
    assert [(one["name"], one["oid"]) for one in found] == [("before.csv", sha256(b"1,2\n"))]
    there.write_text("3,4\n")
    assert "reused" not in project("run", "--reuse", *command).err


def test_what_changed_after_it_was_read_is_computed_again(project: Program) -> None:
    project.repo.write("data/state", "0")
    code = "text = open('data/state').read(); open('data/state', 'w').write(text + '1')"
    assert project("run", "--", sys.executable, "-c", code).code == 0
    assert brief(project) == [("file", "data/state", "observed")]
    assert "reused" not in project("run", "--reuse", "--", sys.executable, "-c", code).err


def test_very_many_files_are_few_inputs(project: Program) -> None:
    for number in range(120):
        project.repo.write(f"data/images/{number}.png", str(number))
    for number in range(12):
        project.repo.write(f"data/{number}.txt", str(number))
    code = "import pathlib; [one.read_bytes() for one in pathlib.Path('data').rglob('*') if one.is_file()]"
    assert project("run", "--", sys.executable, "-c", code).code == 0
    files = {one["name"]: one for one in shown(project)["inputs"]["file"]}
    assert len(files) == 16
    folder = DigestCache(project.repo.path / "none").folder(project.repo.path / "data/images")
    assert files["data/images"]["oid"] == f"sha256:{folder.oid}"
    assert "and 6 more" in project("show").out
    assert project("run", "--", sys.executable, "-c", code.replace("'*'", "'1*'")).code == 0
    assert len(shown(project)["inputs"]["file"]) == 34
    assert "reused" in project("run", "--reuse", "--", sys.executable, "-c", code).err


def test_any_program_is_seen_through_inotify(project: Program) -> None:
    assert project("run", "--trace", "inotify", "--", "cat", "data/train.csv").code == 0
    assert brief(project) == [("file", "data/train.csv", "observed")]
    assert shown(project)["env"]["trace"] == {"mode": "inotify"}


def test_a_run_in_a_run_notes_for_itself(project: Program) -> None:
    project.repo.write("metrics.json", "{}")
    inner = ["git", "exp", "run", "--", sys.executable, "-c", "open('data/train.csv')"]
    code = f"open('prompts/qa ü.txt'); import subprocess; subprocess.run({inner!r}, check=True)"
    assert project("run", "--", sys.executable, "-c", code).code == 0
    names = [one["name"] for one in project("ls", "--json").json["runs"]]
    found = [
        [one["name"] for one in project("show", "--json", name).json["inputs"]["file"]] for name in names
    ]
    assert sorted(found) == [["data/train.csv"], ["prompts/qa ü.txt"]]


def test_nothing_is_noted_where_that_was_asked_for_or_cannot_be(project: Program) -> None:
    code = "open('data/train.csv'); import os; print('GITEXP_OBSERVE' in os.environ)"
    done = project("run", "--trace", "off", "--", sys.executable, "-c", code)
    assert (done.out, brief(project), "trace" in shown(project)["env"]) == ("False\n", [], False)
    assert project("run", "--", sys.executable, "-I", "-c", code).code == 0
    assert brief(project) == []
    assert "-I" in shown(project)["env"]["trace"]["missed"][0]
    project.repo.git("config", "exp.trace", "all")
    done = project("run", "--", "true")
    assert (done.code, done.err) == (2, "error: exp.trace is 'all'\nhint: git config exp.trace open\n")


def test_reports_of_strangers_do_no_harm(project: Program) -> None:
    code = """
import json, os
folder = os.environ["GITEXP_OBSERVE"]
for name in ("a\\x1b[2J\\nb", "\\udcff"):
    open("data/" + name, "w").close()
    os.utime("data/" + name, (1, 1))
paths = ["/etc/passwd", "/w" + "/.." * 2000, *map(os.path.abspath, ("data/a\\x1b[2J\\nb", "data/\\udcff"))]
strange = [b"r1 1 " + os.fsencode(path) for path in paths] + [b"x" * 100000, b"s\\x1b[2J 5", b"r9e9 x /a"]
call = {"model": "m\\x1b[2J", "provider": "p", "settings": {"a": float("inf")}, "seen": [1], "tools": {}}
strange += [b"c" + json.dumps(call).encode(), b'c{"model": "n", "provider": 5}', b'cNaN']
open(folder + "/1-a", "wb").write(b"\\0".join(strange))
os.symlink("/etc/passwd", folder + "/link")
"""
    assert project("run", "--", sys.executable, "-c", code).code == 0
    page = project("show")
    assert page.code == 0
    assert "\x1b" not in page.out
    assert ("file", "data/a\x1b[2J\nb", "observed") in brief(project)
    assert not any("passwd" in name for _, name, _ in brief(project))
    project.repo.fsck()


def test_models_of_caches_and_services(project: Program, tmp_path: Path) -> None:
    snapshot = tmp_path / "hf" / "hub" / "models--org--tiny" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    code = f"""
import json, os
open({str(snapshot / "config.json")!r}).read()
fact = {{"model": "gpt-x", "provider": "openai"}}
facts = [{{**fact, "seen": {{"response_model": "gpt-x-1"}}}}, {{**fact, "settings": {{"temperature": 0.5}}}}]
told = b"".join(b"c" + json.dumps(one).encode() + b"\\0" for one in facts)
open(os.environ["GITEXP_OBSERVE"] + "/1-a", "wb").write(told)
"""
    assert project("run", "--", sys.executable, "-c", code).code == 0
    found = shown(project)["inputs"]
    assert [one["name"] for one in found["model"]] == ["org/tiny", "gpt-x"]
    assert found["model"][0]["value"] == {"name": "org/tiny", "revision": COMMIT}
    assert found["settings"][0]["value"] == {"temperature": 0.5}
    assert project("run", "--use", "model=gpt-x", "--", sys.executable, "-c", code).code == 0
    [one] = shown(project)["inputs"]["model"]
    assert (one["how"], one["seen"]) == ("declared", {"response_model": "gpt-x-1"})


def test_what_a_killed_run_had_read_is_noted_when_it_is_recovered(
    project: Program, environ: dict[str, str]
) -> None:
    project.repo.write("read.py", READS)
    name = killed(project, environ, f"{sys.executable} read.py;")
    (project.repo.path / "prompts/qa ü.txt").write_text("be long\n")
    said = project("recover")
    assert said.err == f"note: run '{name}' had died; it is recorded as crashed\n"
    found = shown(project)
    files = {one["name"]: (one["oid"], one.get("pin")) for one in found["inputs"]["file"]}
    assert files == {
        "data/train.csv": (sha256(b"1,2\n"), None),
        "prompts/qa ü.txt": (sha256(b"be long\n"), "inferred"),
    }
    assert found["inputs"]["seeds"] == [{"name": "seeds", "value": {"python": 3}, "how": "observed"}]
    assert found["env"]["trace"] == {"mode": "open"}
    assert found["status"] == "crashed"
    project.repo.fsck()
