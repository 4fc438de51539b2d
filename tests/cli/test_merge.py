"""Runs become a draft: code merged by git, params by key, and no result made up."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitexp.formats import params_file
from gitexp.merge.mappings import merge
from gitexp.model.values import Oid
from gitexp.ops.committed import params_files_at
from gitexp.repo import Repository
from tests.cli.ideas import CODE, PARAMS, changed, clean, files_of, idea, lay, record_of, untouched
from tests.cli.program import Program
from tests.gitrepo import Repo, init


@pytest.fixture
def project(exp: Program) -> Program:
    """A project with params that have comments, and a program of twelve lines."""
    exp.repo.commit("project", {"params.yaml": PARAMS, "model.py": CODE})
    return exp


PARAMS_OF = params_file.parse("params.yaml", PARAMS.encode())


def shown(exp: Program, path: str, name: str) -> str:
    return exp.repo.git_bytes("show", f"refs/exp/{name}:{path}").decode()


def full(exp: Program, name: str) -> dict[str, object]:
    value: dict[str, object] = exp("show", name, "--json").json
    return value


def test_two_ideas_become_a_draft(project: Program) -> None:
    rate = idea(
        project, "rate", {"params.yaml": changed(PARAMS, lr="lr: 0.2  # the rate"), "new.py": "new\n"}
    )
    size = idea(
        project,
        "size",
        {
            "params.yaml": changed(PARAMS, batch="batch: 64  # per device"),
            "model.py": CODE + "more\n",
        },
    )
    before = untouched(project.repo)
    said = project("merge", rate, size, "--name", "both")
    assert said.code == 0, said.err
    name = said.name
    assert untouched(project.repo) == before
    assert name.startswith("both-")
    assert f"exp {name} draft: git exp run --draft {name}" in said.err

    # Neighbouring lines were changed: as text they would conflict, as keys they do not.
    both = changed(PARAMS, lr="lr: 0.2  # the rate", batch="batch: 64  # per device")
    assert shown(project, "params.yaml", name) == both
    assert shown(project, "model.py", name) == CODE + "more\n"
    assert shown(project, "new.py", name) == "new\n"
    draft = full(project, name)
    assert draft["params"] == {"lr": 0.2, "batch": 64, "model": {"width": 3, "depth": 2}, "seed": 1}
    assert (draft["status"], draft["title"]) == ("draft", f"merge of {rate} and {size}")
    assert draft["parents"] == [rate, size]
    repo = project.repo
    tips = [repo.git("rev-parse", f"refs/exp/{one}") for one in (rate, size)]
    assert repo.git("log", "-1", "--format=%P", f"refs/exp/{name}").split() == tips
    assert draft["code"] == {
        "tree": draft["code"]["tree"],
        "base": repo.git("rev-parse", "HEAD"),
        "dirty": True,
    }  # type: ignore[index]
    assert repo.git("log", "-1", "--format=%s", f"refs/exp/{name}") == f"exp {name}: draft"
    repo.fsck()


def test_a_draft_has_no_result_of_any_kind(project: Program, tmp_path: Path) -> None:
    """The runs have metrics, artifacts, console output and series; the draft has nothing of it."""
    ran = "printf hi; echo '{\"acc\": 0.9}' > metrics.json; echo x > model.bin"
    names = []
    for line in ("lr: 0.2", "batch: 64"):
        lay(project.repo, {"params.yaml": changed(PARAMS, **{line.split(":")[0]: line})})
        said = project("run", "--output", "model.bin", "--", "sh", "-c", ran)
        clean(project.repo)
        names.append(said.name)
    assert {"metrics.yaml", "env.yaml", "log.txt", "artifacts.yaml"} <= set(record_of(project.repo, names[0]))
    name = project("merge", *names).name
    assert record_of(project.repo, name) == ["metrics.yaml", "params.yaml", "run.yaml"]
    assert shown(project, ".exp/metrics.yaml", name).strip() == "{}"
    draft = full(project, name)
    assert (draft["metrics"], draft["ended"], draft["exit_code"]) == ({}, None, None)
    assert draft["command"] == ["sh", "-c", ran]
    assert project("diff", names[0], name, "--json").code == 0


def test_the_same_merge_again_names_the_draft(project: Program) -> None:
    one = idea(project, "one", {"a.txt": "a\n"})
    two = idea(project, "two", {"b.txt": "b\n"})
    name = project("merge", one, two).name
    refs = project.repo.refs()
    for order in ((one, two), (two, one)):
        said = project("merge", *order)
        assert (said.code, said.name) == (0, name)
        assert "already has this code and these params" in said.err
    assert project.repo.refs() == refs
    # Another value is another draft.
    assert project("merge", one, two, "--set", "lr=0.7").name != name
    # One that holds all of the other is what a merge would come to.
    assert project("merge", one, name).name == name


def test_conflicts_are_shown_with_what_came_of_each_side_and_nothing_is_written(project: Program) -> None:
    repo = project.repo
    low = idea(
        project,
        "low",
        {"params.yaml": changed(PARAMS, lr="lr: 0.2"), "model.py": CODE.replace("line 1\n", "low\n")},
        results='{"acc": 0.8}',
    )
    repo.git("config", "user.name", "Grace Other")
    os.environ["GIT_AUTHOR_NAME"] = "Grace Other"
    try:
        high = idea(
            project,
            "high",
            {
                "params.yaml": changed(PARAMS, lr="lr: 0.4"),
                "model.py": CODE.replace("line 1\n", "high\nhigh\n"),
            },
            results='{"acc": 0.7}',
        )
    finally:
        os.environ["GIT_AUTHOR_NAME"] = "Ada Tester"
    before, refs = untouched(repo), repo.refs()
    said = project("merge", low, high)
    assert said.code == 1
    assert (untouched(repo), repo.refs()) == (before, refs)
    lines = [line.split() for line in said.out.splitlines()]
    assert ["conflict", "in", "param", "lr"] in lines
    assert ["base", "0.1"] in lines
    assert [low, "0.2", "Ada", "Tester", "acc", "0.8"] in lines
    assert [high, "0.4", "Grace", "Other", "acc", "0.7"] in lines
    assert ["conflict", "in", "file", "model.py"] in lines
    assert [low, "changed", "+1", "-1", "Ada", "Tester", "acc", "0.8"] in lines
    assert [high, "changed", "+2", "-1", "Grace", "Other", "acc", "0.7"] in lines
    assert "error: 2 conflicts: nothing was written" in said.err
    assert f"hint: git exp merge {low} {high} --theirs lr --theirs model.py" in said.err

    document = project("merge", low, high, "--json")
    assert document.code == 1
    found = document.json["conflicts"]
    assert document.json["status"] == "conflict"
    assert found["params"] == [
        {"key": "lr", "file": None, "base": 0.1, "values": {low: 0.2, high: 0.4}, "missing": []}
    ]
    assert found["files"] == [{"path": "model.py", "runs": {low: "changed", high: "changed"}}]
    assert [one["effect"] for one in found["runs"]] == ["acc 0.8", "acc 0.7"]

    resolved = project("merge", low, high, "--ours", "lr", "--theirs", "model.py")
    assert resolved.code == 0, resolved.err
    assert full(project, resolved.name)["params"]["lr"] == 0.2  # type: ignore[index]
    assert shown(project, "params.yaml", resolved.name) == changed(PARAMS, lr="lr: 0.2")
    assert shown(project, "model.py", resolved.name) == CODE.replace("line 1\n", "high\nhigh\n")
    given = project("merge", low, high, "--set", "lr=0.3", "--ours", "path:model.py")
    assert shown(project, "params.yaml", given.name) == changed(PARAMS, lr="lr: 0.3")
    assert shown(project, "model.py", given.name) == CODE.replace("line 1\n", "low\n")
    repo.fsck()


def test_what_is_not_in_conflict_cannot_be_resolved(project: Program) -> None:
    one = idea(project, "one", {"params.yaml": changed(PARAMS, lr="lr: 0.2")})
    two = idea(project, "two", {"a.txt": "a\n"})
    refs = project.repo.refs()
    for options, message in (
        (("--ours", "batch"), "'batch' is not in conflict"),
        (("--ours", "path:lr"), "'path:lr' is not in conflict"),
        (("--theirs", "no/such.py"), "'no/such.py' is not in conflict"),
        (("--ours", "lr", "--set", "lr=1"), "'lr' is resolved twice"),
        (("--set", "path:a=1"), "a file has no value: 'path:a'"),
        (("--set", "nothing=1"), "unknown parameter 'nothing'"),
        (("--set", "lr"), "'lr' is not an assignment"),
    ):
        said = project("merge", one, two, *options)
        assert (said.code, said.out) == (2, "")
        assert f"error: {message}" in said.err
    assert said.err.endswith("hint: --set lr=<value>\n")
    assert project.repo.refs() == refs


def test_what_cannot_be_merged_is_refused(project: Program) -> None:
    one = idea(project, "one", {"a.txt": "a\n"})
    for arguments, message, code in (
        ((), "a merge takes two or more runs", 2),
        ((one,), "a merge takes two or more runs", 2),
        ((one, one), f"run {one!r} is given twice", 2),
        ((one, "nobody"), "no run matches 'nobody'", 1),
        ((one, "HEAD"), "'HEAD' is a commit, but carries no record", 1),
        (("--continue", one), "--continue and --abort stand alone", 2),
        (("--continue", "--abort"), "--continue and --abort stand alone", 2),
        (("--continue",), "no merge is under way in this worktree", 2),
        (("--abort",), "no merge is under way in this worktree", 2),
        ((one, "@", "--trust"), "--trust is for --run", 2),
        ((one, "@", "--run", "-n"), "--run talks while it runs", 2),
        ((one, "@", "--worktree", "x", "--json"), "--worktree only lays the merge out", 2),
    ):
        said = project("merge", *arguments)
        assert (said.code, message in said.err) == (code, True), said.err
        assert "hint:" in said.err


def test_a_dry_run_writes_nothing(project: Program) -> None:
    one = idea(project, "one", {"params.yaml": changed(PARAMS, lr="lr: 0.2")})
    two = idea(project, "two", {"a.txt": "a\n"})
    refs = project.repo.refs()
    said = project("merge", "-n", one, two)
    assert said.code == 0
    assert ["lr", "0.1", "->", "0.2", one] in [line.split() for line in said.out.splitlines()]
    assert ["a.txt", two] in [line.split() for line in said.out.splitlines()]
    document = project("merge", "-n", "--json", one, two).json
    assert (document["name"], document["status"]) == (None, "draft")
    assert document["params"] == [{"key": "lr", "base": 0.1, "value": 0.2, "missing": [], "runs": [one]}]
    assert project.repo.refs() == refs
    assert project("merge", "-q", one, two).out == ""


def test_params_that_one_side_removed_and_comments_in_every_format(project: Program) -> None:
    """Of each format: one side takes a key away, the other changes the line beside it."""
    texts = {
        "params.yaml": PARAMS,
        "p.json": '{\n  "lr": 0.1,\n  "batch": 32,\n  "last": {"a": 1, "b": 2}\n}\n',
        "p.toml": "# toml\nlr = 0.1 # rate\nbatch = 32 # size\n[last]\na = 1 # one\nb = 2\n",
    }
    settings = "params: [params.yaml, p.json, p.toml]\n"
    project.repo.commit("formats", {**texts, ".gitexp.yaml": settings})
    one = idea(
        project,
        "one",
        {
            "params.yaml": PARAMS.replace("batch: 32  # per device\n", ""),
            "p.json": texts["p.json"].replace('  "batch": 32,\n', ""),
            "p.toml": texts["p.toml"].replace("batch = 32 # size\n", ""),
        },
    )
    two = idea(
        project,
        "two",
        {
            "params.yaml": changed(PARAMS, lr="lr: 0.5  # the rate"),
            "p.json": texts["p.json"].replace("0.1", "0.5").replace('"b": 2', '"b": 3'),
            "p.toml": texts["p.toml"].replace("lr = 0.1", "lr = 0.5").replace("b = 2", "b = 3"),
        },
    )
    for order in ((one, two), (two, one)):
        said = project("merge", *order, "--name", "x")
        assert said.code == 0, said.out
        assert shown(project, "params.yaml", said.name) == changed(PARAMS, lr="lr: 0.5  # the rate").replace(
            "batch: 32  # per device\n", ""
        )
        assert json.loads(shown(project, "p.json", said.name)) == {"lr": 0.5, "last": {"a": 1, "b": 3}}
        toml = "# toml\nlr = 0.5 # rate\n[last]\na = 1 # one\nb = 3\n"
        assert shown(project, "p.toml", said.name) == toml
        assert "batch" not in full(project, said.name)["params"]  # type: ignore[operator]


def test_params_that_a_run_did_not_read_are_not_removed_by_it(
    project: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of other folders, and of a params file that was named, know other keys than their files have."""
    sub = "size: 8\nmodel: {heads: 1}\n"
    project.repo.commit("folders", {"sub/params.yaml": sub, "exp.yaml": "lr: 0.1\nother: 5\n"})
    root = idea(project, "root", {"params.yaml": changed(PARAMS, lr="lr: 0.2")})
    lay(project.repo, {"a.txt": "a\n"})
    named = project("run", "--param-file", "exp.yaml", "--", "true").name
    clean(project.repo)
    lay(project.repo, {"sub/params.yaml": sub.replace("8", "16"), "b.txt": "b\n"})
    monkeypatch.chdir(project.repo.path / "sub")
    below = project("run", "--", "true").name
    monkeypatch.chdir(project.repo.path)
    clean(project.repo)
    both = {
        "lr": 0.2,
        "batch": 32,
        "model": {"width": 3, "depth": 2, "heads": 1},
        "seed": 1,
        "size": 16,
    }
    for order in ((root, below), (below, root)):
        said = project("merge", *order, "--name", "folders")
        assert said.code == 0, said.out
        assert full(project, said.name)["params"] == both
        assert project("run", "--draft", said.name).code == 0
        assert full(project, said.name)["params"] == both
    all_three = project("merge", root, below, named)
    assert full(project, all_three.name)["params"] == {**both, "other": 5}
    assert shown(project, "sub/params.yaml", all_three.name) == sub.replace("8", "16")
    given = project("merge", root, below, "--set", "size=4")
    assert shown(project, "sub/params.yaml", given.name) == sub.replace("8", "4")


def test_comments_of_both_sides_are_kept(project: Program) -> None:
    one = idea(project, "one", {"params.yaml": "# by one\n" + changed(PARAMS, lr="lr: 0.2  # faster")})
    two = idea(project, "two", {"params.yaml": changed(PARAMS, lr="lr: 0.4  # the rate") + "# by two\n"})
    name = project("merge", one, two, "--theirs", "lr").name
    text = shown(project, "params.yaml", name)
    assert text.startswith("# by one\n")
    assert "\nlr: 0.4  # faster\n" in text
    assert text.endswith("\nseed: 1\n# by two\n")


def test_a_comment_that_both_changed_is_told(project: Program) -> None:
    one = idea(project, "one", {"params.yaml": changed(PARAMS, lr="lr: 0.2  # faster")})
    two = idea(
        project, "two", {"params.yaml": changed(PARAMS, lr="lr: 0.1  # as ever", batch="batch: 8  # few")}
    )
    said = project("merge", one, two)
    assert said.code == 0, said.out
    assert "lr: 0.2  # faster\nbatch: 8  # few\n" in shown(project, "params.yaml", said.name)
    assert f"'params.yaml': a comment on 'lr' is left out, of {two}: # as ever" in said.err


def moved(to: str) -> dict[str, str | bytes | None]:
    return {"params.yaml": None, to: PARAMS, ".gitexp.yaml": f"params: {to}\n"}


def test_params_are_merged_by_key_where_one_side_renamed_their_file(project: Program) -> None:
    one = idea(project, "one", {"params.yaml": changed(PARAMS, lr="lr: 0.2  # faster")})
    files = moved("my conf.yaml") | {"my conf.yaml": changed(PARAMS, batch="batch: 8", seed="seed: 7")}
    two = idea(project, "two", files)
    for order in ((one, two), (two, one)):
        said = project("merge", *order, "--name", "x")
        assert said.code == 0, said.out
        assert "params.yaml" not in files_of(project.repo, f"refs/exp/{said.name}")
        assert shown(project, "my conf.yaml", said.name) == changed(
            PARAMS, lr="lr: 0.2  # faster", batch="batch: 8", seed="seed: 7"
        )
        assert full(project, said.name)["params"] == PARAMS_OF | {"lr": 0.2, "batch": 8, "seed": 7}
    three = idea(project, "three", files | {"my conf.yaml": changed(PARAMS, lr="lr: 0.4  # the rate")})
    said = project("merge", one, three)
    assert said.code == 1
    assert "conflict in param lr" in said.out
    name = project("merge", one, three, "--theirs", "my conf.yaml").name
    assert full(project, name)["params"] == PARAMS_OF | {"lr": 0.4}
    assert "lr: 0.4  # faster\n" in shown(project, "my conf.yaml", name)


def test_a_params_file_that_is_read_no_more_stays(project: Program) -> None:
    other = {"b.yaml": PARAMS, ".gitexp.yaml": "params: b.yaml\n"}
    one, two = idea(project, "one", other), idea(project, "two", {"more.py": "pass\n"})
    said = project("merge", one, two)
    assert said.code == 0, said.out
    assert {"params.yaml", "b.yaml", "more.py"} <= set(files_of(project.repo, f"refs/exp/{said.name}"))


def test_a_draft_has_the_params_of_its_files_whatever_was_taken(project: Program) -> None:
    """Both sides moved the file, and changed keys: which of them are in it depends on what is taken."""
    one = idea(project, "one", moved("a.yaml") | {"a.yaml": changed(PARAMS, lr="lr: 0.2", batch="batch: 8")})
    two = idea(project, "two", moved("b.yaml") | {"b.yaml": changed(PARAMS, lr="lr: 0.3", seed="seed: 7")})
    words = ["a.yaml", "b.yaml", ".gitexp.yaml"]
    said = project("merge", one, two)
    assert f"  {one}  absent" in said.out
    assert f"  {two}  absent" in said.out
    for side, path in (("--ours", "a.yaml"), ("--theirs", "b.yaml")):
        taken = [part for word in (*words, "params.yaml", "lr") for part in (side, word)]
        said = project("merge", one, two, *taken, "--name", "x")
        assert said.code == 0, said.err
        read = params_file.parse(path, shown(project, path, said.name).encode())
        assert full(project, said.name)["params"] == read


def test_a_params_file_can_be_taken_whole(project: Program) -> None:
    one = idea(
        project, "one", {"params.yaml": changed(PARAMS, lr="lr: 0.2", seed="seed: 7", batch="batch: 8")}
    )
    two = idea(
        project, "two", {"params.yaml": changed(PARAMS, lr="lr: 0.3", seed="seed: 9", width="  width: 4")}
    )
    assert "2 conflicts" in project("merge", one, two).err
    name = project("merge", one, two, "--theirs", "params.yaml").name
    params = full(project, name)["params"]
    # What did not conflict is merged all the same.
    assert params == {"lr": 0.3, "batch": 8, "seed": 9, "model": {"width": 4, "depth": 2}}
    assert params_file.parse("params.yaml", shown(project, "params.yaml", name).encode()) == params


def test_a_params_file_that_cannot_be_read_is_merged_as_text(project: Program) -> None:
    """One side broke it: its run was given other params."""
    project.repo.write("other.yaml", "lr: 0.1\n")
    project.repo.commit("other")
    one = idea(project, "one", {"params.yaml": PARAMS + "broken: [\n"}, "--param-file", "other.yaml")
    two = idea(project, "two", {"params.yaml": "# first\n" + PARAMS}, "--param-file", "other.yaml")
    name = project("merge", one, two).name
    assert shown(project, "params.yaml", name) == "# first\n" + PARAMS + "broken: [\n"


def test_deleted_here_and_changed_there(project: Program) -> None:
    one = idea(project, "one", {"model.py": None})
    two = idea(project, "two", {"model.py": CODE + "more\n"})
    said = project("merge", one, two)
    lines = [line.split() for line in said.out.splitlines()]
    assert [one, "deleted", "Ada", "Tester", "no", "metrics"] in lines
    assert [two, "changed", "+1", "-0", "Ada", "Tester", "no", "metrics"] in lines
    gone = project("merge", one, two, "--ours", "model.py").name
    kept = project("merge", one, two, "--theirs", "model.py").name
    assert "model.py" not in files_of(project.repo, f"refs/exp/{gone}")
    assert shown(project, "model.py", kept) == CODE + "more\n"


def test_renames_modes_binaries_links_and_folders(project: Program) -> None:
    repo = project.repo
    repo.commit("more", {"data.bin": bytes(range(256)), "run.sh": "#!/bin/sh\n", "src/deep/a b.py": CODE})
    (repo.path / "link").symlink_to("model.py")
    repo.commit("link")
    repo.git("mv", "model.py", "naïve model.py")
    (repo.path / "run.sh").chmod(0o755)
    one = idea(project, "one", {"data.bin": bytes(range(255, -1, -1))})
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("train.py")
    two = idea(project, "two", {"model.py": CODE + "more\n", "src/deep/a b.py": None, "src/new/c.py": "c\n"})
    name = project("merge", one, two).name
    files = files_of(repo, f"refs/exp/{name}")
    assert shown(project, "naïve model.py", name) == CODE + "more\n"
    assert "model.py" not in files
    assert files["run.sh"].startswith("100755")
    assert files["link"].startswith("120000")
    assert shown(project, "link", name) == "train.py"
    assert repo.git_bytes("show", f"refs/exp/{name}:data.bin") == bytes(range(255, -1, -1))
    assert "src/deep/a b.py" not in files
    assert shown(project, "src/new/c.py", name) == "c\n"
    three = idea(project, "three", {"data.bin": b"\0three"})
    assert "changed (binary)" in project("merge", one, three).out
    taken = project("merge", one, three, "--theirs", "data.bin").name
    assert repo.git_bytes("show", f"refs/exp/{taken}:data.bin") == b"\0three"
    repo.fsck()


def test_submodules(project: Program, tmp_path: Path) -> None:
    inner = init(tmp_path / "inner", project.repo.environ)
    commits = [inner.commit(f"inner {number}", {"f": f"{number}\n"}) for number in range(3)]
    project.repo.git("submodule", "--quiet", "add", str(inner.path), "lib")
    project.repo.git("-C", "lib", "checkout", "-q", commits[0])
    project.repo.commit("submodule")

    def moved(slug: str, to: str) -> str:
        project.repo.git("-C", "lib", "checkout", "-q", to)
        return idea(project, slug, {f"{slug}.txt": "x\n"})

    one, two, three = moved("one", commits[1]), moved("two", commits[0]), moved("three", commits[2])
    name = project("merge", one, two).name
    assert files_of(project.repo, f"refs/exp/{name}")["lib"] == f"160000 commit {commits[1]}"
    said = project("merge", one, three)
    assert "conflict in file lib" in said.out
    taken = project("merge", one, three, "--theirs", "lib").name
    assert files_of(project.repo, f"refs/exp/{taken}")["lib"] == f"160000 commit {commits[2]}"
    project.repo.fsck()


def test_three_runs_one_after_the_other(project: Program) -> None:
    ideas = [
        idea(
            project,
            "a",
            {"params.yaml": changed(PARAMS, lr="lr: 0.2"), "model.py": CODE.replace("1\n", "one\n", 1)},
        ),
        idea(project, "b", {"params.yaml": changed(PARAMS, batch="batch: 64"), "model.py": CODE + "b\n"}),
        idea(project, "c", {"params.yaml": changed(PARAMS, seed="seed: 7"), "c.py": "c\n"}),
    ]
    name = project("merge", *ideas).name
    draft = full(project, name)
    assert draft["params"] == {"lr": 0.2, "batch": 64, "seed": 7, "model": {"width": 3, "depth": 2}}
    assert draft["parents"] == ideas
    assert draft["title"] == f"merge of {ideas[0]}, {ideas[1]} and {ideas[2]}"
    assert len(project.repo.git("log", "-1", "--format=%P", f"refs/exp/{name}").split()) == 3
    assert shown(project, "model.py", name) == CODE.replace("1\n", "one\n", 1) + "b\n"
    project.repo.fsck()


def test_the_third_run_brings_a_conflict(project: Program) -> None:
    ideas = [
        idea(project, "a", {"params.yaml": changed(PARAMS, lr="lr: 0.2")}),
        idea(project, "b", {"params.yaml": changed(PARAMS, batch="batch: 64")}),
        idea(project, "c", {"params.yaml": changed(PARAMS, lr="lr: 0.4")}),
    ]
    said = project("merge", *ideas, "--json")
    assert said.code == 1
    (conflict,) = said.json["conflicts"]["params"]
    assert (conflict["base"], conflict["values"]) == (0.1, dict(zip(ideas, (0.2, 0.1, 0.4), strict=True)))
    name = project("merge", *ideas, "--theirs", "lr").name
    assert full(project, name)["params"]["lr"] == 0.4  # type: ignore[index]
    assert "lr: 0.4" in shown(project, "params.yaml", name)


def test_a_fork_is_merged_from_where_it_began(project: Program) -> None:
    """What the older run had is the base: what only it changed before the fork is no conflict."""
    older = idea(project, "older", {"params.yaml": changed(PARAMS, lr="lr: 0.2"), "old.py": "old\n"})
    forked = {"params.yaml": changed(PARAMS, lr="lr: 0.3"), "old.py": "old\nforked\n"}
    fork = idea(project, "fork", forked, "--fork", older)
    name = project("merge", older, fork).name
    assert name == fork
    # Two forks of one run have that run's code and params in common.
    other = idea(
        project,
        "other",
        {**forked, "params.yaml": changed(PARAMS, lr="lr: 0.2", seed="seed: 5")},
        "--fork",
        older,
    )
    merged = full(project, project("merge", fork, other).name)["params"]
    assert (merged["lr"], merged["seed"]) == (0.3, 5)  # type: ignore[index]


def test_drafts_can_be_merged(project: Program) -> None:
    a = idea(project, "a", {"a.py": "a\n"})
    b = idea(project, "b", {"b.py": "b\n"})
    c = idea(project, "c", {"c.py": "c\n"})
    ab, bc = project("merge", a, b).name, project("merge", b, c).name
    name = project("merge", ab, bc).name
    assert {"a.py", "b.py", "c.py"} <= set(files_of(project.repo, f"refs/exp/{name}"))


def test_criss_cross_histories_merge_as_git_merges_them(project: Program) -> None:
    repo = project.repo
    lines = CODE
    repo.git("switch", "-qc", "left")
    repo.commit("left", {"model.py": (left := lines.replace("line 2\n", "left\n"))})
    repo.git("switch", "-qc", "right", "main")
    repo.commit("right", {"model.py": lines.replace("line 11\n", "right\n")})
    both = left.replace("line 11\n", "right\n")
    repo.git("merge", "-q", "--no-edit", "left")
    repo.git("switch", "-q", "left")
    repo.git("merge", "-q", "--no-edit", "right~1")
    assert len(repo.git("merge-base", "--all", "left", "right").split()) == 2
    one = idea(project, "one", {"model.py": both.replace("line 5\n", "five\n")})
    repo.git("switch", "-q", "right")
    two = idea(
        project,
        "two",
        {"model.py": both.replace("line 9\n", "nine\n"), "params.yaml": changed(PARAMS, lr="lr: 3")},
    )
    name = project("merge", one, two).name
    assert shown(project, "model.py", name) == both.replace("line 5\n", "five\n").replace(
        "line 9\n", "nine\n"
    )
    assert full(project, name)["params"]["lr"] == 3  # type: ignore[index]


def test_histories_without_anything_in_common(project: Program) -> None:
    one = idea(project, "one", {"one.py": "one\n"})
    project.repo.git("switch", "-q", "--orphan", "other")
    project.repo.commit("other", {"params.yaml": PARAMS, "other.py": "other\n"})
    two = idea(project, "two", {"two.py": "two\n"})
    said = project("merge", one, two)
    assert said.code == 0, said.out
    files = files_of(project.repo, f"refs/exp/{said.name}")
    assert {"one.py", "two.py", "other.py", "model.py", "params.yaml"} <= set(files)
    assert full(project, said.name)["code"]["base"] is None  # type: ignore[index]
    assert project("run", "--draft", said.name).code == 0
    project.repo.fsck()


def test_on_an_unborn_branch(environ: dict[str, str], exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = init(exp.repo.path.parent / "fresh", environ)
    monkeypatch.chdir(fresh.path)
    names = []
    for line in ("lr: 0.2", "batch: 64"):
        fresh.write("params.yaml", changed(PARAMS, **{line.split(":")[0]: line}))
        names.append(exp("run", "--", "true").name)
    said = exp("merge", *names)
    assert said.code == 1  # without a common base, each param that differs is in conflict
    said = exp("merge", *names, "--theirs", "lr", "--ours", "batch")
    assert exp("show", said.name, "--json").json["params"]["lr"] == 0.1
    assert exp("run", "--draft", said.name).code == 0
    fresh.fsck()


@pytest.mark.parametrize(
    ("kind", "hashes"),
    [
        *((kind, "sha1") for kind in ("worktree", "submodule", "bare", "partial", "shallow", "separate")),
        *((kind, "sha256") for kind in ("plain", "bare")),
    ],
)
def test_in_every_kind_of_repository(
    make_repo: Callable[..., Repo], exp: Program, monkeypatch: pytest.MonkeyPatch, kind: str, hashes: str
) -> None:
    repo = make_repo(kind, hashes)
    recorded = Repo(repo.path.parent / "source", repo.environ) if kind == "bare" else repo
    monkeypatch.chdir(recorded.path)
    if kind == "partial":
        repo.git("checkout", "-q")
    names = [exp("run", "-S", one, "--", "true").name for one in ("lr=0.2", "+batch=64")]
    if recorded is not repo:
        recorded.git("push", "-q", str(repo.path), "refs/exp/*:refs/exp/*")
        monkeypatch.chdir(repo.path)
    said = exp("merge", *names)
    assert said.code == 0, said.err
    assert exp("show", said.name, "--json").json["params"] == {"lr": 0.2, "batch": 64}
    assert repo.git("show", f"refs/exp/{said.name}:params.yaml") == "lr: 0.2\nbatch: 64"
    assert exp("run", "--draft", said.name, "--trust").code == 0
    assert exp("show", said.name, "--json").json["status"] == "finished"
    assert "error" not in repo.git("fsck", "--strict", "--no-dangling", "--no-progress")


def test_no_merge_driver_runs_but_attributes_count(
    project: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, mark = project.repo, tmp_path / "ran"
    (tmp_path / "config").write_text(f'[merge "evil"]\n\tdriver = touch {mark}\n[merge]\n\tdefault = evil\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    repo.git("config", "merge.evil.driver", f"touch {mark}")
    log = "a\nb\n"
    repo.commit("attributes", {".gitattributes": "model.py merge=evil\n*.log merge=union\n", "x.log": log})
    one = idea(project, "one", {"model.py": CODE.replace("line 1\n", "one\n"), "x.log": log + "one\n"})
    two = idea(project, "two", {"model.py": CODE + "two\n", "x.log": log + "two\n"})
    name = project("merge", one, two).name
    assert shown(project, "model.py", name) == CODE.replace("line 1\n", "one\n") + "two\n"
    assert shown(project, "x.log", name) == log + "one\ntwo\n"
    assert not mark.exists()


def test_what_runs_do_not_agree_on_is_told(project: Program) -> None:
    lay(project.repo, {"a.txt": "a\n"})
    one = project("run", "--group", "g", "--", "sh", "-c", "true").name
    clean(project.repo)
    (project.repo.path / "src").mkdir(exist_ok=True)
    lay(project.repo, {"b.txt": "b\n"})
    two = project("run", "--group", "g", "--", "sh", "-c", ":").name
    clean(project.repo)
    said = project("merge", one, two)
    assert f"warning: the commands of the runs differ: that of {one!r} is taken" in said.err
    draft = full(project, said.name)
    assert (draft["command"], draft["group"]) == (["sh", "-c", "true"], "g")


def test_runs_that_differ_in_their_data_alone_are_not_each_other(project: Program) -> None:
    script = "import gitexp\nwith gitexp.start() as run: run.use('dataset', 'digits')\n"
    project.repo.commit("data", {"t.py": script, ".gitignore": "digits\n"})
    names = []
    for data in ("one", "two"):
        project.repo.write("digits", data)
        names.append(project("run", "--", sys.executable, "t.py").name)
    warning = "is not the same in all runs: it is left out"
    said = project("merge", *names)
    assert (said.code, said.name in names, warning in said.err) == (0, False, True)
    again = project("merge", *names)
    assert (again.name, warning in again.err) == (said.name, True)


def test_runs_that_differ_in_their_folder_alone_are_not_each_other(
    project: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.repo.commit("folder", {"sub/a.txt": "a\n"})
    one = project("run", "--", "true").name
    monkeypatch.chdir(project.repo.path / "sub")
    two = project("run", "--", "true").name
    said = project("merge", one, two)
    assert (said.code, said.name in (one, two)) == (0, False)
    assert "the runs ran in different folders" in said.err
    assert project("merge", one, two).name == said.name


def test_a_params_file_behind_a_link(project: Program) -> None:
    """As the runs read it; a link that leads outside, or round and round, is none."""
    repo = project.repo
    repo.write("conf/real.yaml", PARAMS)
    (repo.path / "params.yaml").unlink()
    (repo.path / "params.yaml").symlink_to("conf/link.yaml")
    (repo.path / "conf/link.yaml").symlink_to("real.yaml")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "link")
    one = idea(project, "one", {"conf/real.yaml": changed(PARAMS, lr="lr: 0.2  # the rate")})
    two = idea(project, "two", {"conf/real.yaml": changed(PARAMS, batch="batch: 64  # per device")})
    said = project("merge", one, two, "--set", "seed=5")
    assert said.code == 0, said.out
    both = changed(PARAMS, lr="lr: 0.2  # the rate", batch="batch: 64  # per device", seed="seed: 5")
    assert shown(project, "conf/real.yaml", said.name) == both
    assert shown(project, "params.yaml", said.name) == "conf/link.yaml"
    for target in ("params.yaml", "../outside.yaml", "/dev/null", "conf"):
        (repo.path / "params.yaml").unlink()
        (repo.path / "params.yaml").symlink_to(target)
        repo.git("add", "-A")
        repo.git("commit", "-qm", target)
        with Repository.open(repo.path, repo.environ) as opened:
            assert params_files_at(opened, Oid(repo.git("rev-parse", "HEAD")), "") == []


NUMBERS = st.integers(0, 2)
EDITS = st.dictionaries(st.sampled_from(["lr", "batch", "seed"]), NUMBERS, max_size=3)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(EDITS, EDITS)
def test_what_the_merge_by_key_says_is_what_file_and_record_have(
    project: Program, mine: dict[str, int], theirs: dict[str, int]
) -> None:
    base = params_file.parse("p.yaml", PARAMS.encode())

    def edited(slug: str, edits: dict[str, int]) -> str:
        changes = {(key,): value for key, value in edits.items()}
        data = params_file.edit("p.yaml", PARAMS.encode(), changes)
        return idea(project, slug, {"params.yaml": data, f"{slug}.txt": "x\n"})

    one, two = edited("one", mine), edited("two", theirs)
    expected = merge(base, [{**base, **mine}, {**base, **theirs}])
    said = project("merge", one, two)
    fought = [".".join(conflict.key) for conflict in expected.conflicts]
    assert [line.split()[-1] for line in said.out.splitlines() if line.startswith("conflict")] == fought
    if fought:
        assert said.code == 1
        said = project("merge", one, two, *(word for key in fought for word in ("--ours", key)))
    wanted = {**expected.values, **{key: mine[key] for key in fought}}
    assert full(project, said.name)["params"] == wanted
    text = shown(project, "params.yaml", said.name)
    assert params_file.parse("p.yaml", text.encode()) == wanted
    assert "# how it is trained" in text
    assert "  # of each layer" in text


def test_params_are_spelled_as_in_the_run_that_has_them(exp: Program) -> None:
    """`off` is text to YAML 1.2, and false to the program that reads the merged file."""
    base = "flag: on\ncount: 1\nlr: 0.1\nprompt: hi\n"
    exp.repo.commit("project", {"params.yaml": base})
    one = idea(exp, "one", {"params.yaml": changed(base, lr="lr: 1e-3", count="count: 1 # mine")})
    mine = "flag: off\ncount: 2_000\nlr: 0.1\nprompt: |\n  You are\n  off.\nday: 2025-02-02 # new\n"
    two = idea(exp, "two", {"params.yaml": mine})
    name = exp("merge", one, two).name
    text = mine.replace("2_000", "2_000 # mine").replace("lr: 0.1", "lr: 1e-3")
    assert shown(exp, "params.yaml", name) == text
    three = idea(exp, "three", {"params.yaml": changed(base, flag="flag: no", prompt="prompt: off")})
    taken = exp("merge", three, two, "--theirs", "flag", "--theirs", "prompt").name
    assert shown(exp, "params.yaml", taken) == mine


@pytest.mark.parametrize("declared", [False, True])
def test_results_are_nobodys_and_never_conflict(exp: Program, declared: bool) -> None:
    """What a run left in a file that git does not ignore is a leftover in the next one's code."""
    path, output = ("out/scores.json", "model/w.bin") if declared else ("metrics.json", "sub/metrics.csv")
    told = {".gitexp.yaml": "metrics: [out/scores.json]\noutputs: [model]\n"} if declared else {}
    exp.repo.commit("project", {**told, path: '{"acc": 0}\n\n\n\n{}\n', "a.py": CODE})
    one = idea(exp, "one", {path: '{"acc": 1}\n\n\n\n{}\n', output: "1\n", "b.py": "b\n"})
    two = idea(exp, "two", {path: '{"acc": 2}\n\n\n\n{}\n', output: "2\n", "c.py": "c\n"})
    said = exp("merge", one, two)
    assert said.code == 0, said.err
    assert said.err.count("results are not merged") == 1
    assert path in said.err
    assert path not in said.out
    files = files_of(exp.repo, f"refs/exp/{said.name}")
    assert {"a.py", "b.py", "c.py"} <= set(files)
    assert output not in files
    assert files[path] == files_of(exp.repo, "HEAD")[path]
    assert exp("merge", two, one).name == said.name
    # What git would merge by line is a result that nobody had.
    three = idea(exp, "three", {path: '{"acc": 0}\n\n\n\n{"f1": 3}\n'})
    assert shown(exp, path, exp("merge", one, three).name) == '{"acc": 0}\n\n\n\n{}\n'
    # What is asked for is taken.
    assert shown(exp, path, exp("merge", one, two, "--theirs", path).name) == '{"acc": 2}\n\n\n\n{}\n'


def test_the_order_of_the_runs_makes_no_other_draft(project: Program) -> None:
    """New keys stand in another order, and a comment is that of the first: nothing else differs."""
    one = idea(project, "one", {"params.yaml": changed(PARAMS, lr="lr: 0.1  # mine") + "a: off\n"})
    two = idea(project, "two", {"params.yaml": changed(PARAMS, lr="lr: 0.1  # yours") + "b: 2_000\n"})
    name = project("merge", one, two).name
    said = project("merge", two, one)
    assert (said.code, said.name) == (0, name)
    other = idea(project, "other", {"params.yaml": PARAMS + 'a: "off"\n'})
    assert project("merge", two, other).name != name
    assert project("run", "--draft", name).code == 0
    assert project("merge", two, one).name == name
