from __future__ import annotations

import getpass
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gitexp.capture import environment, interpreter
from gitexp.formats.redact import Redactor

TOP = Path(__file__).parents[2]


def capture(tmp_path, environ=None, **more):
    arguments = {
        "interpreter": interpreter.current(), "environ": environ or {}, "modules": {}, "cwd": tmp_path,
        "top": tmp_path, "redactor": Redactor(()),
    }  # fmt: skip
    return environment.capture(**{**arguments, **more})


def test_what_is_recorded(tmp_path):
    (tmp_path / "uv.lock").write_text("x")
    found = capture(
        tmp_path, {"OMP_NUM_THREADS": "4"}, submodules={"b": "1", "a": "2"}, remote_url="https://u:p@h.org/r"
    )
    env = found.env
    assert list(env) == sorted(env)
    assert {
        "cpu",
        "interpreter",
        "lock_files",
        "memory",
        "platform",
        "remote",
        "submodules",
        "variables",
    } <= env.keys()
    assert env["interpreter"]["version"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}")
    assert env["interpreter"].keys() == {"implementation", "kind", "version"}
    assert env["cpu"]["count"] >= 1
    assert env["remote"] == "https://h.org/r"
    assert list(env["submodules"].items()) == [("a", "2"), ("b", "1")]
    assert env["variables"] == {"OMP_NUM_THREADS": "4"}
    assert "\npytest==" in found.requirements
    names = [line.partition("==")[0] for line in found.requirements.splitlines()]
    assert names == sorted(names)


def test_same_environment_same_record(tmp_path):
    assert capture(tmp_path, {"LANG": "C"}) == capture(tmp_path, {"LANG": "C"})


def test_unknown_interpreter_and_no_work_tree(tmp_path):
    found = capture(tmp_path, interpreter=None, top=None)
    assert found.requirements == ""
    assert not {"interpreter", "lock_files"} & found.env.keys()


def test_only_allowed_variables(tmp_path):
    environ = {
        "LANG": "C",
        "SLURM_JOB_ID": "7",
        "HF_TOKEN": "x",
        "HOME": "/h",
        "MY_FLAG": "1",
        "FSDP_MODE": "y",
    }
    assert capture(tmp_path, environ).env["variables"] == {"FSDP_MODE": "y", "LANG": "C", "SLURM_JOB_ID": "7"}
    assert capture(tmp_path, environ, allow=["MY_*"]).env["variables"] == {"MY_FLAG": "1"}
    assert capture(tmp_path, environ, allow=["*"]).env["variables"].keys() == environ.keys() - {
        "HOME",
        "HF_TOKEN",
    }


@pytest.mark.parametrize(
    "value",
    [
        "/scratch/x",
        "--dump=/tmp/x",
        "a:/b",
        "~/x",
        "C:\\x",
        "for ada only",
        "http://node17.cluster:80",
        "file:///x",
    ],
)
def test_variables_that_tell_whose_machine_it_is_are_left_out(tmp_path, value):
    environ = {"USER": "ada", "HOSTNAME": "node17.cluster", "XLA_FLAGS": value, "TZ": "UTC"}
    assert capture(tmp_path, environ).env["variables"] == {"TZ": "UTC"}


def test_secrets_in_allowed_variables_are_masked(tmp_path):
    environ = {"XLA_FLAGS": "--a=hf_" + "a1B2" * 9, "WANDB_API_KEY": "x" * 40}
    assert capture(tmp_path, environ).env["variables"] == {"XLA_FLAGS": "--a=***"}
    assert "variables" not in capture(tmp_path, environ, allow=["WANDB_API_KEY"]).env


def test_nothing_of_this_machine_and_its_user_enters():
    found = environment.capture(
        interpreter=interpreter.current(), environ=os.environ, modules=sys.modules,
        cwd=TOP / "tests", top=TOP,
        redactor=Redactor(()), allow=[*environment.VARIABLES, "*"], remote_url=str(TOP),
    )  # fmt: skip
    text = json.dumps(found.env) + found.requirements
    assert "numpy" in text
    identities = {str(Path.home()), socket.gethostname(), str(TOP), sys.prefix, os.environ.get("HOSTNAME")}
    for identity in identities - {None, "", "/"}:
        assert identity not in text
    user = getpass.getuser()
    assert user not in found.env["variables"].values()
    assert not any(isinstance(v, str) and v.startswith("/") for v in found.env["variables"].values())


def test_capture_imports_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); import gitexp.capture.environment;"
        "print(*sorted(m for m in set(sys.modules) - before if m.split('.')[0] in"
        " ('importlib.metadata', 'email', 'numpy', 'ruamel', 'pygit2', 'dulwich', 'asyncio')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TOP)
    assert done.stdout.strip() == ""
