"""exp-guard: what it refuses, that the command it names mends it, and what it lets through."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.formats.pointer import CANONICAL_SIZES, encode
from gitexp.model.values import Digest
from gitexp.ops.hooks.guard.staged import staged
from gitexp.repo import Repository
from tests.cli.program import Program, Said
from tests.gitrepo import Repo, wrapped_git

MIB = 1 << 20
SECRET = "abcdEFGH12345678"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 5\n"
GONE = POINTER.format("1" * 64)
CONFLICT = "<<<<<<< HEAD\nlr: 0.1\n=======\nlr: 0.2\n>>>>>>> other\n"


def stage(repo: Repo, files: dict[str, str | bytes]) -> None:
    for path, text in files.items():
        repo.write(path, text)
    repo.git("add", "--", *files)


def refusals(said: Said) -> list[str]:
    """What is refused, each without its hint."""
    assert said.code == (75 if "error:" in said.err else 0), said.err
    return re.findall(r"^error: (.*)$", said.err, re.MULTILINE)


REFUSED: dict[str, tuple[dict[str, str | bytes], str]] = {
    "a large file": ({"big.csv": "1,2,3\n" * (2 * MIB)}, "'big.csv' is 12.0 MiB, more than 10.0 MiB"),
    "a binary file": ({"out/model.bin": b"\0" * (MIB + 1)}, "'out/model.bin' is a binary file of 1.0 MiB"),
    "an odd name": ({"a 'b' –.bin": b"\0" * (MIB + 1)}, "is a binary file of 1.0 MiB"),
    "a name like magic": ({"!_[a].bin": b"\0" * (MIB + 1)}, "'!_[a].bin' is a binary file of 1.0 MiB"),
    "a pointer": ({"weights": GONE}, "'weights' is a pointer to 111111111111, not here"),
    "a conflict": ({"params.yaml": CONFLICT}, "'params.yaml' has the marks of a conflict in it"),
    "a secret": ({"params.yaml": f"api_key: {SECRET}\n"}, "'params.yaml' line 1 looks like"),
    "a secret below": ({"sub/params.json": f'{{"hf": "hf_{SECRET * 3}"}}'}, "'sub/params.json' line 1 looks"),
    "a secret in TOML": ({"params.toml": f'[db]\npassword = "{SECRET}"\n'}, "'params.toml' line 2 looks"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_and_mended(exp: Program, what: str) -> None:
    files, told = REFUSED[what]
    before = exp("hook", "guard")
    assert (before.code, before.out, before.err) == (0, "", "")
    stage(exp.repo, files)
    said = exp("hook", "guard")
    (refusal,) = refusals(said)
    assert told in refusal
    assert SECRET not in said.err
    assert said.err.endswith("hint: to commit all the same: GITEXP_SKIP=1 git commit\n")
    _mend(exp, said)
    assert refusals(exp("hook", "guard")) == []
    assert all((exp.repo.path / path).exists() for path in files)


def _mend(exp: Program, said: Said) -> None:
    """Runs the commands of the hints, in a folder where git does not run its hooks."""
    (exp.repo.path / "some" / "folder").mkdir(parents=True)
    for command in re.findall(r"^hint: (?:edit it, then )?(git .*?)(?:,.*)?$", said.err, re.MULTILINE):
        if "edit it" in said.err:
            exp.repo.write("params.yaml", "lr: 0.2\n")
        exp.repo.git("-C", "some/folder", *shlex.split(command)[1:])


def test_several_things_are_told_at_once(exp: Program) -> None:
    stage(exp.repo, {"weights": GONE, "params.yaml": f"api_key: {SECRET}\n"})
    assert len(refusals(exp("hook", "guard"))) == 2


def test_a_declared_file_is_known_by_any_spelling(exp: Program) -> None:
    stage(exp.repo, {".gitexp.yaml": "params: [./conf//p.yaml]\n", "conf/p.yaml": f"api_key: {SECRET}\n"})
    (refusal,) = refusals(exp("hook", "guard"))
    assert refusal.startswith("'conf/p.yaml' line 1 looks like")


def test_what_stays_in_the_working_tree_is_not_looked_at(exp: Program) -> None:
    exp.repo.write("weights", GONE)
    stage(exp.repo, {"params.yaml": "lr: 0.3\n"})
    exp.repo.write("params.yaml", f"api_key: {SECRET}\n")
    assert refusals(exp("hook", "guard")) == []
    exp.repo.git("add", "-A")
    assert len(refusals(exp("hook", "guard"))) == 2


def test_the_index_that_git_names(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(exp.repo, {"weights": GONE})
    index = str(exp.repo.path / ".git" / "next-index")
    exp.repo.git("read-tree", "HEAD", GIT_INDEX_FILE=index)
    monkeypatch.setenv("GIT_INDEX_FILE", index)
    assert refusals(exp("hook", "guard")) == []
    exp.repo.git("add", "weights", GIT_INDEX_FILE=index)
    assert len(refusals(exp("hook", "guard"))) == 1


def test_before_the_first_commit(exp: Program) -> None:
    exp.repo.git("checkout", "-q", "--orphan", "fresh")
    assert refusals(exp("hook", "guard")) == []
    stage(exp.repo, {"weights": GONE})
    said = exp("hook", "guard")
    assert len(refusals(said)) == 1
    _mend(exp, said)
    assert refusals(exp("hook", "guard")) == []


def test_what_was_as_large_before_stays(exp: Program) -> None:
    exp.repo.commit("large", {"big.bin": b"\0" * (2 * MIB), "small.bin": b"\0"})
    stage(exp.repo, {"big.bin": b"\0" * (3 * MIB)})
    exp.repo.git("mv", "big.bin", "moved.bin")
    assert len(refusals(exp("hook", "guard"))) == 1, "moved and changed"
    exp.repo.git("reset", "-q", "--hard")
    stage(exp.repo, {"big.bin": b"\0" * (3 * MIB)})
    assert refusals(exp("hook", "guard")) == []
    exp.repo.git("reset", "-q", "--hard")
    exp.repo.git("mv", "big.bin", "moved.bin")
    assert refusals(exp("hook", "guard")) == []
    stage(exp.repo, {"small.bin": b"\0" * (3 * MIB)})
    said = exp("hook", "guard")
    assert len(refusals(said)) == 1
    _mend(exp, said)
    assert refusals(exp("hook", "guard")) == []


def test_limits_are_those_of_the_user(exp: Program) -> None:
    stage(exp.repo, {"a.bin": b"\0" * 2000, "a.txt": "1\n" * 4000})
    assert refusals(exp("hook", "guard")) == []
    exp.repo.git("config", "exp.maxBlob", "1k")
    assert refusals(exp("hook", "guard")) == [
        "'a.bin' is a binary file of 2.0 KiB, more than 1.0 KiB (exp.maxBlob), and belongs in an artifact"
    ]
    exp.repo.git("config", "exp.maxUntracked", "4k")
    assert len(refusals(exp("hook", "guard"))) == 2


def test_a_pointer_that_leads_somewhere(exp: Program) -> None:
    oid = hashlib.sha256(b"bytes").hexdigest()
    stage(exp.repo, {"here": POINTER.format(oid), ".gitattributes": "tracked -text\n", "tracked": GONE})
    assert len(refusals(exp("hook", "guard"))) == 2
    exp.repo.write(f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}", b"bytes")
    assert len(refusals(exp("hook", "guard"))) == 1
    exp.repo.write(".gitattributes", "tracked filter=lfs\n")
    # What is about to be committed counts.
    assert len(refusals(exp("hook", "guard"))) == 1
    exp.repo.git("add", ".gitattributes")
    assert refusals(exp("hook", "guard")) == []


def test_code_may_look_like_a_secret(exp: Program) -> None:
    stage(exp.repo, {"train.py": f"api_key = '{SECRET}'\n", "other.yaml": f"api_key: {SECRET}\n"})
    assert refusals(exp("hook", "guard")) == []
    stage(exp.repo, {".gitexp.yaml": "params: [other.yaml]\n"})
    assert len(refusals(exp("hook", "guard"))) == 1


def test_names_that_are_to_be_redacted(exp: Program) -> None:
    stage(exp.repo, {"params.yaml": "lr: 0.1\nteam: blue-whale-7\n"})
    assert refusals(exp("hook", "guard")) == []
    stage(exp.repo, {".gitexp.yaml": "redact: team\n"})
    said = exp("hook", "guard")
    assert len(refusals(said)) == 1
    assert "blue-whale" not in said.err


FORBIDDEN = "guard: {nan: forbid}\n"


@pytest.mark.parametrize(
    "files",
    [
        {"metrics.yaml": "loss: .nan\nacc: 0.5\n"},
        {"metrics.json": '{"val": {"loss": "Infinity"}}'},
        {"metrics.csv": "step,loss\n0,1.5\n1,nan\n"},
        {"metrics.jsonl": '{"loss": 1.0}\n{"loss": NaN}\n'},
        {".exp/metrics.yaml": "loss: .nan\n"},
    ],
    ids=lambda files: next(iter(files)),
)
def test_results_that_are_not_finite(exp: Program, files: dict[str, str | bytes]) -> None:
    stage(exp.repo, files)
    assert refusals(exp("hook", "guard")) == []
    exp.repo.write(".gitexp.yaml", FORBIDDEN)
    assert refusals(exp("hook", "guard")) == [], "what is staged counts"
    exp.repo.git("add", ".gitexp.yaml")
    said = exp("hook", "guard")
    (told,) = refusals(said)
    assert re.search(r"NaN or infinite, which .gitexp.yaml forbids: (val\.)?loss$", told)
    _mend(exp, said)
    assert refusals(exp("hook", "guard")) == []


def test_a_series_that_was_infinite_for_a_while(exp: Program) -> None:
    stage(exp.repo, {".gitexp.yaml": FORBIDDEN, "metrics.csv": "step,loss\n0,inf\n1,0.5\n"})
    assert refusals(exp("hook", "guard")) == []


def _merged(exp: Program) -> str:
    name = exp.record("old", "pass")
    exp.repo.git("checkout", "-q", "-b", "idea", f"exp/{name}")
    return name


def test_a_record_of_other_code(exp: Program) -> None:
    name = _merged(exp)
    assert refusals(exp("hook", "guard")) == []
    stage(exp.repo, {"train.py": "print('other')\n"})
    said = exp("hook", "guard")
    (told,) = refusals(said)
    assert told.startswith(f"'.exp' is the record of run '{name}', and what is staged is not its code")
    _mend(exp, said)
    assert refusals(exp("hook", "guard")) == []
    # It does not come back with the next git add -A.
    exp.repo.git("add", "-A")
    assert exp.repo.git("ls-files", ".exp") == ""


def test_a_record_that_has_just_come(exp: Program) -> None:
    name = exp.record("old", "pass")
    exp.repo.git("merge", "-q", "--no-ff", "--no-commit", f"exp/{name}")
    stage(exp.repo, {"train.py": "print('other')\n"})
    said = exp("hook", "guard")
    assert len(refusals(said)) == 1
    _mend(exp, said)
    assert (refusals(exp("hook", "guard")), exp.repo.git("ls-files", ".exp")) == ([], "")


def test_looking_writes_nothing(exp: Program) -> None:
    _merged(exp)
    stage(exp.repo, {"train.py": "print('other')\n", "new/file": "new\n"})
    index = exp.repo.path / ".git" / "index"
    before = index.read_bytes(), exp.repo.git("count-objects", "-v"), exp.repo.git("status", "--porcelain")
    assert len(refusals(exp("hook", "guard"))) == 1
    assert index.read_bytes() == before[0]
    assert exp.repo.git("count-objects", "-v") == before[1]
    assert exp.repo.git("status", "--porcelain") == before[2]


def test_a_record_with_a_conflict(exp: Program) -> None:
    _merged(exp)
    stage(exp.repo, {".exp/run.yaml": CONFLICT, ".exp/log.txt": CONFLICT, ".exp/artifacts/a": CONFLICT})
    assert refusals(exp("hook", "guard")) == ["'.exp/run.yaml' has the marks of a conflict in it"]


OFF = {
    "large": {"big.bin": b"\0" * (2 * MIB)},
    "pointers": {"weights": GONE},
    "conflicts": {"params.yaml": CONFLICT},
    "secrets": {"params.yaml": f"api_key: {SECRET}\n"},
    "stale": {"train.py": "print('other')\n"},
}


@pytest.mark.parametrize("key", OFF)
def test_each_can_be_switched_off(exp: Program, key: str) -> None:
    _merged(exp)
    exp("hook", "guard")
    stage(exp.repo, {**OFF[key]})
    # Whatever is staged, the record is not of it any more.
    stale = key != "stale"
    assert len(refusals(exp("hook", "guard"))) == 1 + stale
    stage(exp.repo, {".gitexp.yaml": f"guard: {{{key}: false}}\n"})
    assert len(refusals(exp("hook", "guard"))) == stale


@pytest.mark.parametrize("how", ["GITEXP_SKIP=1", "GITEXP_SKIP=push,guard", "exp.hooks", "exp.hook.guard"])
def test_the_hook_can_be_left_out(exp: Program, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(exp.repo, {"weights": GONE})
    monkeypatch.setenv("GITEXP_SKIP", "push")
    assert len(refusals(exp("hook", "guard"))) == 1
    if how.startswith("exp."):
        exp.repo.git("config", how, "false")
    else:
        monkeypatch.setenv(*how.split("="))
    assert refusals(exp("hook", "pre-commit")) == []


def test_settings_that_cannot_be_read_let_nothing_through(exp: Program) -> None:
    stage(exp.repo, {".gitexp.yaml": "guard: {large: maybe}\n", "weights": GONE})
    said = exp("hook", "guard")
    assert said.code == 75
    assert "warning: '.gitexp.yaml' line 1, column 9: 'large' is neither true nor false" in said.err
    assert "error: 'weights' " in said.err
    exp.repo.git("rm", "-q", "--cached", "weights")
    assert exp("hook", "guard").code == 0


def test_settings_that_are_not_known_are_told(exp: Program) -> None:
    stage(exp.repo, {".gitexp.yaml": "guard: {larg: false}\n", "weights": GONE})
    said = exp("hook", "guard")
    assert len(refusals(said)) == 1
    assert "warning: '.gitexp.yaml' line 1, column 9: unknown setting 'larg' in 'guard'" in said.err
    stage(exp.repo, {".gitexp.yaml": "guard: {nan: never}\n"})
    assert "hint: use allow or forbid" in exp("hook", "guard").err


def test_what_the_other_side_of_a_merge_has(exp: Program) -> None:
    repo = exp.repo
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("large", {"big.bin": b"\0" * (2 * MIB), "train.py": "print('side')\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("main", {"train.py": "print('main')\n"})
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "side")
    stage(repo, {"train.py": "print('both')\n"})
    assert refusals(exp("hook", "guard")) == []
    stage(repo, {"weights": GONE, "big.bin": b"\1\0" * (2 * MIB)})
    assert len(refusals(exp("hook", "guard"))) == 2


@pytest.mark.parametrize("kind", ["worktree", "submodule", "sparse", "shallow", "separate"])
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_odd_places(
    kind: str,
    object_format: str,
    make_repo: Callable[..., Repo],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repo = make_repo(kind, object_format)
    monkeypatch.chdir(repo.path / "src")
    exp = Program(repo, capfd)
    _merged(exp)
    repo.write("src/weights", GONE)
    repo.git("add", "src/weights")
    assert len(refusals(exp("hook", "guard"))) == 2


def test_the_number_of_git_processes_is_that_of_one_file(
    exp: Program, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def processes(count: int) -> int:
        stage(exp.repo, {f"{count}/{number}": GONE + str(number) for number in range(count)})
        folder = tmp_path_factory.mktemp("git")
        environ = wrapped_git(folder, exp.repo.environ, f'echo x >>"{folder}/called"')
        with Repository.open(exp.repo.path, environ) as repo, staged(repo) as found:
            assert len(found.files) >= count
            assert [found.reader.read(one.oid) for one in found.files]
        return len((folder / "called").read_text().split())

    assert processes(1) == processes(200) > 2


@given(st.integers(0, 10**19 - 1))
def test_every_pointer_of_ours_is_looked_at(size: int) -> None:
    assert len(encode(Digest("0" * 64), size)) in CANONICAL_SIZES
