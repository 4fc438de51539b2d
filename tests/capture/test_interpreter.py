from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from gitexp.capture import interpreter


def program(path, text="\x7fELF"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def venv(folder, version="3.12.4", settings=""):
    program(folder / "bin/python")
    (folder / "lib" / f"python{version.rpartition('.')[0]}" / "site-packages").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n{settings}")
    return folder


@pytest.fixture
def work(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture
def environ(tmp_path):
    return {"PATH": str(venv(tmp_path / "env") / "bin"), "HOME": str(tmp_path / "home")}


@pytest.mark.parametrize(
    "command",
    [
        "python train.py",
        "env A=1 B=2 python train.py",
        "env -u A python",
        "nohup python train.py",
        "time -p python train.py",
        "nice -n 5 python train.py",
        "nice python",
        "timeout -k 5 1h python x",
        "stdbuf -oL python x",
        "env X=1 nohup nice -n 3 time python -m train",
        "mpirun -np 4 --bind-to core python train.py",
        "srun --gres=gpu:1 python train.py",
        "uv run --with rich python train.py",
        "poetry run python train.py",
        "pdm run train.py",
    ],
)
def test_finds_the_python_of_a_command(command, environ, work):
    found = interpreter.find(command.split(), work, environ)
    assert found is not None
    assert (found.version, found.implementation, found.kind) == ("3.12.4", "cpython", "venv")
    assert [folder.name for folder in found.site_packages] == ["site-packages"]


@pytest.mark.parametrize(
    "command", ["", "sh -c python", "ls", "missing", "env", "nice -n", "./python", "srun hostname"]
)
def test_other_commands_have_none(command, environ, work):
    assert interpreter.find(command.split(), work, environ) is None


def test_scripts_by_their_first_line(environ, work):
    python = Path(environ["PATH"], "python")
    for name, text in {
        "direct": f"#!{python}\nimport sys",
        "by_env": "#!/usr/bin/env python\n",
        "with_options": f"#!{python} -E\n",
        "by_env_s": "#!/usr/bin/env -S python -u\n",
        "long": f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\nimport sys",
    }.items():
        program(work / name, text)
        found = interpreter.find([f"./{name}", "--lr", "1"], work, environ)
        assert found is not None, name
        assert found.version == "3.12.4"
    program(work / "shell", "#!/bin/sh\npython x\n")
    assert interpreter.find(["./shell"], work, environ) is None


def test_project_environment_is_preferred(environ, work):
    (work / "pyproject.toml").write_text("")
    venv(work / ".venv", "3.10.1")
    (work / "sub").mkdir()
    for tool in ("uv", "poetry", "pdm"):
        found = interpreter.find([tool, "run", "python", "x"], work / "sub", environ)
        assert found is not None
        assert found.version == "3.10.1"
    active = {**environ, "VIRTUAL_ENV": str(venv(work / "active", "3.13.0"))}
    found = interpreter.find(["uv", "run", "python"], work.parent, active)
    assert found is not None
    assert found.version == "3.13.0"


def test_pyenv_shims(tmp_path, work, environ):
    root = tmp_path / "pyenv"
    program(root / "shims/python", '#!/usr/bin/env bash\nexec "/x/pyenv" exec "$program" "$@"\n')
    for version in ("3.11.9", "3.12.1"):
        program(root / "versions" / version / "bin/python3.1")
        (root / "versions" / version / "bin/python").symlink_to("python3.1")
        (root / "versions" / version / "lib/python3.1/site-packages").mkdir(parents=True)
    (root / "version").write_text("3.11.9\n")
    shims = {"PATH": str(root / "shims")}

    def prefix(**more):
        found = interpreter.find(["python"], work, {**shims, **more})
        return found.prefix.name if found else None

    assert prefix() == "3.11.9"
    (work / ".python-version").write_text("3.12.1\n")
    assert prefix() == "3.12.1"
    assert prefix(PYENV_VERSION="3.11.9") == "3.11.9"
    assert prefix(PYENV_VERSION="2.7") is None


def test_conda(tmp_path, work):
    prefix = tmp_path / "conda"
    program(prefix / "bin/python3.10")
    (prefix / "bin/python").symlink_to("python3.10")
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta/python-3.10.13-h1_0_cpython.json").write_text("{}")
    (prefix / "lib/python3.10/site-packages").mkdir(parents=True)
    found = interpreter.find([str(prefix / "bin/python")], work, {})
    assert found is not None
    assert (found.version, found.kind, len(found.site_packages)) == ("3.10.13", "conda", 1)


def test_system_and_user_folders(tmp_path, work):
    program(tmp_path / "usr/bin/python3.11")
    for folder in ("usr/lib/python3/dist-packages", "home/.local/lib/python3.11/site-packages"):
        (tmp_path / folder).mkdir(parents=True)
    environ = {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "usr/bin")}
    found = interpreter.find(["python3.11"], work, environ)
    assert found is not None
    assert (found.version, found.kind) == ("3.11", "system")
    assert [f.parent.parent.name for f in found.site_packages] == ["lib", "lib"]
    found = interpreter.find(["python3.11"], work, {**environ, "PYTHONNOUSERSITE": "1"})
    assert found is not None
    assert len(found.site_packages) == 1


def test_agrees_with_a_real_virtual_environment(tmp_path, work):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "real"], check=True)
    python = tmp_path / "real/bin/python"
    code = "import site, platform; print(platform.python_version(), *site.getsitepackages())"
    version, *folders = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    found = interpreter.find([str(python)], work, {})
    assert found is not None
    assert found.version == version
    assert {os.path.realpath(f) for f in found.site_packages} == {os.path.realpath(f) for f in folders}


def test_current():
    found = interpreter.current()
    assert found.version == platform.python_version()
    assert found.prefix == Path(sys.prefix)
    assert any((folder / "pytest").is_dir() for folder in found.site_packages)


@pytest.mark.parametrize(
    ("command", "interactive"),
    [
        ("python", True),
        ("python3.11 -u -", True),
        ("python -i", True),
        ("python -m ipykernel_launcher -f kernel.json", True),
        ("ipython notes.py", True),
        ("python train.py -", False),
        ("python -u train.py", False),
        ("python -c pass", False),
        ("python -m train", False),
        ("make", False),
    ],
)
def test_what_was_typed_is_told_from_programs(command: str, interactive: bool) -> None:
    assert interpreter.is_interactive(command.split()) is interactive
