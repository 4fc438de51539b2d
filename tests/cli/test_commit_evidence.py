"""`git exp show REV` and `git exp ls --commit REV`: the runs that a commit rests on."""

from __future__ import annotations

import pytest

import gitexp
from tests.cli.program import Program, forge


def commit(exp: Program, text: str, *named: str, files: dict[str, str | bytes] | None = None) -> str:
    """A commit whose message names runs."""
    lines = "".join(f"Exp-Run: {name}\n" for name in named)
    return exp.repo.commit(f"{text}\n\n{lines}", files)


def listed(exp: Program, revision: str, *more: str) -> list[str]:
    said = exp("ls", "--commit", revision, "--name-only", *more)
    assert said.code == 0, said.err
    return said.out.split()


def test_runs_of_exactly_its_code(exp: Program) -> None:
    commit(exp, "tried", files={"train.py": "print('tried')\n"})
    older, failed = exp.record("older"), exp.record("failed", "raise SystemExit(1)")
    best = exp.record("best")
    broken = exp.record("broken", "raise SystemExit(1)")
    exp.repo.write("train.py", "print('edited')\n")
    other = exp.record("other")
    commit(exp, "edited")
    said = exp("show", "HEAD^")
    assert said.out.startswith(f"run {best}  finished\n  evidence for commit ")
    assert said.err == f"note: 'HEAD^' has 4 runs, the others are {older}, {broken}, {failed}\n"
    assert listed(exp, "HEAD^") == [broken, best, failed, older]
    assert listed(exp, "HEAD") == [other]
    assert exp("show", "HEAD").out.startswith(f"run {other}  finished\n")
    assert exp("show", "main").out == exp("show", "HEAD").out
    # Names of runs are still names, and commits of runs their own.
    assert "evidence" not in exp("show", best).out + exp("show", f"exp/{best}").out


def test_runs_that_the_message_names(exp: Program) -> None:
    first, second = exp.record("first"), exp.record("second")
    exp.repo.write("train.py", "print('later')\n")
    exact, unnamed = exp.record("exact"), exp.record("unnamed")
    commit(exp, "squashed", first, exact, second)
    said = exp("show", "HEAD")
    assert said.out.startswith(f"run {exact}  finished\n")
    assert "stale" not in said.out
    assert said.err == (
        f"note: 'HEAD' has 4 runs, the others are {unnamed}, {second} (stale), {first} (stale)\n"
    )
    assert listed(exp, "HEAD") == [unnamed, exact, second, first]
    found = exp("show", "HEAD", "--json").json
    assert (found["name"], found["stale"]) == (exact, False)
    assert found["evidence_for"] == exp.repo.git("rev-parse", "HEAD")
    assert exp("show", exact, "--json").json["evidence_for"] is None


def test_evidence_of_other_code_is_stale(exp: Program) -> None:
    name = exp.record("early")
    head = commit(exp, "moved on", name, files={"train.py": "print('else')\n"})
    said = exp("show", "HEAD")
    assert f"evidence for commit {head[:10]}\n" in said.out
    assert f"stale: the code of {head[:10]} is not the code that the metrics were made with" in said.out
    assert exp("show", "HEAD", "--json").json["stale"] is True
    # The first commit has that code, and names nothing.
    assert "stale" not in exp("show", "HEAD^").out


def test_a_run_that_is_not_here(exp: Program) -> None:
    gone, here = "brave-otter-abcdef", exp.record("here")
    commit(exp, "one", gone, "not/a/name", files={"a.txt": "a\n"})
    said = exp("show", "HEAD")
    assert said.code == 1
    assert said.err == f"error: run '{gone}', which 'HEAD' names, is not here\nhint: git exp fetch\n"
    commit(exp, "two", gone, here, files={"a.txt": "b\n"})
    said = exp("show", "HEAD")
    assert said.out.startswith(f"run {here} ")
    assert said.err == f"note: run '{gone}', which 'HEAD' names, is not here: git exp fetch\n"
    said = exp("ls", "--commit", "HEAD", "--name-only")
    assert (said.code, said.out) == (0, f"{here}\n")
    assert said.err == (
        f"warning: run '{gone}', which 'HEAD' names, is not here\nhint: git exp fetch\n"
        f"note: not of the code of 'HEAD', so stale: {here}\n"
    )


def test_a_commit_without_runs(exp: Program) -> None:
    said = exp("show", "HEAD")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error: 'HEAD' is a commit that names no run, and no run has its code\nhint: ")
    assert exp("ls", "--commit", "HEAD").err == "note: no run yet: git exp run -- CMD makes one\n"
    exp.repo.write("train.py", "print('other')\n")
    exp.record("other")
    assert exp("ls", "--commit", "HEAD").err == "note: no run matches\n"
    assert listed(exp, "HEAD") == []


@pytest.mark.parametrize("revision", ["nowhere", "HEAD:train.py", "", "-x", "a\nb", "HEAD^{tree}"])
def test_what_is_no_commit(exp: Program, revision: str) -> None:
    exp.record("one")
    said = exp("ls", f"--commit={revision}")
    assert (said.code, said.out) == (2 if revision in ("", "-x", "a\nb") else 1, "")
    assert said.err.startswith("error: ")
    assert "\nhint: git log --oneline\n" in said.err
    assert exp("show", "--", revision).code in (1, 2)


def test_beside_other_options(exp: Program) -> None:
    names = [exp.record(f"n{lr}", "pass", "-S", f"lr={lr}") for lr in (1, 2, 3)]
    exp.record("unrelated")
    commit(exp, "all", *names, files={"b.txt": "b\n"})
    assert listed(exp, "HEAD", "lr > 1") == [names[2], names[1]]
    assert listed(exp, "HEAD", "--sort", "lr", "-n", "1") == [names[0]]
    assert [run.name for run in gitexp.runs("lr > 1", commit="HEAD")] == [names[2], names[1]]
    with pytest.raises(gitexp.GitExpError, match="'nowhere' is not a commit"):
        gitexp.runs(commit="nowhere")
    assert [one["name"] for one in exp("ls", "--commit", "HEAD", "--json").json["runs"]] == names[::-1]


def test_names_come_before_commits(exp: Program) -> None:
    name = exp.record("head")
    assert exp("show", "head").out.startswith(f"run {name} ")


def test_a_commit_stands_for_its_run_where_that_is_only_read(exp: Program) -> None:
    name = exp.record("one", "print('said')")
    reading = ("why", "eval show", "eval export", "eval diff HEAD", "lineage", "logs", "artifacts", "trace")
    for words in (*reading, "get", "plot", "baseline set main"):
        said = exp(*words.split(), "HEAD")
        assert said.err.startswith(f"note: 'HEAD' stands for run '{name}', which has its code\n"), words
    assert exp("show", "baseline:main", "--json").json["name"] == name


def test_which_run_a_commit_stands_for(exp: Program) -> None:
    first, second = exp.record("first"), exp.record("second")
    exp.record("failed", "raise SystemExit(1)")
    assert exp("logs", "HEAD").err == f"error: run 'HEAD' matches 2 runs\nhint: {second}, {first}\n"
    commit(exp, "named", first, "brave-otter-abcdef")
    assert exp("logs", "HEAD").err == (
        "note: run 'brave-otter-abcdef', which 'HEAD' names, is not here: git exp fetch\n"
        f"note: 'HEAD' stands for run '{first}', which its message names"
        " (2 other runs: git exp ls --commit HEAD)\n"
    )
    commit(exp, "on", second, files={"train.py": "print('on')\n"})
    assert exp("logs", "HEAD~0").err == (
        f"note: 'HEAD~0' stands for run '{second}', which its message names, though of other code\n"
    )
    commit(exp, "nothing", files={"train.py": "print('other')\n"})
    none = "error: 'HEAD' is a commit that names no run, and no run has its code\nhint: git exp "
    assert exp("why", "HEAD").err.startswith(f"{none}run -- CMD ")
    exp.repo.write("train.py", "print('edited')\n")
    third = exp.record("third")
    assert exp("why", "HEAD").err == f"{none}show {third}: it started from there, with changes of its own\n"
    # Whoever changes a run means the run, not what a branch is at today.
    for words in (["tag", "HEAD", "x"], ["rm", "HEAD"], ["note", "HEAD", "-m", "x"], ["star", "HEAD"]):
        before = exp.repo.refs()
        said = exp(*words)
        assert said.code == 1
        assert said.err.startswith("error: 'HEAD' is a commit, but carries no record of a run\n")
        assert exp.repo.refs() == before


def test_archived_runs_are_evidence_too(exp: Program) -> None:
    name = exp.record("old")
    assert exp("archive", name).code == 0
    assert exp("show", "HEAD").out.startswith(f"run {name} ")
    assert listed(exp, "HEAD") == [name]


def test_without_an_index_that_can_be_written(exp: Program) -> None:
    name = exp.record("one")
    index = exp.repo.path / ".git" / "exp" / "index.sqlite"
    index.unlink(missing_ok=True)
    index.mkdir()
    (index / "in the way").touch()
    assert listed(exp, "HEAD") == [name]
    assert exp("show", "HEAD").out.startswith(f"run {name} ")


def test_a_stale_record_in_the_commit_does_not_hide_what_is_of_its_code(exp: Program) -> None:
    merged = exp.record("merged", "pass", "-S", "lr=0.2")
    exp.repo.git("merge", "-q", f"exp/{merged}")
    exp.repo.commit("later", {"train.py": "print('later')\n"})
    # Nothing is of that code yet.
    said = exp("show", "HEAD")
    assert said.out.startswith(f"run {merged} ")
    assert "stale: " in said.out
    fitting = exp.record("fitting")
    head = commit(exp, "named", fitting)
    said = exp("show", "HEAD")
    assert said.out.startswith(f"run {fitting}  finished\n  evidence for commit {head[:10]}\n")
    assert "stale" not in said.out
    assert said.err == f"note: the record in 'HEAD' is stale: it is that of run '{merged}'\n"
    assert exp("show", merged).out.startswith(f"run {merged} ")


def test_every_list_says_which_runs_are_of_other_code(exp: Program) -> None:
    early = exp.record("early")
    exp.repo.write("train.py", "print('later')\n")
    exact = exp.record("exact")
    commit(exp, "both", early, exact)
    told = f"note: not of the code of 'HEAD', so stale: {early}\n"
    for options in ((), ("--md",), ("--columns", "name,status")):
        said = exp("ls", "--commit", "HEAD", *options)
        lines = {name: line for line in said.out.splitlines() for name in (early, exact) if name in line}
        assert "finished, stale" in lines[early]
        assert "stale" not in lines[exact]
        assert said.err == told
    for options in (("--csv",), ("--name-only",), ("--group-by", "lr")):
        assert exp("ls", "--commit", "HEAD", *options).err == told
    found = exp("ls", "--commit", "HEAD", "--json").json["runs"]
    assert {one["name"]: one["stale"] for one in found} == {early: True, exact: False}
    assert not any(one["stale"] for one in exp("ls", "--json").json["runs"])
    assert "stale" not in exp("ls").out
    assert {run.name: run.stale for run in gitexp.runs(commit="HEAD")} == {early: True, exact: False}
    assert not gitexp.get_run(early).stale


def test_results_that_are_committed_are_those_of_the_run_and_nothing_else(exp: Program) -> None:
    """A commit does not tell what of it is results, and code is none whoever says so."""
    exp.repo.commit("code", {"model.json": '{"size": 1}\n'})
    code = "open('metrics.json', 'w').write('{\"acc\": 0.9}')"
    name = exp.record("good", code)
    commit(exp, "its results", name, files={"metrics.json": '{"acc": 0.9}'})
    assert exp("show", "HEAD", "--json").json["stale"] is False
    for files in (
        {"metrics.json": '{"acc": 0.99}'},
        {"metrics.json": "[]"},
        {".gitexp.yaml": "metrics: [.gitexp.yaml, model.json]\n", "model.json": '{"size": 2}\n'},
    ):
        exp.repo.git("reset", "-q", "--hard", "HEAD^")
        commit(exp, "something else", name, files=dict(files))
        assert exp("show", "HEAD", "--json").json["stale"] is True, files


def test_a_record_that_claims_the_code_of_another_is_no_evidence(exp: Program) -> None:
    good = exp.record("good")
    head = exp.repo.commit("other code", {"train.py": "print('other')\n"})
    record = exp.repo.git("show", f"exp/{good}:.exp/run.yaml")
    tree = exp.repo.git("rev-parse", f"{head}^{{tree}}")
    own = exp.repo.git("rev-parse", f"{head}^^{{tree}}")
    assert own in record
    forge(exp.repo, good, "forged-aaaaaa", {"run.yaml": record.replace(own, tree)})
    assert listed(exp, "HEAD") == []
    assert listed(exp, "HEAD^") == [good]
    assert exp("gate", "--baseline", good).err.startswith("error: no finished run of the code of 'HEAD' ")
    assert exp("gate", "--baseline", "HEAD", good).code == 4
