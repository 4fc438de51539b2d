"""Drafts are runs: executed under their name, shared, undone, removed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.cli.ideas import CODE, PARAMS, changed, clean, idea, lay, record_of, untouched
from tests.cli.program import Program, Said, forge
from tests.cli.sharing import Person, World
from tests.gitrepo import Repo

TRAIN = """\
import json, pathlib, sys
params = dict(line.split(":") for line in pathlib.Path("params.yaml").read_text().splitlines())
score = float(params["lr"]) + float(params["batch"]) + (10 if pathlib.Path("trick.py").exists() else 0)
json.dump({"acc": score, "loss": 1 / score}, open("metrics.json", "w"))
print("trained")
"""
FEW = "lr: 1\nbatch: 2\n"


@pytest.fixture
def two(exp: Program) -> tuple[Program, str, str]:
    """A program, and runs of two ideas for it: accuracy 4 and 13 where the base has 3."""
    return exp, *two_ideas(exp)


def two_ideas(program: Program | Person) -> tuple[str, str]:
    program.repo.commit("project", {"params.yaml": FEW, "train.py": TRAIN})
    lay(program.repo, {"params.yaml": FEW.replace("1", "2")})
    rate = trained(program, "rate")
    lay(program.repo, {"trick.py": "x\n"})
    return rate, trained(program, "trick")


def trained(program: Program | Person, slug: str) -> str:
    said = program("run", "--name", slug, "--", sys.executable, "train.py")
    assert said.code == 0, said.err
    clean(program.repo)
    return said.name


def lines(said: Said) -> list[list[str]]:
    return [line.split() for line in said.err.splitlines()]


def test_a_draft_runs_under_its_name_and_says_how_it_compares(two: tuple[Program, str, str]) -> None:
    exp, rate, trick = two
    name = exp("merge", rate, trick, "--name", "both").name
    draft = exp.repo.git("rev-parse", f"refs/exp/{name}")
    page = exp("show", name).out
    assert f"git exp run --draft {name}" in page
    assert "git exp logs" not in page
    # What it will run on is not known yet, which is not the same as nothing.
    compared = exp("diff", rate, name, "--json").json
    assert (compared["env"], compared["packages"]) == ({}, {})
    before = untouched(exp.repo)
    said = exp("run", "--draft", name)
    assert untouched(exp.repo) == before
    assert (said.code, said.out, said.name) == (0, "trained\n", name)
    told = lines(said)
    assert told[told.index(["against", f"{rate}:"]) + 1] == [
        "acc",
        "4",
        "->",
        "14",
        "+10",
        "(+250.0%)",
        "better",
    ]
    assert told[told.index(["against", f"{trick}:"]) + 1][:6] == ["acc", "13", "->", "14", "+1", "(+7.7%)"]
    run = exp("show", name, "--json").json
    assert (run["status"], run["metrics"]["acc"], run["parents"]) == ("finished", 14.0, [rate, trick])
    assert (run["title"], run["exit_code"]) == (f"merge of {rate} and {trick}", 0)
    assert exp.repo.git("log", "-1", "--format=%P", f"refs/exp/{name}") == draft
    assert "env.yaml" in record_of(exp.repo, name)
    assert exp("diff", rate, name).code == 0

    again = exp("run", "--draft", name)
    assert again.code == 2
    assert f"run {name!r} is run already, not a draft" in again.err
    assert exp("merge", rate, trick).name == name
    # Taken back, it is the draft that it was, and can be run anew.
    assert exp("undo").code == 0
    assert exp.repo.git("rev-parse", f"refs/exp/{name}") == draft
    assert exp("run", "--draft", name).code == 0
    exp.repo.fsck()


def test_merge_and_run_at_once(two: tuple[Program, str, str]) -> None:
    exp, rate, trick = two
    said = exp("merge", rate, trick, "--run")
    assert (said.code, "against" in said.err) == (0, True)
    assert exp("show", said.name, "--json").json["status"] == "finished"
    # What was run is not run again; a draft that is there already is.
    assert "against" not in exp("merge", rate, trick, "--run").err
    name = exp("merge", rate, trick, "--set", "batch=5").name
    ran = exp("merge", rate, trick, "--set", "batch=5", "--run")
    assert (ran.name, "against" in ran.err) == (name, True)
    quiet = exp("merge", rate, trick, "--set", "batch=6", "--run", "-q")
    assert (quiet.code, quiet.out, quiet.err) == (0, "trained\n", "")


def test_what_did_not_come_to_its_end_is_no_success(two: tuple[Program, str, str]) -> None:
    exp, rate, trick = two
    name = exp("merge", rate, trick).name
    assert exp("run", "--draft", name).code == 0
    forge(exp.repo, name, name, {"run.yaml": shown_record(exp, name).replace("finished", "crashed")})
    said = exp("merge", rate, trick, "--run")
    assert (said.code, "trained" in said.out) == (1, False)
    assert f"error: run {name!r} is crashed: it is not run again\nhint: git exp repro {name}\n" in said.err
    assert exp("merge", rate, trick).code == 0


def shown_record(exp: Program, name: str) -> str:
    return exp.repo.git("show", f"refs/exp/{name}:.exp/run.yaml") + "\n"


def test_another_command_and_one_that_fails(two: tuple[Program, str, str]) -> None:
    exp, rate, trick = two
    name = exp("merge", rate, trick).name
    said = exp("run", "--draft", name, "--tag", "tried", "--", "sh", "-c", "cat params.yaml; exit 3")
    assert (said.code, said.out) == (3, "lr: 2\nbatch: 2\n")
    run = exp("show", name, "--json").json
    assert (run["status"], run["exit_code"], run["tags"]) == ("failed", 3, ["tried"])
    assert run["command"][0] == "sh"


def test_what_is_no_draft_and_what_a_draft_is_not(two: tuple[Program, str, str]) -> None:
    exp, rate, trick = two
    name = exp("merge", rate, trick).name
    tip = exp.repo.git("rev-parse", f"refs/exp/{name}")
    for arguments, message, hint in (
        (("--draft", rate), f"run {rate!r} is run already, not a draft", f"git exp show {rate}"),
        (("--resume", name, "--", "true"), f"run {name!r} is a draft", f"git exp run --draft {name}"),
        (("--fork", name, "--", "true"), f"run {name!r} is a draft", f"git exp run --draft {name}"),
        (
            ("--draft", name, "--fork", rate),
            "--draft excludes --resume, --fork and --reuse",
            "git exp run -h",
        ),
        (("--draft", name, "--name", "x"), "a draft keeps its name", "leave out --name"),
        (("--draft", name, "-S", "lr=3"), "a draft has its params", "git exp merge A B --set KEY=VALUE"),
        (("--trust", "--", "true"), "--trust is for drafts", "git exp run --draft RUN --trust"),
    ):
        said = exp("run", *arguments)
        assert said.code == 2, said.err
        assert message in said.err
        assert f"hint: {hint}" in said.err
    assert exp.repo.git("rev-parse", f"refs/exp/{name}") == tip


def test_a_draft_is_listed_annotated_removed_and_undone(two: tuple[Program, str, str]) -> None:
    exp, rate, trick = two
    name = exp("merge", rate, trick).name
    assert exp("ls", "status:draft", "--name-only").out == f"{name}\n"
    assert exp("tag", name, "+maybe").code == 0
    assert exp("rm", name).code == 0
    assert exp("restore", name).code == 0
    # Labels that were put on top do not hide what it was made of.
    said = exp("run", "--draft", name)
    assert f"against {rate}:" in said.err
    assert exp("show", name, "--json").json["tags"] == ["maybe"]
    other = exp("merge", rate, trick, "--set", "batch=9").name
    assert exp("undo").code == 0
    assert f"refs/exp/{other}" not in exp.repo.refs()
    assert exp("undo", "--redo").code == 0
    assert exp("show", other, "--json").json["status"] == "draft"
    exp.repo.fsck()


def test_large_inputs_of_the_runs_are_there_again(exp: Program) -> None:
    exp.repo.git("config", "exp.maxUntracked", "10")
    exp.repo.commit("project", {"params.yaml": FEW})
    names = []
    for line in ("lr: 2\nbatch: 2\n", "lr: 1\nbatch: 3\n"):
        lay(exp.repo, {"params.yaml": line, "data.bin": "0123456789abcdef"})
        names.append(exp("run", "--", "cat", "data.bin").name)
        clean(exp.repo)
    name = exp("merge", *names).name
    lay(exp.repo, {"data.bin": "0123456789abcdef"})
    said = exp("run", "--draft", name)
    assert (said.code, said.out) == (0, "0123456789abcdef")
    (found,) = exp("show", name, "--json").json["inputs"]["untracked"]
    assert (found["path"], found["size"]) == ("data.bin", 16)
    other = exp("merge", *names, "--set", "lr=9").name
    lay(exp.repo, {"data.bin": "another one of its kind"})
    said = exp("run", "--draft", other)
    assert "warning: input 'data.bin' has changed since" in said.err
    (now,) = exp("show", other, "--json").json["inputs"]["untracked"]
    assert now["oid"] != found["oid"]


def test_secrets_stay_masked(exp: Program) -> None:
    """A secret in a params file is the command's to read, and is in no record, no output and no conflict."""
    text = "api_key: sk-{}\nlr: 1\nbatch: 2\n"
    old, mine, theirs = ("aaaaaaaaaaaaaaaa1111", "bbbbbbbbbbbbbbbb2222", "cccccccccccccccc3333")
    exp.repo.commit("project", {"params.yaml": text.format(old)})
    names = []
    for key in (mine, theirs):
        lay(exp.repo, {"params.yaml": text.format(key), f"{key[0]}.py": "x\n"})
        names.append(exp("run", "--", "true").name)
        clean(exp.repo)
    said = exp("merge", *names)
    assert said.code == 1
    assert "conflict in param api_key in params.yaml" in said.out
    document = exp("merge", *names, "--json").out
    done = exp("merge", *names, "--theirs", "api_key")
    ran = exp(
        "run", "--draft", done.name, "--", "sh", "-c", "cat params.yaml; test $0 = sk-" + theirs, "{api_key}"
    )
    assert ran.code == 0
    assert f"sk-{theirs}" in ran.out  # the terminal is the user's own
    record = exp.repo.git("log", "-p", "-2", "--first-parent", f"refs/exp/{done.name}", "--", ".exp")
    for secret in (old, mine, theirs):
        assert secret not in said.out + document + done.out + record


def test_a_draft_that_leads_out_of_its_worktree_is_refused(two: tuple[Program, str, str]) -> None:
    exp, rate, trick = two
    name = exp("merge", rate, trick).name
    record = exp.repo.git("show", f"refs/exp/{name}:.exp/run.yaml") + "\n"
    forged = name[:-6] + "aaaaaa"
    forge(
        exp.repo, name, forged, {"run.yaml": record.replace(name, forged).replace('cwd: "."', "cwd: ../..")}
    )
    said = exp("run", "--draft", forged, "--trust")
    assert said.code in (1, 2)
    assert "error:" in said.err


def test_a_draft_runs_what_was_typed(exp: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home is that of whoever runs it; what was masked cannot be repeated."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    (home / "rate").write_text("0.5")
    exp.repo.commit("project", {"a.txt": "a\n"})

    def draft(*command: str) -> str:
        names = []
        for path in ("one.txt", "two.txt"):
            lay(exp.repo, {path: command[-1]})
            names.append(exp("run", "--", *command).name)
            clean(exp.repo)
        return exp("merge", *names).name

    name = draft("cat", f"{home}/rate")
    assert exp("show", name, "--json").json["command"] == ["cat", "~/rate"]
    assert exp("run", "--draft", name).out == "0.5"
    name = draft("echo", "--token=hunter2hunter2aaa")
    said = exp("run", "--draft", name)
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"error: the command of run {name!r} held a secret, which is not recorded\n"
        f"hint: git exp run --draft {name} -- CMD\n"
    )
    assert exp("run", "--draft", name, "--", "echo", "typed").out == "typed\n"


def test_settings_of_a_draft_name_no_file_outside(exp: Program) -> None:
    exp.repo.commit("project", {".gitexp.yaml": "metrics: [../outside.json]\noutputs: [../outside.json]\n"})
    name = exp("merge", idea(exp, "one", {"a": "a\n"}), idea(exp, "two", {"b": "b\n"})).name
    exp.repo.write(".gitexp.yaml", "")  # the user's own may name what they like
    said = exp("run", "--draft", name)
    assert (said.code, "outside.json" in said.err) == (0, False), said.err


def test_a_draft_that_cannot_start_stays_a_draft(two: tuple[Program, str, str]) -> None:
    exp, rate, trick = two
    name = exp("merge", rate, trick).name
    tip = exp.repo.git("rev-parse", f"refs/exp/{name}")
    (exp.repo.path / ".git/worktrees").write_text("in the way")
    said = exp("run", "--draft", name)
    assert said.code not in (0, 70)
    assert exp.repo.git("rev-parse", f"refs/exp/{name}") == tip
    (exp.repo.path / ".git/worktrees").unlink()
    assert exp("run", "--draft", name).code == 0


def test_a_draft_is_run_on_another_machine_by_somebody_who_trusts_it(world: World) -> None:
    ada = world.person("ada")
    rate, trick = two_ideas(ada)
    ada.repo.git("push", "-q", "origin", "main")
    name = ada("merge", rate, trick).name
    assert ada("push", name).code == 0
    bob = world.person("bob")
    bob.repo.environ |= {"GIT_AUTHOR_EMAIL": "bob@example.org", "GIT_AUTHOR_NAME": "Bob"}
    with as_bob():
        assert bob("fetch").code == 0
        assert bob("ls", "status:draft", "--name-only").out == f"{name}\n"
        tip = bob.runs[name]
        refused = bob("run", "--draft", name)
        assert refused.code == 1
        assert f"run {name!r} is by Ada Tester <ada@example.org>, not by you" in refused.err
        assert f"hint: git exp run --draft {name} --trust" in refused.err
        assert bob.runs[name] == tip
        # The merged runs were not fetched as runs, and what they had is there all the same.
        said = bob("run", "--draft", name, "--trust")
        assert said.code == 0, said.err
        assert f"against {rate}:" in said.err
        assert bob("push", name).code == 0
    assert ada("fetch").code == 0
    run = ada("show", name, "--json").json
    assert (run["status"], run["metrics"]["acc"]) == ("finished", 14.0)
    world.fsck(ada, bob)


@pytest.mark.parametrize(
    ("his", "hers"),
    [((), "echo acc: 1 > metrics.yaml"), (("--", "true"), "exit 3")],
    ids=["metrics", "status"],
)
def test_a_draft_that_two_people_executed_ends_as_two_runs_everywhere(
    world: World, his: tuple[str, ...], hers: str
) -> None:
    ada = world.person("ada")
    name = ada("merge", *two_ideas(ada)).name
    assert ada("push").code == 0
    bob = world.person("bob")
    bob.repo.environ |= {"GIT_AUTHOR_EMAIL": "bob@example.org", "GIT_AUTHOR_NAME": "Bob"}
    with as_bob():
        assert bob("fetch").code == 0
        assert bob("run", "--draft", name, "--trust", *his).code == 0
        assert bob("push").code == 0
    assert ada("run", "--draft", name, "--", "sh", "-c", hers).code == (3 if "exit" in hers else 0)
    refused = ada("push")
    assert refused.code == 3
    assert "hint: git exp fetch" in refused.err
    fetched = ada("fetch")
    assert f"run {name} as others ran it, not as you did" in fetched.err
    pushed = ada("push")
    assert pushed.code == 0, pushed.err
    assert f"{name} is there as others have it: sent as " in pushed.err
    assert bob("fetch").code == 0
    # Both have both, and what either edits from now on reaches the other.
    assert set(ada.runs.values()) == set(bob.runs.values())
    for tag, one, other in (("+x", ada, bob), ("+y", bob, ada), ("+z", ada, bob)):
        assert one("tag", name, tag).code == 0
        assert one("push").code == 0
        assert other("fetch").code == 0
        assert set(ada.runs.values()) == set(bob.runs.values())
    assert "unchanged" in ada("fetch").err
    world.fsck(ada, bob)


def test_a_draft_of_somebody_elses_runs_is_not_trusted_for_being_made_here(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    rate, trick = two_ideas(ada)
    ada.repo.git("push", "-q", "origin", "main")
    assert ada("push", rate, trick).code == 0
    with as_bob():
        assert bob("fetch").code == 0
        refs = bob.repo.refs()
        refused = bob("merge", rate, trick, "--run")
        assert (refused.code, bob.repo.refs()) == (1, refs)
        assert "not by you" in refused.err
        refused = bob("merge", rate, trick, "--set", "lr=2 3", "--run")
        assert f"hint: git exp merge {rate} {trick} --set 'lr=2 3' --run --trust, after" in refused.err
        name = bob("merge", rate, trick).name
        refused = bob("run", "--draft", name, "--", "echo", "a b")
        assert f"hint: git exp run --draft {name} --trust -- echo 'a b', after reading" in refused.err
        over = bob("merge", name, rate, "--set", "lr=7").name
        for draft in (name, over):
            assert "not by you" in bob("run", "--draft", draft).err
        assert bob("run", "--draft", over, "--trust").code == 0
        place = str(world.folder / "laid out")
        assert bob("merge", rate, trick, "--set", "lr=8", "--worktree", place).code == 0
        refused = bob.at(Repo(Path(place), bob.repo.environ))("merge", "--continue", "--run")
        assert (refused.code, refused.out.count("trained")) == (1, 0)
        assert "not by you" in refused.err


def test_a_draft_with_a_forged_command_is_not_taken_for_the_merge(world: World) -> None:
    """Somebody else's draft of my own runs, with the same code and params and another command."""
    ada = world.person("ada")
    rate, trick = two_ideas(ada)
    name = ada("merge", rate, trick).name
    forged = name[:-6] + "aaaaaa"
    record = ada.repo.git("show", f"refs/exp/{name}:.exp/run.yaml") + "\n"
    forge(ada.repo, name, forged, {"run.yaml": record.replace(name, forged).replace("train.py", "evil.py")})
    ada.repo.git("update-ref", "-d", f"refs/exp/{name}")
    said = ada("merge", rate, trick, "--run")
    assert (said.code, said.out.count("trained")) == (0, 1)
    assert forged not in said.err


class as_bob:
    """While it lasts, the program is called by somebody else."""

    _NAMES = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")

    def __enter__(self) -> None:
        self._before = {name: os.environ[name] for name in self._NAMES}
        os.environ.update({n: "bob@example.org" if n.endswith("EMAIL") else "Bob" for n in self._NAMES})

    def __exit__(self, *_: object) -> None:
        os.environ.update(self._before)


@pytest.fixture
def fought(exp: Program) -> tuple[Program, str, str]:
    """Two runs that conflict in a param, on the lines around it, and in a file."""
    exp.repo.commit("project", {"params.yaml": PARAMS, "model.py": CODE, "gone.py": "x\n"})
    params = [changed(PARAMS, lr="lr: 0.2", seed="seed: 2"), changed(PARAMS, lr="lr: 0.4", batch="batch: 64")]
    one = idea(exp, "one", {"params.yaml": params[0], "model.py": "one\n" + CODE, "gone.py": None})
    two = idea(exp, "two", {"params.yaml": params[1], "model.py": "two\n" + CODE, "gone.py": "xx\n"})
    return exp, one, two


def test_conflicts_are_resolved_with_ordinary_git_in_a_worktree(
    fought: tuple[Program, str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    exp, one, two = fought
    place = tmp_path / "to resolve"
    before, refs = untouched(exp.repo), exp.repo.refs()
    said = exp("merge", one, two, "--worktree", str(place), "--name", "peace")
    assert said.code == 0, said.err
    assert (untouched(exp.repo), exp.repo.refs()) == (before, refs)
    monkeypatch.chdir(place)

    def git(*args: str) -> str:
        return exp.repo.git("-C", str(place), *args)

    assert sorted(set(git("diff", "--name-only", "--diff-filter=U").split())) == [
        "gone.py",
        "model.py",
        "params.yaml",
    ]
    text = (place / "params.yaml").read_text()
    # Only the param that conflicts is between markers; what is merged is merged.
    assert f"<<<<<<< {one}\nlr: 0.2\n" in text
    assert f"lr: 0.4\n>>>>>>> {two}\nbatch: 64\n" in text
    assert "seed: 2\n" in text
    assert git("show", ":1:model.py") + "\n" == CODE
    assert git("show", ":3:model.py").startswith("two\n")

    unresolved = exp("merge", "--continue")
    assert unresolved.code == 2
    assert "3 files are unresolved" in unresolved.err
    (place / "model.py").write_text("peace\n" + CODE)
    git("add", "model.py")
    git("rm", "-q", "gone.py")
    git("add", "params.yaml")
    broken = exp("merge", "--continue")
    assert broken.code == 2
    assert "'params.yaml' line" in broken.err
    (place / "params.yaml").write_text(changed(PARAMS, lr="lr: 0.3", batch="batch: 64", seed="seed: 9"))
    git("add", "params.yaml")
    tried = exp("merge", "--continue", "-n")
    assert (tried.code, exp.repo.refs()) == (0, refs)
    done = exp("merge", "--continue")
    assert done.code == 0, done.err
    assert done.name.startswith("peace-")
    draft = exp("show", done.name, "--json").json
    assert draft["params"] == {"lr": 0.3, "batch": 64, "seed": 9, "model": {"width": 3, "depth": 2}}
    assert draft["parents"] == [one, two]
    assert git("show", f"exp/{done.name}:model.py").startswith("peace\n")
    assert git("ls-tree", "--name-only", f"exp/{done.name}", "gone.py") == ""
    assert git("diff", "--name-only", "--cached", f"exp/{done.name}", "--", ":!/.exp") == ""
    assert exp("merge", "--continue").code == 2
    exp.repo.fsck()


def test_markers_that_are_left_are_told(
    fought: tuple[Program, str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    exp, one, two = fought
    place = tmp_path / "there"
    assert exp("merge", one, two, "--theirs", "lr", "--worktree", str(place)).code == 0
    monkeypatch.chdir(place)
    exp.repo.git("-C", str(place), "add", "-A")
    warning = "warning: file 'model.py' still has conflict markers"
    assert warning in exp("merge", "--continue", "-n").err
    (place / "model.py").write_text("<<<<<<< no marker\n" + CODE)
    exp.repo.git("-C", str(place), "add", "-A")
    done = exp("merge", "--continue")
    assert (done.code, warning in done.err) == (0, False)


def test_a_worktree_of_a_merge_is_taken_away(
    fought: tuple[Program, str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    exp, one, two = fought
    place, refs = tmp_path / "there", exp.repo.refs()
    assert exp("merge", one, two, "--theirs", "lr", "--worktree", str(place)).code == 0
    assert "0.4" in (place / "params.yaml").read_text()
    again = exp("merge", one, two, "--worktree", str(place))
    assert again.code == 2
    assert "hint:" in again.err
    monkeypatch.chdir(place)
    assert exp("merge", "--abort").code == 0
    monkeypatch.chdir(exp.repo.path)
    assert not place.exists()
    assert exp.repo.git("worktree", "list").count("\n") == 0
    assert exp.repo.refs() == refs
    assert exp("merge", one, two, one, "--worktree", str(place)).code == 2
    exp.repo.fsck()


def test_a_param_that_stands_in_no_file_is_given_on_the_command_line(
    exp: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = "import gitexp, sys\nwith gitexp.start(params={'width': int(sys.argv[1])}): pass\n"
    exp.repo.commit("script", {"api.py": script, "model.py": CODE})
    names = []
    for width in ("1", "2"):
        lay(exp.repo, {"model.py": f"width {width}\n{CODE}"})
        names.append(exp("run", "--", sys.executable, "api.py", width).name)
        clean(exp.repo)
    said = exp("merge", *names, "--worktree", str(tmp_path / "there"))
    assert "note: param 'width' is in no file" in said.err
    monkeypatch.chdir(tmp_path / "there")
    (tmp_path / "there" / "model.py").write_text("both\n" + CODE)
    exp.repo.git("-C", str(tmp_path / "there"), "add", "model.py")
    left = exp("merge", "--continue")
    assert left.code == 1
    assert "hint: git exp merge --continue --theirs width" in left.err
    done = exp("merge", "--continue", "--set", "width=3")
    assert done.code == 0, done.err
    assert exp("show", done.name, "--json").json["params"]["width"] == 3


def test_runs_whose_files_are_not_here_yet_are_merged_in_a_partial_clone(world: World) -> None:
    world.remote.git("config", "uploadpack.allowFilter", "true")
    ada = world.person("ada")
    ada.repo.commit(
        "project", {"params.yaml": PARAMS, "model.py": CODE, ".gitattributes": "*.log merge=union\n"}
    )
    ada.repo.git("push", "-q", "origin", "main")
    lay(ada.repo, {"params.yaml": changed(PARAMS, lr="lr: 0.2"), "model.py": "one\n" + CODE})
    one = ada("run", "--", "true").name
    clean(ada.repo)
    lay(ada.repo, {"params.yaml": changed(PARAMS, batch="batch: 64"), "model.py": CODE + "two\n"})
    two = ada("run", "--", "true").name
    assert ada("push", one, two).code == 0
    world.remote.git(
        "clone", "-q", "--filter=blob:none", "--no-checkout", world.url, str(world.folder / "bob")
    )
    bob = ada.at(Repo(world.folder / "bob", ada.repo.environ))
    bob.repo.git("fetch", "-q", "--filter=blob:none", "origin", "refs/exp/*:refs/exp/*")
    said = bob("merge", one, two)
    assert said.code == 0, said.err
    model = bob.repo.git("show", f"refs/exp/{said.name}:model.py")
    assert (model.startswith("one\nline 1\n"), model.endswith("line 12\ntwo")) == (True, True)


def test_what_others_wrote_reaches_no_terminal(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    exp.repo.commit("project", {"params.yaml": '"a\\u202eb": 1\n', "x\x1b[31m.py": "x\n"})
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Eve \x1b]0;title\x07")
    names = [
        idea(exp, slug, {"params.yaml": f'"a\\u202eb": {number}\n', "x\x1b[31m.py": f"{slug}\n"})
        for number, slug in enumerate(("two", "three"), 2)
    ]
    said = exp("merge", *names)
    assert said.code == 1
    assert "conflict in param a\\u202eb" in said.out
    assert "conflict in file x\\x1b[31m.py" in said.out
    for text in (said.out, said.err, exp("merge", *names, "--json").out):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
    done = exp("merge", *names, "--ours", "a\u202eb", "--theirs", "x\x1b[31m.py")
    assert done.code == 0, done.err
    assert not {"\x1b", "\x07", "\u202e"} & set(done.out + done.err)
