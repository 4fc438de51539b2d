"""What comes in front of the modules of a Python: what it tells, and that the program does not notice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections import deque
from pathlib import Path

import pytest

from gitexp.capture import reports
from gitexp.capture.reports import Observed
from gitexp.capture.shim import _gitexp_reports
from gitexp.capture.tracing import SHIM, VARIABLE, observed_environment, unobserved


class Observer:
    """Runs programs that are observed, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = folder / "told"
        self.told.mkdir()
        (folder / "data.txt").write_text("1")
        (folder / "other.txt").write_text("2")

    def __call__(self, code: str, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "program.py").write_text(textwrap.dedent(code))
        return self.run(sys.executable, *options, "program.py", **environ)

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        given = observed_environment({**os.environ, **environ}, self.told)
        return subprocess.run(
            command, cwd=self.folder, env=given, capture_output=True, text=True, check=False, timeout=60
        )

    @property
    def seen(self) -> Observed:
        return reports.read(self.told)

    @property
    def names(self) -> set[str]:
        """What was read in the folder."""
        return {one.removeprefix(f"{self.folder}/") for one in self.seen.reads if str(self.folder) in one}


@pytest.fixture
def observed(tmp_path: Path) -> Observer:
    return Observer(tmp_path.resolve())


def test_what_is_opened_is_told_with_its_folder(observed: Observer) -> None:
    done = observed(
        """
        import io, os, pathlib
        os.mkdir("below")
        for name in ("made", "both", "below/data.txt"):
            pathlib.Path(name).write_text("x")
        open("both").read()
        open(b"data.txt").read()
        folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
        os.close(os.open("other.txt", os.O_RDONLY, dir_fd=folder))
        try:
            open("gone")
        except FileNotFoundError:
            pathlib.Path("gone").write_text("x")
        os.close(folder)
        os.chdir("below")
        pathlib.Path("data.txt").read_text()
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert observed.names == {"data.txt", "other.txt", "below/data.txt"}
    written = {os.path.basename(one) for one in observed.seen.writes}
    assert written == {"made", "both", "data.txt", "gone"}
    assert (observed.seen.processes, observed.seen.killed) == (1, 0)


SAME = """
import _io, builtins, copy, inspect, io, os, pickle, posix, shutil, sys, types, warnings

assert builtins.open is io.open
assert type(io.open) is not type(_io.open)  # or this proves nothing
pairs = (open, _io.open), (os.open, posix.open), (os.chdir, posix.chdir), (os._exit, posix._exit)
for ours, real in pairs:
    assert inspect.signature(ours) == inspect.signature(real)
    assert (repr(ours), ours.__doc__, ours.__name__) == (repr(real), real.__doc__, real.__name__)
    assert inspect.isbuiltin(ours) and inspect.isroutine(ours) and isinstance(ours, types.BuiltinFunctionType)
    assert pickle.loads(pickle.dumps(ours)) is ours and copy.deepcopy(ours) is ours
    for calls in ((), (None,) * 9, ("/", "q"), (1.5, 0), ("/gone/x", 0)):
        said = []
        for function in (ours, real):
            try:
                function(*calls)
            except Exception as error:
                said.append((type(error), str(error)))
        assert len(said) == 2 and said[0] == said[1], said

class Asked:
    times = 0
    def __init__(self, answer):
        self.answer = answer
    def __fspath__(self):
        self.times += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

asked = Asked("data.txt")
with open(asked) as file, open(Asked(b"data.txt"), "rb") as other, open(file.fileno(), closefd=False) as same:
    assert (file.name, other.name, same.name, asked.times) == ("data.txt", b"data.txt", file.fileno(), 1)
odd = ((), {}), ((), {"mode": "r"}), (("x",), {"x": 1}), ((*"xr", -1, None, None, None, True, None, 9), {})
bad = ((Asked(KeyError("k")),), {}), ((Asked(1),), {}), (("x", 5), {}), (("x", "q"), {})
for calls, named in odd + bad:
    said = []
    for function in (open, _io.open):
        try:
            function(*calls, **named)
        except Exception as error:
            said.append((type(error), str(error), error.__context__))
    assert len(said) == 2 and said[0] == said[1], said

class Holder:
    open = open
    descriptor = os.open

assert Holder().open("data.txt").read() == "1"
os.close(Holder().descriptor("data.txt", os.O_RDONLY))
assert shutil.rmtree.avoids_symlink_attacks and os.open in os.supports_dir_fd
assert not any("shim" in entry for entry in sys.path), sys.path
assert "sitecustomize" not in sys.modules

def lines(action, kind):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        action()
    return [one.filename for one in found if issubclass(one.category, kind)]

def unclosed():
    open("data.txt")

assert lines(lambda: open("data.txt", "rb", 1).close(), RuntimeWarning) == [__file__]
assert lines(lambda: open("data.txt", "rb", buffering=1).close(), RuntimeWarning) == [__file__]
assert lines(lambda: open("data.txt", "rb", 0).close(), RuntimeWarning) == []
assert lines(unclosed, ResourceWarning) == [__file__]
assert open("data.txt", buffering=1).line_buffering
"""


def test_the_program_does_not_notice(observed: Observer) -> None:
    done = observed(SAME)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_warning_of_a_default_encoding_names_the_caller(observed: Observer) -> None:
    code = "text = open('data.txt')\nassert open('data.txt', encoding='ascii').encoding == 'ascii'\n"
    done = observed(code, "-X", "warn_default_encoding")
    assert done.returncode == 0
    assert [line for line in done.stderr.splitlines() if "Warning" in line] == [
        f"{observed.folder}/program.py:1: EncodingWarning: 'encoding' argument not specified"
    ]
    assert "data.txt" in observed.names


@pytest.mark.parametrize("before", [None, "", "mine"])
def test_the_path_of_others_stays(observed: Observer, before: str | None) -> None:
    environ = {} if before is None else {"PYTHONPATH": before}
    (observed.folder / "mine").mkdir()
    (observed.folder / "mine" / "theirs.py").write_text("WHO = 'theirs'\n")
    (observed.folder / "mine" / "sitecustomize.py").write_text("import builtins\nbuiltins.chained = 'yes'\n")
    done = observed(
        """
        import builtins, subprocess, sys
        if "mine" in str(sys.path):
            import theirs, sitecustomize
            assert theirs.WHO == "theirs" and sitecustomize.builtins.chained == "yes"
        else:
            assert not hasattr(builtins, "chained")
        subprocess.run([sys.executable, "-c", "open('other.txt')"], check=True)
        """,
        **environ,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert observed.names == {"other.txt"}
    assert observed.seen.processes == 2


def test_trouble_in_their_sitecustomize_is_theirs(observed: Observer) -> None:
    (observed.folder / "mine").mkdir()
    (observed.folder / "mine" / "sitecustomize.py").write_text("import not_there\n")
    done = observed("open('data.txt')", PYTHONPATH="mine")
    assert done.returncode == 0
    assert "not_there" in done.stderr
    assert observed.names == {"data.txt"}


@pytest.mark.parametrize("option", ["-I", "-S", "-E"])
def test_pythons_that_escape(observed: Observer, option: str) -> None:
    assert observed("open('data.txt')", option).returncode == 0
    assert observed.seen == Observed()


def test_forks_workers_and_hard_exits(observed: Observer) -> None:
    done = observed(
        """
        import multiprocessing, os, random

        def read(name):
            random.seed(99)
            return open(name).read()

        if __name__ == "__main__":
            random.seed(3)
            for way, name in (("fork", "data.txt"), ("spawn", "other.txt")):
                with multiprocessing.get_context(way).Pool(1) as pool:
                    pool.map(read, [name])
            if not os.fork():
                open("program.py")
                os._exit(0)
            os.wait()
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert observed.names == {"data.txt", "other.txt", "program.py"}
    # Those of workers follow from that of the program.
    assert observed.seen.seeds == [("python", 3)]


def test_a_killed_process_is_told_of(observed: Observer) -> None:
    done = observed("import os; open('data.txt'); os.kill(os.getpid(), 9)")
    assert done.returncode == -signal.SIGKILL
    assert (observed.names, observed.seen.killed) == ({"data.txt"}, 1)


def test_who_is_killed_has_told_nearly_all_that_it_read(observed: Observer) -> None:
    for number in range(500):
        (observed.folder / f"{number}.txt").touch()
    done = observed(
        """
        import os, pathlib, time
        for number in range(500):
            open(f"{number}.txt").close()
        for again in range(200 if pathlib.Path("data.txt").read_text() == "2" else 0):
            time.sleep(0.001)
            open("0.txt").close()
        os.kill(os.getpid(), 9)
        """
    )
    assert done.returncode == -signal.SIGKILL
    assert len(observed.names) > 500 - 16
    # A file that is opened again gives the others the occasion.
    (observed.folder / "data.txt").write_text("2")
    for path in observed.told.iterdir():
        path.unlink()
    assert observed.run(sys.executable, "program.py").returncode == -signal.SIGKILL
    assert len(observed.names) == 501


def test_an_interrupt_ends_the_program_as_ever(observed: Observer) -> None:
    done = observed("import os, signal; open('data.txt'); os.kill(os.getpid(), signal.SIGINT)")
    assert done.returncode == -signal.SIGINT
    assert ("data.txt" in observed.names, observed.seen.killed) == (True, 0)


def test_seeds_are_told_as_they_were_set(observed: Observer) -> None:
    (observed.folder / "torch.py").write_text("def manual_seed(seed):\n    return ('generator', seed)\n")
    done = observed(
        """
        import random, torch
        import numpy as np
        from numpy.random import default_rng
        random.seed(1)
        np.random.seed(np.int64(2))
        default_rng()
        made = default_rng([4, 5])
        assert default_rng(made) is made
        assert torch.manual_seed(6) == ("generator", 6)
        class Holder:
            seed = np.random.seed
        Holder().seed(7)
        import copy, pickle
        for one in (random.seed, np.random.seed, default_rng, torch.manual_seed):
            assert pickle.loads(pickle.dumps(one)) is one and copy.deepcopy(one) is one
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    expected = [("python", 1), ("numpy", 2), ("numpy.default_rng", None), ("numpy.default_rng", [4, 5])]
    assert observed.seen.seeds == [*expected, ("torch", 6), ("numpy", 7)]


CLIENT = """
class BaseClient:
    base_url = "https://api.openai.com/v1/"
    def _build_request(self, options, *, retries_taken=0):
        return Request(options)
    def _process_response_data(self, *, data, cast_to, response):
        return cast_to(data)

class Request:
    def __init__(self, options):
        self.options = options

class Options:
    def __init__(self, url, json_data, extra_json=None):
        self.url, self.json_data, self.extra_json = url, json_data, extra_json

class Response:
    def __init__(self, request):
        self.request = request

class SyncAPIClient(BaseClient):
    def post(self, url, body, *answers):
        request = self._build_request(Options(url, body))
        given = {"cast_to": dict, "response": Response(request)}
        return [self._process_response_data(data=one, **given) for one in answers]

class AsyncAPIClient(BaseClient):
    async def post(self, url, body, *answers):
        return SyncAPIClient.post(self, url, body, *answers)
"""


def test_calls_of_models_are_told_without_what_is_said(observed: Observer) -> None:
    package = observed.folder / "openai"
    package.mkdir()
    (package / "__init__.py").write_text("from ._base_client import *\n")
    (package / "_base_client.py").write_text(CLIENT)
    done = observed(
        """
        import asyncio, openai
        body = {
            "model": "gpt-x", "temperature": 0.5, "seed": 7, "tools": [{"name": "f"}], "user": "someone",
            "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "a secret"}],
        }
        answer = {"model": "gpt-x-1", "system_fingerprint": "fp_1", "choices": ["private"]}
        assert openai.SyncAPIClient().post("/chat/completions", body, answer) == [answer]
        parts = {"type": "created", "response": {"model": "m2-1"}}, {"type": "delta"}
        told = openai.AsyncAPIClient().post("/responses", {"model": "m2"}, *parts)
        assert asyncio.run(told) == [*parts]
        openai.SyncAPIClient().post("/files", {"model": "m3"}, {})
        body = {"model": "m4", "tools": object(), "thinking": b"x", "seed": {1}, "n": 2, "instructions": "a"}
        openai.SyncAPIClient().post("/chat/completions", body, {})
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    facts = observed.seen.calls
    assert {"provider": "openai", "model": "gpt-x", "settings": {"temperature": 0.5}} in facts
    assert {"provider": "openai", "model": "gpt-x", "seed": 7} in facts
    seen = {"response_model": "gpt-x-1", "system_fingerprint": "fp_1"}
    assert {"provider": "openai", "model": "gpt-x", "seen": seen} in facts
    assert {"provider": "openai", "model": "m2", "seen": {"response_model": "m2-1"}} in facts
    assert {one["model"] for one in facts} == {"gpt-x", "m2", "m4"}
    # What JSON does not have is no harm to the rest.
    kept = [one for one in facts if one["model"] == "m4"]
    assert [next(iter(one.keys() - {"model", "provider"})) for one in kept] == ["prompt", "settings", "more"]
    assert kept[1]["settings"] == {"n": 2}
    told = b"".join(path.read_bytes() for path in observed.told.iterdir())
    assert b"sha256:" in told
    for private in (b"secret", b"brief", b"private", b"someone"):
        assert private not in told


def test_scripts_modules_and_code_are_told_of(observed: Observer) -> None:
    script = observed.folder / "script"
    script.write_text(f"#!{sys.executable}\nopen('data.txt')\n")
    script.chmod(0o755)
    assert observed.run("./script").returncode == 0
    code = "import os, sys; open('other.txt'); os.execv(sys.executable, [sys.executable, '-c', 'pass'])"
    assert observed.run(sys.executable, "-c", code).returncode == 0
    assert observed.run(sys.executable, "-m", "tokenize", "script").returncode == 0
    assert observed.names == {"data.txt", "other.txt", "script"}
    assert observed.seen.killed == 0


def test_a_project_may_lie_where_its_python_is_installed(observed: Observer) -> None:
    assert observed.run(sys.executable, "-m", "venv", "--without-pip", ".").returncode == 0
    for path in observed.told.iterdir():
        path.unlink()
    (observed.folder / "program.py").write_text("import this; open('data.txt')")
    assert observed.run("bin/python", "program.py").returncode == 0
    assert observed.names == {"data.txt"}
    assert not any("/this" in path for path in observed.seen.reads)


def test_an_import_that_fails_looks_as_ever(observed: Observer) -> None:
    (observed.folder / "torch.py").write_text("def fail():\n    1 / 0\nfail()\n")
    (observed.folder / "program.py").write_text("import torch\n")
    bare = subprocess.run(
        [sys.executable, "program.py"], cwd=observed.folder, capture_output=True, text=True, check=False
    )
    assert "ZeroDivisionError" in bare.stderr
    assert observed.run(sys.executable, "program.py").stderr == bare.stderr


def test_a_file_is_told_once_wherever_the_program_is(observed: Observer) -> None:
    (observed.folder / "below").mkdir()
    observed(
        """
        import os
        for again in range(9):
            os.chdir("below")
            open("../data.txt").close()
            os.chdir("..")
            open("other.txt").close()
            open(os.path.abspath("other.txt")).close()
        """
    )
    [report] = observed.told.iterdir()
    assert report.read_bytes().count(b"other.txt") == 1
    assert report.read_bytes().count(b"data.txt") == 1


def test_a_full_report_still_tells_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_gitexp_reports, "LARGEST", 100)
    monkeypatch.setattr(_gitexp_reports, "_written", {"f": 0})
    parts = (b"r" + b"1" * 60 + b"\0", b"r" + b"2" * 60 + b"\0", b"r3\0", b"r4\0e\0")
    assert [_gitexp_reports._fitting("f", part) for part in parts] == [parts[0], b"o\0", b"", b"e\0"]
    monkeypatch.setattr(_gitexp_reports, "_written", {"f": 0})
    assert _gitexp_reports._fitting("f", b"r" + b"1" * 200 + b"\0e\0") == b"o\0e\0"
    assert _gitexp_reports._fitting("f", b"e\0") == b"e\0"


def test_two_threads_that_write_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Raced(deque):  # type: ignore[type-arg]
        def __bool__(self) -> bool:  # until another thread takes the last
            return True

    monkeypatch.setattr(_gitexp_reports, "pending", Raced([("r", "1 1 /a")]))
    monkeypatch.setattr(_gitexp_reports, "files", {str(tmp_path): ""})
    monkeypatch.setattr(_gitexp_reports, "_written", {})
    _gitexp_reports.flush()
    assert "/a" in reports.read(tmp_path).reads


def test_environments_are_made_and_taken_back() -> None:
    folder = Path("/somewhere")
    for before in ({}, {"PYTHONPATH": ""}, {"PYTHONPATH": "/a:/b"}):
        given = observed_environment(before, folder)
        assert given["PYTHONPATH"].split(":") == [
            str(SHIM),
            *filter(None, before.get("PYTHONPATH", "").split(":")),
        ]
        assert given[VARIABLE] == "/somewhere"
        assert observed_environment(given, folder) == given
        assert unobserved(given) == {key: value for key, value in before.items() if value}
        assert unobserved(before) == before
