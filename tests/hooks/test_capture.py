"""exp-capture: what is recorded of a commit, and when nothing is."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitexp.ops.hooks import inputs
from gitexp.ops.hooks.pending import read
from gitexp.ops.resolve import resolve
from gitexp.ops.trust import Standing, provenance
from tests.cli.program import Program
from tests.gitrepo import FILES, Repo, init
from tests.hooks.evidence import code, git, opened, runs

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 5\n"


def stage(repo: Repo, files: Mapping[str, str | bytes]) -> None:
    for path, text in files.items():
        repo.write(path, text)
    repo.git("add", "--", *files)


def capture(exp: Program, *options: str) -> str | None:
    """The run that a commit of what is staged would name, after the hook was called; nothing fails."""
    said = exp("hook", "capture", *options)
    assert said.code == 0, said.err
    assert "warning" not in said.err, said.err
    assert said.out == ""
    return pending(exp.repo)


def pending(repo: Repo) -> str | None:
    noted = read(opened(repo))
    return noted.run if noted else None


def shown(exp: Program, name: str | None) -> Any:
    assert name is not None
    said = exp("show", name, "--json")
    assert said.code == 0, said.err
    return said.json


def test_the_state_as_it_is_staged(exp: Program) -> None:
    base = exp.repo.git("rev-parse", "HEAD")
    stage(
        exp.repo,
        {
            "params.yaml": "lr: 0.2\nmodel: {depth: 3}\n",
            "metrics.json": '{"acc": 0.5, "inner": {"loss": 1.5}}',
            "metrics.csv": "step,f1\n0,0.1\n10,0.2\n",
        },
    )
    exp.repo.write("params.yaml", "lr: 9\n")
    exp.repo.write("metrics.json", '{"acc": 9}')
    exp.repo.write("untracked.txt", "not committed")
    said = exp("hook", "capture")
    (name,) = runs(exp.repo)
    assert said.err == f"note: what is committed is recorded as run '{name}'\n"
    found = shown(exp, name)
    assert name.startswith("main-")
    assert found["status"] == "captured"
    assert found["code"]["dirty"]
    assert "uncommitted" not in exp("show", name).out
    assert found["started"] == found["ended"]
    assert (found["command"], found["exit_code"], found["parents"]) == (None, None, [])
    assert found["params"] == {"lr": 0.2, "model": {"depth": 3}}
    assert found["metrics"] == {"acc": 0.5, "inner.loss": 1.5, "f1": 0.2}
    assert found["series"]["f1"]["last_step"] == 10
    assert found["env"]["platform"]
    exp.repo.git("commit", "-q", "-n", "-m", "two")
    assert found["code"] == {"tree": code(exp.repo), "base": base, "dirty": True}
    assert exp.repo.git("rev-parse", f"exp/{name}^") == base
    assert not found["stale"]
    exp.repo.fsck()


def test_undo_takes_back_what_a_person_did_and_not_what_was_captured(exp: Program) -> None:
    tried = exp.record("tried")
    assert exp("tag", tried, "+good").code == 0
    assert exp("undo").code == 0
    stage(exp.repo, {"params.yaml": "lr: 0.2\n"})
    captured = capture(exp)
    assert exp("undo", "--redo").code == 0
    assert shown(exp, tried)["tags"] == ["good"]
    assert captured is not None
    assert captured not in exp("undo", "--list").out
    for _ in range(2):
        assert exp("undo").code == 0
    assert runs(exp.repo) == {captured}
    # It was recorded here all the same, so its code may be executed without asking.
    assert provenance(opened(exp.repo), resolve(opened(exp.repo), captured)).standing is Standing.OWN


def test_a_first_commit(tmp_path: Path, environ: dict[str, str], exp: Program, chdir: Any) -> None:
    fresh = init(tmp_path / "unborn", environ)
    chdir(fresh.path)
    stage(fresh, {"params.yaml": "lr: 0.1\n"})
    assert exp("hook", "capture").code == 0
    (name,) = runs(fresh)
    fresh.git("commit", "-q", "-n", "-m", "first")
    assert fresh.git("rev-list", "--count", f"exp/{name}") == "1"
    assert shown(exp, name)["code"] == {"tree": code(fresh), "base": None, "dirty": True}


@pytest.fixture
def chdir(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    return monkeypatch.chdir


NOTHING: dict[str, dict[str, str | bytes]] = {
    "only documentation": {"README.md": "# read me\n"},
    "only code": {"train.py": "print('better')\n"},
    "the same params": {"params.yaml": FILES["params.yaml"]},
    "params in another place": {"sub/params.yaml": "lr: 0.5\n"},
    "never": {".gitexp.yaml": "capture: {when: never}\n", "params.yaml": "lr: 0.5\n"},
    "others are declared": {".gitexp.yaml": "params: other.yaml\n", "params.yaml": "lr: 0.5\n"},
    "nothing is staged": {},
}


@pytest.mark.parametrize("what", NOTHING)
def test_nothing_to_record(exp: Program, what: str) -> None:
    if NOTHING[what]:
        stage(exp.repo, NOTHING[what])
    assert capture(exp) is None
    assert runs(exp.repo) == set()


def test_declared_files_as_the_staged_settings_say(exp: Program) -> None:
    stage(
        exp.repo,
        {
            ".gitexp.yaml": "params: [conf/a.toml]\nmetrics: out/scores.yaml\n",
            "conf/a.toml": "lr = 0.3\napi_key = 'abcdEFGH12345678'\n",
            "out/scores.yaml": "acc: 0.25\n",
            "metrics.yaml": "acc: 0.9\n",
        },
    )
    exp.repo.write(".gitexp.yaml", "params: [train.py]\ncapture: {when: never}\n")
    found = shown(exp, capture(exp))
    assert found["params"] == {"lr": 0.3, "api_key": "***"}
    assert found["metrics"] == {"acc": 0.25}


def test_always(exp: Program) -> None:
    stage(exp.repo, {".gitexp.yaml": "capture: {when: always}\n", "README.md": "x\n"})
    assert shown(exp, capture(exp))["params"] == {"lr": 0.1}


def test_results_that_the_commit_does_not_change_are_not_its_own(exp: Program) -> None:
    exp.repo.commit("results", {"metrics.yaml": "acc: 0.9\n"})
    stage(exp.repo, {"params.yaml": "lr: 0.7\n"})
    found = shown(exp, capture(exp))
    assert (found["params"], found["metrics"]) == ({"lr": 0.7}, {})
    stage(exp.repo, {"metrics.yaml": "acc: 0.8\n"})
    assert shown(exp, capture(exp))["metrics"] == {"acc": 0.8}


def test_the_same_state_is_the_same_run(exp: Program) -> None:
    stage(exp.repo, {"params.yaml": "lr: 0.2\n"})
    name = capture(exp)
    refs = exp.repo.refs()
    assert name is not None
    assert capture(exp) == name  # the commit had failed
    exp.repo.git("commit", "-q", "-n", "-m", "two")
    assert capture(exp) == name  # its message is amended
    stage(exp.repo, {"train.py": "print('else')\n"})
    assert capture(exp) is None
    stage(exp.repo, {"train.py": FILES["train.py"]})
    assert capture(exp) == name
    assert exp.repo.refs("refs/exp/") == {k: v for k, v in refs.items() if k.startswith("refs/exp/")}


def test_a_run_with_this_code_and_these_params_is_taken(exp: Program) -> None:
    exp.repo.write("train.py", "print('tried')\n")
    failed = exp.record("tried", "raise SystemExit(1)")
    stage(exp.repo, {"train.py": "print('tried')\n"})
    assert capture(exp) == failed
    finished = exp.record("tried")
    exp.record("tried", "raise SystemExit(1)")
    assert capture(exp) == finished
    newest = exp.record("tried")
    assert capture(exp) == newest
    assert len(runs(exp.repo)) == 4


def test_a_run_with_other_params_is_not_taken(exp: Program) -> None:
    other = exp.record("other", "pass", "-S", "lr=0.5")
    assert capture(exp) is None  # HEAD's code, and lr 0.1
    stage(exp.repo, {"params.yaml": "lr: 0.5\n"})
    assert capture(exp) == other  # -S writes the file


def test_a_run_may_know_more_params_than_files_do(exp: Program) -> None:
    import gitexp

    with gitexp.start(params={"lr": 0.1, "seed": 3}, repository=exp.repo.path) as more:
        more.summary["acc"] = 1.0
    with gitexp.start(params={"lr": 0.4, "seed": 3}, repository=exp.repo.path):
        pass
    assert capture(exp) == more.name


def test_an_archived_run_is_taken(exp: Program) -> None:
    name = exp.record("old")
    assert exp("archive", name).code == 0
    assert capture(exp) == name


@pytest.mark.parametrize("state", ["MERGE_HEAD", "CHERRY_PICK_HEAD", "SQUASH_MSG"])
def test_what_git_has_put_together_is_no_result(exp: Program, state: str) -> None:
    exp.repo.git("switch", "-q", "-c", "side")
    exp.repo.commit("side", {"params.yaml": "lr: 0.2\n", "metrics.yaml": "acc: 0.5\n"})
    exp.repo.git("switch", "-q", "main")
    exp.repo.commit("main", {"train.py": "print('main')\n"})
    command = {
        "MERGE_HEAD": ("merge", "--no-commit", "side"),
        "CHERRY_PICK_HEAD": ("cherry-pick", "--no-commit", "side"),
        "SQUASH_MSG": ("merge", "--squash", "side"),
    }[state]
    exp.repo.git(*command)
    if state == "CHERRY_PICK_HEAD":
        # As after a conflict.
        exp.repo.git("update-ref", "CHERRY_PICK_HEAD", "side")
    assert (exp.repo.path / ".git" / state).exists()
    assert capture(exp) is None
    exp.repo.git("commit", "-q", "-n", "-m", "together")
    stage(exp.repo, {"metrics.yaml": "acc: 0.6\n"})
    assert capture(exp) is not None


def test_a_conflict_is_passed_over(exp: Program) -> None:
    exp.repo.git("switch", "-q", "-c", "side")
    exp.repo.commit("side", {"params.yaml": "lr: 0.2\n"})
    exp.repo.git("switch", "-q", "main")
    exp.repo.commit("main", {"params.yaml": "lr: 0.3\n"})
    assert git(exp.repo, "merge", "side").returncode == 1
    said = exp("hook", "capture")
    assert (said.code, said.err) == (0, "")
    assert runs(exp.repo) == set()


def test_what_is_only_intended_to_be_added_is_not_recorded(exp: Program) -> None:
    stage(exp.repo, {"params.yaml": "lr: 0.2\n"})
    exp.repo.write("later.txt", "later\n")
    exp.repo.git("add", "--intent-to-add", "later.txt")
    name = capture(exp)
    exp.repo.git("commit", "-q", "-n", "-m", "two")
    assert shown(exp, name)["code"]["tree"] == code(exp.repo)


def test_a_record_is_no_part_of_the_code(exp: Program) -> None:
    name = exp.record("merged", "pass", "-S", "lr=0.2")
    exp.repo.git("merge", "-q", "--no-commit", "--no-ff", f"exp/{name}")
    assert capture(exp) == name


def test_inputs_by_hash(exp: Program) -> None:
    oid = "1" * 64
    exp.repo.write("data/kept here.bin", b"bytes")
    exp.repo.write(".gitignore", "kept*\nfolder/\n")
    exp.repo.write("folder/a", "a")
    exp.repo.write("folder/b", "b")
    stage(exp.repo, {"big.bin": POINTER.format(oid), "prompts/a.txt": "staged"})
    stage(
        exp.repo,
        {
            ".gitexp.yaml": "inputs:\n  dataset: [data/kept here.bin, ./folder/, big.bin]\n"
            "  prompt: prompts/a.txt\n  outside: [../x, /etc/passwd]\n  gone: nowhere\n"
            "capture: {when: always}\n"
        },
    )
    exp.repo.write("prompts/a.txt", "edited since")
    found = shown(exp, capture(exp))["inputs"]
    assert found.keys() == {"dataset", "prompt"}
    hashes = {one["path"]: one["oid"] for one in (*found["dataset"], *found["prompt"])}
    assert hashes["data/kept here.bin"] == f"sha256:{hashlib.sha256(b'bytes').hexdigest()}"
    assert hashes["big.bin"] == f"sha256:{oid}"
    assert hashes["prompts/a.txt"] == f"sha256:{hashlib.sha256(b'staged').hexdigest()}"
    assert hashes["folder"].startswith("sha256:")


def test_what_takes_long_to_hash_is_named_without(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "AT_ONCE", 100)
    exp.repo.write(".gitignore", "*.bin\n")
    exp.repo.write("small.bin", b"x" * 100)
    exp.repo.write("large.bin", b"x" * 101)
    stage(
        exp.repo,
        {".gitexp.yaml": "inputs: {dataset: [large.bin, small.bin]}\ncapture: {when: always}\n"},
    )
    large, small = shown(exp, capture(exp))["inputs"]["dataset"]
    assert "oid" not in large
    assert small["size"] == 100


@pytest.mark.parametrize("how", ["option", "setting"])
def test_missing_inputs_stop_a_commit_that_is_to_be_strict(exp: Program, how: str) -> None:
    strict = "capture: {strict: true}\n" if how == "setting" else ""
    stage(
        exp.repo, {".gitexp.yaml": f"inputs: {{dataset: [data/x.bin]}}\n{strict}", "params.yaml": "lr: 3\n"}
    )
    options = ["--strict"] if how == "option" else []
    said = exp("hook", "capture", *options)
    assert said.code == 75
    assert said.err.startswith(
        "error: input dataset 'data/x.bin' is missing, and what is committed depends on it\n"
        "hint: bring it back, or take it out of inputs in .gitexp.yaml\n"
    )
    assert runs(exp.repo) == set()
    exp.repo.write("data/x.bin", "here")
    assert capture(exp, *options) is not None


def test_not_strict_by_itself(exp: Program) -> None:
    stage(exp.repo, {".gitexp.yaml": "inputs: {dataset: [data/x.bin]}\n", "params.yaml": "lr: 3\n"})
    assert capture(exp) is not None


BROKEN: dict[str, dict[str, str | bytes]] = {
    "params": {"params.yaml": "lr: [1\n"},
    "metrics": {"metrics.json": "{"},
    "settings": {".gitexp.yaml": "params: {a: 1}\n"},
    "a folder": {"params.yaml/x": "x\n"},
    "bytes": {"params.yaml": b"\xff\0\n"},
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_read_is_told_and_stops_nothing(exp: Program, what: str) -> None:
    if what == "a folder":
        exp.repo.git("rm", "-q", "params.yaml")
    stage(exp.repo, BROKEN[what])
    said = exp("hook", "capture")
    assert said.code == 0
    assert ("warning: " in said.err) is (what != "a folder")
    assert runs(exp.repo) == set()


def test_left_out(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(exp.repo, {"params.yaml": "lr: 0.2\n"})
    monkeypatch.setenv("GITEXP_SKIP", "1")
    assert capture(exp) is None
    monkeypatch.delenv("GITEXP_SKIP")
    assert capture(exp) is not None


def test_what_the_guard_refuses_is_not_recorded(exp: Program) -> None:
    stage(exp.repo, {"params.yaml": "api_key: abcdEFGH12345678\n"})
    assert exp("hook", "pre-commit").code == 75
    assert runs(exp.repo) == set()
    stage(exp.repo, {"params.yaml": "lr: 0.2\n"})
    assert exp("hook", "pre-commit").code == 0
    assert len(runs(exp.repo)) == 1


@pytest.mark.parametrize(
    ("kind", "object_format"),
    [
        ("plain", "sha256"),
        *((kind, "sha1") for kind in ("worktree", "submodule", "sparse", "shallow", "separate")),
    ],
)
def test_kinds_of_repositories(
    make_repo: Callable[..., Repo], exp: Program, chdir: Any, kind: str, object_format: str
) -> None:
    repo = make_repo(kind, object_format)
    chdir(repo.path)
    stage(repo, {"params.yaml": "lr: 0.2\n"})
    assert exp("hook", "capture").code == 0
    (name,) = runs(repo)
    assert pending(repo) == name
    repo.git("commit", "-q", "-n", "-m", "three")
    assert repo.git("cat-file", "-p", f"exp/{name}:.exp/run.yaml").count(code(repo)) == 1
    repo.fsck()


def test_a_worktree_of_a_bare_repository(
    make_repo: Callable[..., Repo], exp: Program, chdir: Any, tmp_path: Path
) -> None:
    bare = make_repo("bare")
    bare.git("worktree", "add", "-q", str(tmp_path / "of bare"), "main")
    repo = Repo(tmp_path / "of bare", bare.environ)
    chdir(repo.path)
    stage(repo, {"params.yaml": "lr: 0.2\n"})
    assert exp("hook", "capture").code == 0
    assert {pending(repo)} == runs(repo)
    chdir(bare.path)
    said = exp("hook", "capture")
    assert (said.code, said.err) == (0, "")


def test_working_trees_have_notes_of_their_own(
    make_repo: Callable[..., Repo], exp: Program, chdir: Any
) -> None:
    linked = make_repo("worktree")
    main = Repo(linked.path.parent / "main", linked.environ)
    found = []
    for repo, rate in ((linked, 0.2), (main, 0.3)):
        chdir(repo.path)
        stage(repo, {"params.yaml": f"lr: {rate}\n"})
        assert exp("hook", "capture").code == 0
        found.append(pending(repo))
    assert [pending(linked), pending(main)] == found
    assert len({*found}) == 2


FILE_NAMES = st.sampled_from(["params.yaml", "metrics.yaml", "train.py", "new.txt", "a b/ü.txt"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "add", "remove", "intend", "untrack"]), FILE_NAMES, st.integers(0, 3)
    ),
    max_size=8,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_index_and_files_stay_and_the_code_is_that_of_the_commit(
    exp: Program, steps: list[tuple[str, str, int]]
) -> None:
    repo = exp.repo
    repo.git("reset", "-q", "--hard")
    repo.git("clean", "-qfdx")
    for action, path, number in steps:
        _do(repo, action, path, number)
    before = _everything(repo)
    head = repo.git("rev-parse", "HEAD")
    name = capture(exp)
    assert _everything(repo) == before
    assert repo.git("rev-parse", "HEAD") == head
    repo.git("commit", "-q", "-n", "--allow-empty", "-m", "next")
    if name is not None:
        assert code(repo) in repo.git("cat-file", "-p", f"exp/{name}:.exp/run.yaml")
    changed = repo.git("diff", "--name-only", "HEAD^", "HEAD", "--diff-filter=AM").split("\n")
    assert name is not None or not {"params.yaml", "metrics.yaml"} & {*changed}
    repo.fsck()


def _do(repo: Repo, action: str, path: str, number: int) -> None:
    if action == "write":
        repo.write(path, f"value: {number}\n")
    elif action == "remove":
        (repo.path / path).unlink(missing_ok=True)
    elif action == "untrack":
        repo.git("rm", "-q", "--cached", "--ignore-unmatch", "--", path)
    elif (repo.path / path).exists():
        repo.git("add", *(["--intent-to-add"] if action == "intend" else []), "--", path)


def _everything(repo: Repo) -> dict[str, bytes]:
    files = [path for path in repo.path.rglob("*") if path.is_file() and ".git" not in path.parts]
    index = repo.path / ".git" / "index"
    return {str(path): path.read_bytes() for path in (*files, index) if path.exists()}


def test_a_commit_of_one_file_has_an_index_of_its_own(exp: Program, tmp_path: Path) -> None:
    # As git calls its hook for `git commit FILE`.
    stage(exp.repo, {"train.py": "print('stays staged')\n"})
    other = tmp_path / "next-index"
    exp.repo.git("read-tree", "HEAD", GIT_INDEX_FILE=str(other))
    exp.repo.write("params.yaml", "lr: 0.6\n")
    exp.repo.git("add", "params.yaml", GIT_INDEX_FILE=str(other))
    before = other.read_bytes()
    os.environ["GIT_INDEX_FILE"] = str(other)
    try:
        name = capture(exp)
    finally:
        del os.environ["GIT_INDEX_FILE"]
    assert other.read_bytes() == before
    tree = exp.repo.git("write-tree", GIT_INDEX_FILE=str(other))
    assert shown(exp, name)["code"]["tree"] == tree
    assert exp.repo.git("show", f"{tree}:train.py") == str(FILES["train.py"]).strip()


def test_results_that_a_run_wrote_belong_to_that_run(exp: Program) -> None:
    repo = exp.repo
    code = "import json; json.dump({'acc': 0.5}, open('metrics.json', 'w'))\n"
    repo.commit("code", {"train.py": code})
    run = exp("run", "--name", "trained", "--", sys.executable, "train.py").name
    exp("hooks", "install")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "results")
    assert runs(repo) == {run}
    assert repo.git("log", "-1", "--format=%(trailers:key=Exp-Run,valueonly)").strip() == run
    shown = exp("show", "HEAD", "--json").json
    assert (shown["name"], shown["stale"]) == (run, False)
    assert exp("ls", "--commit", "HEAD", "--json").json["runs"][0]["stale"] is False
    # What somebody wrote into the file is not what the run found; nor is other code the run's.
    for files in ({"metrics.json": '{"acc": 0.9}'}, {"metrics.json": '{"acc": 0.5}\n', "train.py": "pass\n"}):
        exp("run", "--", sys.executable, "-c", code)
        repo.commit("by hand", files)
        assert exp("show", "HEAD", "--json").json["status"] == "captured"
