"""Commands recorded from start to end: params, isolation, results, outputs."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from gitexp.errors import NoWorkTree, RefChanged, UnknownKey
from gitexp.formats.assignment import parse_assignment
from gitexp.ops import results
from gitexp.ops.execute import Executed, Request, Source, execute
from gitexp.ops.read import StoredRun
from gitexp.ops.recording import Recording
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository
from tests.gitrepo import Repo

ROOT = str(Path(__file__).parents[2])
PARAMS = "# the rate\nlr: 0.1  # tuned\n\nmodel: {depth: 3, width: 8}\n"


@pytest.fixture
def here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("PYTHONPATH", ROOT)
    repo.write(".gitignore", "data/\nout/\n.venv/\n__pycache__/\n")
    repo.write("params.yaml", PARAMS)
    repo.git("add", ".")
    repo.git("commit", "-qm", "params")
    return repo


def run(code: str, *changes: str, **options: object) -> tuple[Executed, StoredRun]:
    repo = Repository.open()
    request = Request(
        command=(sys.executable, "-c", code),
        assignments=tuple(parse_assignment(text) for text in changes),
        **options,  # type: ignore[arg-type]
    )
    done = execute(repo, request)
    return done, resolve(repo, done.name)


def test_params_and_metrics_files_are_found(here: Repo) -> None:
    done, stored = run("import json; json.dump({'acc': .5, 'val': {'f1': 1}}, open('metrics.json', 'w'))")
    assert done.exit.code == 0
    assert stored.record.params == {"lr": 0.1, "model": {"depth": 3, "width": 8}}
    assert stored.record.metrics == {"acc": 0.5, "val.f1": 1}
    here.fsck()


def test_metrics_of_an_earlier_run_are_not_taken_for_this_ones(here: Repo) -> None:
    here.write("metrics.json", '{"acc": 0.9}')
    _, stored = run("pass")
    assert stored.record.metrics == {}
    done, stored = run("pass", metrics_files=("metrics.json",))
    assert stored.record.metrics == {}
    assert "was not written by this run" in done.notices[0]


def test_series_files(here: Repo) -> None:
    lines = "epoch,loss,acc\\n1,0.5,nan\\n2,0.25,0.75\\n"
    _, stored = run(f"open('metrics.csv', 'w').write('{lines}')")
    series = stored.history().series("loss")
    assert (series.steps, series.values) == ([1, 2], [0.5, 0.25])
    assert stored.record.metrics["acc"] == 0.75


def test_set_runs_with_an_edited_copy_and_leaves_the_file_alone(here: Repo) -> None:
    code = "t = open('params.yaml').read(); open('metrics.yaml', 'w').write(f'n: {len(t)}\\n'); print(t)"
    _, stored = run(code, "lr=1e-3", "model.depth=5")
    expected = PARAMS.replace("0.1", "0.001").replace("3,", "5,")
    assert stored_params(here, stored) == expected
    assert stored.record.params == {"lr": 1e-3, "model": {"depth": 5, "width": 8}}
    assert stored.log().decode() == expected
    assert (here.path / "params.yaml").read_text() == PARAMS
    assert stored.record.metrics == {"n": len(expected)}
    assert here.git("status", "--porcelain") == ""
    assert here.git("worktree", "list").count("\n") == 0
    here.fsck()


def stored_params(here: Repo, stored: StoredRun) -> str:
    return here.git("show", f"exp/{stored.name}:params.yaml") + "\n"


def test_unknown_key_is_refused_before_anything_is_written(here: Repo) -> None:
    with pytest.raises(UnknownKey) as caught:
        run("pass", "model.dept=5")
    assert "model.depth" in str(caught.value.hint)
    assert here.git("for-each-ref", "refs/exp") == ""
    assert not list((here.path / ".git/exp/live").glob("*"))


def test_a_new_key_needs_a_plus(here: Repo) -> None:
    _, stored = run("pass", "+model.dropout=0.5")
    assert stored.record.params["model"] == {"depth": 3, "width": 8, "dropout": 0.5}
    assert "dropout: 0.5" in here.git("show", f"exp/{stored.name}:params.yaml")


def test_params_in_the_command_and_in_the_api(here: Repo) -> None:
    code = "import sys, gitexp; r = gitexp.start(); r.log({'arg': float(sys.argv[1]), 'api': r.params['lr']})"
    repo = Repository.open()
    command = (sys.executable, "-c", code, "{lr}", "{other}", "{model.depth}")
    done = execute(repo, Request(command=command, assignments=(parse_assignment("lr=0.5"),)))
    stored = resolve(repo, done.name)
    assert stored.record.metrics == {"arg": 0.5, "api": 0.5}
    assert stored.record.info.command[-3:] == ("0.5", "{other}", "3")


def test_isolated_run_is_not_disturbed_by_edits_nor_by_another(here: Repo) -> None:
    here.write(
        "train.py", "import time, pathlib\ntime.sleep(.6)\nprint(pathlib.Path('value.txt').read_text())\n"
    )
    here.write("value.txt", "one")
    stored: dict[str, StoredRun] = {}

    def start(name: str) -> None:
        repo = Repository.open()
        done = execute(repo, Request(command=(sys.executable, "train.py"), slug=name, isolated=True))
        stored[name] = resolve(repo, done.name)

    first = threading.Thread(target=start, args=("first",))
    first.start()
    while not list((here.path / ".git/exp/worktrees").glob("first-*/value.txt")):
        pass
    here.write("value.txt", "two")
    start("second")
    first.join()
    assert stored["first"].log() == b"one\n"
    assert stored["second"].log() == b"two\n"
    assert here.git("show", f"exp/{stored['first'].name}:value.txt") == "one"


def test_ignored_files_are_linked_and_outputs_come_back(here: Repo) -> None:
    here.write("data/train.csv", "1\n")
    here.write("out/old.txt", "old")
    code = "open('out/model.bin', 'w').write(open('data/train.csv').read() + open('out/old.txt').read())"
    done, stored = run(code, isolated=True, outputs=("out/model.bin",))
    assert done.notices == ()
    assert here.git("show", f"exp/{stored.name}:.exp/artifacts/out/model.bin") == "1\nold"
    assert not (here.path / "out/model.bin").exists()
    assert [one.path for one in stored.whole.artifacts] == ["out/model.bin"]


def test_link_setting_chooses_what_is_linked(here: Repo) -> None:
    here.write(".gitexp.yaml", "isolated:\n  link: [data]\n")
    here.write("data/a", "a")
    here.write("out/b", "b")
    _, stored = run("import os; print(sorted(os.listdir('.')))", isolated=True)
    assert "'data'" in stored.log().decode()
    assert "'out'" not in stored.log().decode()


def test_missing_output_is_said_not_fatal(here: Repo) -> None:
    done, stored = run("pass", outputs=("model.bin",))
    assert stored.record.info.status == "finished"
    assert "model.bin" in done.notices[0]


def test_isolated_in_a_subfolder(here: Repo) -> None:
    here.write("sub/a.txt", "x")
    here.git("add", ".")
    here.git("commit", "-qm", "sub")
    repo = Repository.open(here.path / "sub")
    done = execute(
        repo, Request(command=(sys.executable, "-c", "print(open('a.txt').read())"), isolated=True)
    )
    stored = resolve(repo, done.name)
    assert stored.log() == b"x\n"
    assert stored.record.info.cwd == "sub"


def test_isolated_on_an_unborn_branch(tmp_path: Path, environ: dict[str, str]) -> None:
    from tests.gitrepo import init

    fresh = init(tmp_path / "unborn", environ)
    fresh.write("a.py", "print('ran')")
    repo = Repository.open(fresh.path, environ)
    done = execute(repo, Request(command=(sys.executable, "a.py"), isolated=True))
    assert resolve(repo, done.name).log() == b"ran\n"
    fresh.fsck()


def test_bare_repository(tmp_path: Path, here: Repo, environ: dict[str, str]) -> None:
    here.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    repo = Repository.open(tmp_path / "bare.git", environ)
    with pytest.raises(NoWorkTree) as caught:
        execute(repo, Request(command=("true",)))
    assert "--isolated" in str(caught.value.hint)
    done = execute(repo, Request(command=("cat", "params.yaml"), isolated=True))
    stored = resolve(repo, done.name)
    assert stored.log().decode() == PARAMS
    assert stored.record.info.code.base == here.git("rev-parse", "HEAD")


@pytest.mark.parametrize("trusted", [True, False])
def test_filters_are_run_only_for_a_source_that_is_trusted(here: Repo, tmp_path: Path, trusted: bool) -> None:
    told = tmp_path / "told"
    here.git("config", "filter.loud.smudge", f"touch '{told}'; cat")
    here.commit("attributes", {".gitattributes": "params.yaml filter=loud\n"})
    _, recorded = run("pass")
    source = Source(recorded.commit, recorded.info.code, recorded.record.params, trusted=trusted)
    repo = Repository.open()
    done = execute(repo, Request(command=("cat", "params.yaml"), source=source))
    assert resolve(repo, done.name).log().decode() == PARAMS
    assert told.exists() is trusted


def test_nested_run_knows_its_parent(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = f"{sys.executable} -m gitexp run -q -- true"
    done, _ = run(f"import subprocess; subprocess.run({inner.split()!r}, check=True)")
    repo = Repository.open()
    child = resolve(repo, "@")
    assert child.record.info.parents == (done.name,)


def test_crlf_params_file_keeps_its_line_ends(here: Repo) -> None:
    here.write(".gitattributes", "params.yaml text eol=crlf\n")
    (here.path / "params.yaml").write_bytes(PARAMS.replace("\n", "\r\n").encode())
    _, stored = run("print(open('params.yaml', 'rb').read().count(b'\\r\\n'))", "lr=0.5")
    assert stored.log() == b"4\n"
    assert "\r" not in here.git("show", f"exp/{stored.name}:params.yaml")


def test_failing_command(here: Repo) -> None:
    done, stored = run("import sys; print('out'); sys.exit(4)")
    assert (done.exit.shell_code, stored.record.info.status, stored.record.info.exit_code) == (4, "failed", 4)
    done, stored = run("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    assert (done.exit.shell_code, stored.record.info.status, stored.record.info.signal) == (
        143,
        "killed",
        "SIGTERM",
    )


def test_exception_in_a_joined_child_is_kept(here: Repo) -> None:
    _, stored = run("import gitexp; gitexp.start(); raise ValueError('bad')")
    failure = stored.record.info.failure
    assert failure is not None
    assert (failure.type, failure.message) == ("ValueError", "bad")
    assert b"ValueError: bad" in stored.log()


def test_secrets_in_the_command_and_the_log_are_masked(here: Repo) -> None:
    repo = Repository.open()
    token = "hf_" + "a1B2" * 9
    done = execute(repo, Request(command=("echo", "--token", token, f"see {token}")))
    stored = resolve(repo, done.name)
    assert stored.record.info.command == ("echo", "--token", "***", "see ***")
    everything = here.git_bytes("cat-file", "--batch-all-objects", "--batch", "--unordered")
    assert b"echo" in everything
    assert token.encode() not in everything


def test_isolated_run_leaves_the_index_that_git_dir_names_alone(
    here: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.write("params.yaml", PARAMS.replace("0.1", "0.2"))
    before = here.git("status", "--porcelain")
    monkeypatch.setenv("GIT_DIR", str(here.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(here.path))
    _, stored = run("import os; print(sorted(k for k in os.environ if k.startswith('GIT_')))", isolated=True)
    assert "'GIT_DIR'" not in stored.log().decode()
    assert "'GIT_WORK_TREE'" not in stored.log().decode()
    run("import subprocess; subprocess.run(['git', 'add', '-A'], check=True)", "lr=0.3")
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_WORK_TREE")
    assert here.git("status", "--porcelain") == before


def test_outputs_of_an_earlier_run_are_not_taken_for_this_ones(here: Repo) -> None:
    here.write("model.bin", "old")
    here.write("out/deep/old.txt", "old")
    done, stored = run("raise SystemExit(1)", outputs=("model.bin", "out"))
    assert stored.whole.artifacts == ()
    assert [notice.split()[1:6] for notice in done.notices] == [
        [repr(name), "was", "not", "written", "by"] for name in ("model.bin", "out")
    ]
    _, stored = run("open('out/deep/new.txt', 'w').write('new')", outputs=("model.bin", "out"))
    assert [one.path for one in stored.whole.artifacts] == ["out/deep/new.txt", "out/deep/old.txt"]


def test_an_output_that_is_a_link_to_itself_is_said_not_fatal(here: Repo) -> None:
    done, stored = run("import os; os.symlink('loop', 'loop')", outputs=("loop",))
    assert stored.record.info.status == "finished"
    assert "loop" in done.notices[0]


def test_results_that_cannot_be_collected_do_not_change_how_the_run_ended(
    here: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> list[str]:
        raise RuntimeError("Symlink loop")

    monkeypatch.setattr(results, "collect", fails)
    done, stored = run("raise SystemExit(3)")
    assert (stored.record.info.status, stored.record.info.exit_code) == ("failed", 3)
    assert "Symlink loop" in done.notices[0]


def test_an_end_that_cannot_be_written_keeps_the_kind_of_its_error(
    here: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RefChanged("ref moved")

    monkeypatch.setattr(Recording, "finish", fails)
    repo = Repository.open()
    done = execute(repo, Request(command=("true",)))
    assert isinstance(done.error, RefChanged)
    assert "ref moved" in str(done.error)
    assert done.error.hint is not None


def test_secret_params_are_masked_in_the_command_and_the_log(here: Repo) -> None:
    here.write(".gitignore", "params.yaml\n")
    here.write("params.yaml", "db:\n  password: correcthorse9\n  pin: 4\nmax_tokens: 12345678\n")
    here.git("rm", "-q", "--cached", "params.yaml")
    repo = Repository.open()
    done = execute(repo, Request(command=("echo", "{db.password}", "correcthorse9", "4", "{max_tokens}")))
    stored = resolve(repo, done.name)
    assert stored.record.info.command == ("echo", "***", "***", "4", "12345678")
    assert stored.log() == b"*** *** 4 12345678\n"


def test_values_of_variables_under_redact_are_masked(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    here.write(".gitexp.yaml", "redact: [MYCRED]\n")
    monkeypatch.setenv("MYCRED", "swordfish7")
    repo = Repository.open()
    stored = resolve(repo, execute(repo, Request(command=("echo", "swordfish7"))).name)
    assert stored.record.info.command == ("echo", "***")
    assert stored.log() == b"***\n"


@pytest.mark.parametrize("way", ["resume", "fork"])
def test_params_of_a_continued_run_are_merged_deeply(here: Repo, way: str) -> None:
    from gitexp.ops import continuing

    here.write("params.yaml", "optim: {lr: 1, wd: 2}\n")
    first, _ = run("pass")
    here.write("params.yaml", "optim: {lr: 5}\n")
    repo = Repository.open()
    origin = (
        continuing.fork(repo, first.name) if way == "fork" else continuing.resume(repo, first.name, now=1e9)
    )
    done = execute(repo, Request(command=("echo", "{optim.lr}", "{optim.wd}"), origin=origin))
    stored = resolve(repo, done.name)
    assert stored.record.params == {"optim": {"lr": 5, "wd": 2}}
    assert stored.record.info.earlier_params == ({"optim.lr": [1]} if way == "resume" else {})
    assert stored.log() == b"5 2\n"


def test_paths_in_options_are_recorded_without_what_only_this_machine_knows(here: Repo) -> None:
    repo = Repository.open()
    words = (f"--data={here.path}/data", f"--cache={repo.environ['HOME']}/cache", "--tmp=/var/tmp", "a=b")
    stored = resolve(repo, execute(repo, Request(command=("echo", *words))).name)
    assert stored.record.info.command[1:] == ("--data=data", "--cache=~/cache", "--tmp=/var/tmp", "a=b")
