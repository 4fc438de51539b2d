"""`git exp why` beside its story: which run it is held against, what it says of little, and bad input."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import gitexp
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_json import digest
from gitexp.formats.python_code import fingerprint as shape_of
from tests.cli.program import Program, forge
from tests.cli.sharing import World
from tests.interop.logs import FIXTURES

NASTY = "a\x1b[2J\u202ed\nb<img src=x>`"


def record(
    slug: str,
    metrics: Mapping[str, float] | None = None,
    params: Mapping[str, Any] | None = None,
    **inputs: Any,
) -> str:
    """The name of a run of this process that was told these inputs."""
    with gitexp.start(slug, params=dict(params or {})) as run:
        for role, what in inputs.items():
            run.use(role.replace("_", "-"), what)
        run.log(dict(metrics if metrics is not None else {"acc": 0.5}))
    assert run.name
    return run.name


def page(exp: Program, *arguments: str) -> str:
    said = exp("why", *arguments)
    assert said.code == 0, said.err
    return said.out


def against(exp: Program, *arguments: str) -> Any:
    return exp("why", *arguments, "--json").json["against"]


def test_a_run_alone_has_nothing_to_be_held_against(exp: Program) -> None:
    name = record("alone", params={"lr": 0.1})
    said = exp("why")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[:3] == [
        f"run {name}  finished",
        "  acc  0.5",
        "  how sure it is, is not known: no examples, and no repeated run",
    ]
    assert said.out.splitlines()[-1] == (
        "there is nothing to compare it with: no parent, and no earlier run of the same data and grader; "
        "--vs RUN names one"
    )
    assert exp("why", "--json").json["against"] is None


def test_the_latest_comparable_run_before_it_is_the_rule(exp: Program) -> None:
    first = record("first", dataset={"digest": "sha256:" + "a" * 64})
    record("other-data", dataset={"digest": "sha256:" + "b" * 64})
    record("other-metric", {"loss": 1.0}, dataset={"digest": "sha256:" + "a" * 64})
    record("last", dataset={"digest": "sha256:" + "a" * 64})
    record("later", dataset={"digest": "sha256:" + "a" * 64})
    found = against(exp, "last")
    assert (found["run"]["name"], found["how"]) == (first, "the latest run before it")
    # Of other data, or by another grader, only who asks for it.
    told = exp("why", "other-data", "--json").json
    assert (told["against"], told["unlike"]) == (None, {"runs": 3, "first": first})
    last = page(exp, "other-data").splitlines()[-1]
    assert last.startswith(
        "3 runs have the metric, of other data or by another grader: git exp why other-data-"
    )
    assert last.endswith(f" acc --vs {first}")
    command = last.partition(": git exp why ")[2].split()
    assert f"Compared with {first}, as asked for\n  not comparable: another dataset\n" in page(exp, *command)
    assert exp("why", first, "--json").json["unlike"] == {"runs": 1, "first": told["run"]["name"]}


def test_a_parent_goes_before_other_runs(exp: Program) -> None:
    parent = exp.record("parent")
    exp.record("between")
    forked = exp.record("forked", "pass", "--fork", parent)
    assert against(exp, forked)["how"] == "its parent"
    assert against(exp, forked, "--vs", "parent")["run"]["name"] == parent
    assert (
        exp("why", parent, "--vs", "parent").err.splitlines()[0]
        == f"error: no parent of run '{parent}' is here"
    )
    exp("rm", parent)
    said = exp("why", forked)
    assert (said.code, said.err) == (0, f"note: its parent '{parent}' is not here: git exp fetch\n")


def test_a_baseline_is_found_by_its_name(exp: Program) -> None:
    old, new = record("old"), record("new")
    said = exp("why", new, "--vs", "baseline")
    assert (said.code, said.err.splitlines()[0]) == (1, "error: no run matches 'baseline'")
    exp.repo.git("update-ref", "refs/exp-baseline/nightly", f"refs/exp/{old}")
    found = against(exp, new, "--vs", "baseline")
    assert (found["run"]["name"], found["how"]) == (old, "the baseline 'nightly'")
    exp.repo.git("update-ref", "refs/exp-baseline/weekly", f"refs/exp/{new}")
    said = exp("why", new, "--vs", "baseline")
    assert said.err == "error: there are 2 baselines\nhint: --vs baseline:nightly\n"
    assert against(exp, new, "--vs", "baseline:nightly")["run"]["name"] == old
    assert exp("why", new, "--vs", "baseline:none").err.startswith("error: no baseline 'none'\n")
    exp.repo.git("update-ref", "refs/exp-baseline/main", f"refs/exp/{new}")
    assert against(exp, old, "--vs", "baseline")["run"]["name"] == new


def test_a_commit_stands_for_the_run_that_it_rests_on(exp: Program) -> None:
    old = record("old")
    exp.repo.write("train.py", "print('other')\n")
    new = record("new")
    assert against(exp, new, "--vs", "HEAD")["run"]["name"] == old
    assert against(exp, new, "--vs", new)["how"] == "the run itself"
    assert "nothing is known to differ" in page(exp, new, "--vs", new)


def test_code_is_told_by_file(exp: Program) -> None:
    old = record("old")
    exp.repo.write("train.py", "print('other')\n")
    exp.repo.write("a b.py", "x = 1\n")
    new = record("new")
    out = page(exp, new)
    assert "  code\n    a b.py  +1 -0\n    train.py  +1 -1\n" in out
    assert f"    all of it: git diff exp/{old} exp/{new} -- ':!/.exp'\n" in out
    shown = subprocess.run(
        ["sh", "-c", out.partition("all of it: ")[2].partition("\n")[0]],
        cwd=exp.repo.path,
        env=exp.repo.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "+x = 1" in shown.stdout
    (cause,) = against(exp, new)["causes"]
    assert cause == {"role": "code", "key": None, "known": True}


def test_a_prompt_that_stands_in_the_code_counts_once(exp: Program) -> None:
    for slug, text in (("old", "Answer briefly."), ("new", "Answer with facts.")):
        exp.repo.write("train.py", f"PROMPT = '{text}'\nrun(PROMPT)\n")
        record(slug, prompt=text)
    found = against(exp, "new")
    assert [one["role"] for one in found["causes"]] == ["prompt"]
    assert [one["role"] for one in found["changed"]] == ["prompt", "code"]
    assert "code  it says nothing but what is told above" in page(exp, "new")


def test_a_grader_that_is_a_function_counts_once(exp: Program) -> None:
    """What it does is told by its lines; the code counts where something else in it is another."""
    body = "    return said {} target\n"
    for slug, word, rest in (("old", "==", 1), ("new", "in", 1), ("both", "in", 2)):
        grader = f"@cached\ndef grade(said, target):\n{body.format(word)}"
        exp.repo.write("lib/graders.py", f"# \x0c\n{grader}\nREST = {rest}\n")
        shape = f"sha256:{shape_of(grader)}"
        record(slug, grader={"kind": "code", "symbol": "graders:grade", "ast": shape})
    found = against(exp, "new", "--vs", "old")
    assert [one["role"] for one in found["causes"]] == ["grader"]
    grader, code = found["changed"]
    assert grader["lines"] == ["-    return said == target", "+    return said in target"]
    assert grader["see"].endswith(" -- :/lib/graders.py")
    assert code["note"] == "it says nothing but what is told above"
    causes = against(exp, "both", "--vs", "old")["causes"]
    assert [one["role"] for one in causes] == ["grader", "code"]
    (near,) = exp("why", "new", "--vs", "both", "--json").json["neighbours"]
    assert (near["run"]["name"][:4], near["differs_in"]["role"]) == ("old-", "grader")


def test_repeated_runs_say_how_much_is_chance(exp: Program) -> None:
    for seed, acc in enumerate((0.50, 0.52, 0.51)):
        record(f"old{seed}", {"acc": acc}, {"lr": 0.1, "seed": seed})
    near = record("near", {"acc": 0.515}, {"lr": 0.2, "seed": 0})
    far = record("far", {"acc": 0.9}, {"lr": 0.3, "seed": 0})
    out = page(exp, "old0", "--vs", near)
    assert "3 runs that differ in nothing, or in seeds alone: 0.51 ± 0.01\n" in out
    assert "within noise (0.51 ± 0.03: 3 standard deviations of 3 runs)" in out
    # What is judged is how far it is from the mean of all three, and that is what is told beside it.
    just = record("just", {"acc": 0.535}, {"lr": 0.2, "seed": 0})
    assert "0.535 -> 0.5  -0.035 (-6.5%)  within noise (0.51 ± 0.03: " in page(exp, "old0", "--vs", just)
    assert "beyond noise (0.51 ± 0.03: " in page(exp, "old0", "--vs", far)
    assert against(exp, "old0", "--vs", far)["effect"]["verdict"] == "beyond noise"
    # Whichever of the two was repeated.
    there = against(exp, far, "--vs", "old0")["effect"]
    assert (there["verdict"], there["center"]) == ("beyond noise", pytest.approx(0.51))
    exp.repo.write(".gitexp.yaml", "noise: {acc: 0.5}\n")
    assert "within noise (± 0.5: noise in .gitexp.yaml)" in page(exp, "old0", "--vs", far)


def test_files_that_were_only_read_are_told_one_by_one(exp: Program) -> None:
    for slug, word in (("old", "a"), ("new", "b")):
        for path in ("one.txt", "two.txt", "same.txt"):
            exp.repo.write(path, "same\n" if path == "same.txt" else f"{word}\n")
        with gitexp.start(slug) as run:
            for path in ("one.txt", "two.txt", "same.txt"):
                run.use("file", path)
            run.log({"acc": 0.5})
    found = against(exp, "new")
    assert [(one["role"], one["key"]) for one in found["causes"]] == [
        ("file", "one.txt"),
        ("file", "two.txt"),
    ]
    assert found["changed"][0]["lines"] == [" one.txt", "-a", "+b", " two.txt", "-a", "+b"]
    assert found["changed"][0]["see"].endswith(" -- :/one.txt :/two.txt")
    assert "git checkout exp/" in exp("why", "new", "--json").json["separate"]


def test_a_folder_that_was_told_of_is_the_one_that_files_were_read_from(exp: Program) -> None:
    """Of one that git ignores it takes all of its files to say so."""
    exp.repo.write(".gitignore", "ignored\n")
    for path in ("given/one.txt", "given/two.txt", "ignored/a.txt", "ignored/b.txt"):
        exp.repo.write(path, f"{path}\n")
    read = ("given/one.txt", "ignored/a.txt", "ignored/b.txt")
    for slug, uses in (
        ("seen", [("file", one) for one in read]),
        ("part", [("file", one) for one in read[:2]]),
        ("told", [("dataset", "given"), ("x-more", "ignored")]),
    ):
        with gitexp.start(slug) as run:
            for role, what in uses:
                run.use(role, what)
            run.log({"acc": 0.5})
    found = against(exp, "told", "--vs", "seen")
    assert found["causes"] == []
    assert {"dataset", "x-more"} <= set(found["same"])
    causes = against(exp, "told", "--vs", "part")["causes"]
    assert [(one["role"], one["known"]) for one in causes] == [("file", False), ("x-more", False)]


def test_a_prompt_that_was_read_from_a_file_is_one_thing(exp: Program) -> None:
    """It was seen to be read, and to be sent."""
    for slug, text in (("old", "Be terse.\n"), ("new", "Be verbose.\n"), ("same", "Be terse.\n")):
        exp.repo.write("sys.txt", text)
        oid = sha256(text.encode()).hexdigest()
        file = {"name": "sys.txt", "path": "sys.txt", "oid": f"sha256:{oid}", "size": len(text)}
        # Without the white space around it in one of them: what was sent decides.
        sent = digest([digest(text if slug != "same" else text.strip())])
        prompt = {"name": "m system", "pin": "content", "value": {"digest": f"sha256:{sent}"}}
        inputs = {"file": [{**file, "how": "observed"}], "prompt": [{**prompt, "how": "observed"}]}
        forge(exp.repo, record(slug), f"{slug}-aaaaaa", {"inputs.yaml": dump(inputs)})
    (told,) = against(exp, "new-aaaaaa", "--vs", "old-aaaaaa")["changed"]
    assert (told["role"], told["lines"]) == ("prompt", ["-Be terse.", "+Be verbose."])
    assert told["see"].endswith(" -- :/sys.txt")
    (told,) = against(exp, "same-aaaaaa", "--vs", "old-aaaaaa")["changed"]
    assert told["role"] == "prompt"
    (near,) = exp("why", "new-aaaaaa", "--vs", "same-aaaaaa", "--json").json["neighbours"]
    assert (near["run"]["name"], near["differs_in"]["role"]) == ("old-aaaaaa", "prompt")


def test_what_only_one_run_tells_is_no_change(exp: Program) -> None:
    old = record("old")
    record("new", params={"lr": 1}, model="org/m")
    out = page(exp, "new")
    assert f"  model  not recorded in {old}\n" in out
    assert "changed together" not in out
    found = against(exp, "new")
    assert [(one["role"], one["known"]) for one in found["causes"]] == [("model", False), ("params", True)]


def test_what_can_be_no_error_and_no_number_of_examples_is_not_shown(exp: Program) -> None:
    old = record("old")
    for told, se, n, shown in (
        ("told-aaaaaa", 0.1, 4, "acc  0.5 ± 0.1 SE  (4 examples)"),
        ("told-bbbbbb", float("nan"), -4, "acc  0.5\n"),
        ("told-cccccc", -0.1, 0, "acc  0.5\n"),
    ):
        forge(exp.repo, old, told, {"metrics.yaml": dump({"acc": 0.5, "acc.se": se, "acc.n": n})})
        assert shown in page(exp, told)


def test_of_what_is_not_known_nobody_says_that_it_is_chance(exp: Program) -> None:
    old = record("old", params={"seed": 1}, prompt="Answer briefly.")
    new, same = (
        record("new", params={"seed": 2}),
        record("same", params={"seed": 2}, prompt="Answer briefly."),
    )
    told = "seeds alone is known to differ; not known to be the same: prompt"
    out = page(exp, new, "--vs", old)
    assert (told in out, "chance" in out) == (True, False)
    assert "nothing but seeds differs: such a difference is chance" in page(exp, same, "--vs", old)


def test_a_model_that_answered_otherwise_under_its_name(exp: Program) -> None:
    old, new = record("old", model="api/m"), record("new", model="api/m")
    for name, told, fingerprint in ((old, "seen-aaaaaa", "fp1"), (new, "seen-bbbbbb", "fp2")):
        value = {"name": "api/m", "how": "observed", "seen": {"system_fingerprint": fingerprint}}
        forge(exp.repo, name, told, {"inputs.yaml": dump({"model": [value]})})
    out = page(exp, "seen-bbbbbb", "--vs", "seen-aaaaaa")
    assert "  model  the same by name, and it answered otherwise\n" in out
    assert "api/m.system_fingerprint  fp1 -> fp2\n" in out
    (cause,) = against(exp, "seen-bbbbbb", "--vs", "seen-aaaaaa")["causes"]
    assert cause == {"role": "model", "key": None, "known": False}


def test_a_record_beside_other_code_is_told_to_be_stale(exp: Program) -> None:
    name = exp.record("old")
    exp.repo.commit("in between")
    exp.repo.git("merge", "-q", "-m", "take it", f"exp/{name}")
    exp.repo.commit("later", {"train.py": "pass\n"})
    assert f"note: run '{name}' is stale at " in exp("why", "HEAD").err


def test_a_file_that_is_not_here_is_told_by_its_hash(exp: Program) -> None:
    exp.repo.write(".gitignore", "data/\n")
    for slug, rows in (("old", "1\n"), ("new", "1\n2\n")):
        exp.repo.write("data/train.csv", rows)
        record(slug, x_data="data/train.csv")
    (told,) = against(exp, "new")["changed"]
    assert [one["key"] for one in told["keys"]] == ["bytes", "sha256"]
    assert told["note"] == "what is in it is not here, too large, or no text"


def test_long_texts_and_many_params_are_cut(exp: Program) -> None:
    record("old", params={f"p{n}": 0 for n in range(40)}, prompt="\n".join(f"old {n}" for n in range(500)))
    record("new", params={f"p{n}": 1 for n in range(40)}, prompt="\n".join(f"new {n}" for n in range(500)))
    out = page(exp, "new")
    assert "and 988 more lines" in out
    assert "    and 28 more\n" in out
    assert len(out.splitlines()) < 60


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["nobody"], 1, "error: no run matches 'nobody'\n"),
        (["old", "accc"], 2, "error: no metric 'accc'\nhint: did you mean 'acc'?\n"),
        (["old", "match"], 2, "error: several metrics are called 'match'\nhint: one of a/match, b/match\n"),
        (["old", "--md", "--json"], 2, "error: --json and --md exclude one another\n"),
        (["old", "--vs", "nobody"], 1, "error: no run matches 'nobody'\n"),
        (["old", "--vs", ""], 2, "error: invalid run ''\n"),
        (["old", "--vs", "-x"], 2, "error: "),
        (["old", "size", "--vs", "best"], 2, "error: which way metric 'size' is better is not known\n"),
    ],
)
def test_bad_input(exp: Program, arguments: list[str], code: int, error: str) -> None:
    record("old", {"acc": 1, "a/match": 1, "b/match": 1, "size": 3})
    said = exp("why", *arguments)
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith(error)
    assert "hint: " in said.err


def test_a_run_without_a_metric_is_explained_all_the_same(exp: Program) -> None:
    record("old", {}, {"lr": 1})
    record("new", {}, {"lr": 2})
    out = page(exp, "new")
    assert "  it has no metric\n" in out
    assert "lr  1 -> 2" in out
    assert exp("why", "new", "--vs", "best").code == 1


def test_logs_of_other_tools_are_explained(exp: Program) -> None:
    paths = [str(FIXTURES / "inspect" / f"{one}.zstd.eval") for one in ("baseline", "candidate")]
    assert exp("eval", "import", *paths).code == 0
    out = page(exp, "@")
    assert "  tinyqa/match  0.75 ± 0.08333 SE  (6 examples, 2 epochs, 2 clusters by topic, too few" in out
    assert "  completeness E0 " in out
    assert "0.8333 -> 0.7500  -0.08333  not significant" in out
    assert "steps[0].params.template  Answer briefly. -> Answer with the fact only.\n" in out
    assert "temperature  0.0 -> 0.7\n" in out
    assert "2 inputs changed together" in out
    # Of code that nobody has, no command makes a run.
    told = exp("why", "@", "--json").json
    obstacle = f"run '{told['against']['run']['name']}' was imported, and how it is made is not known"
    assert (told["separate"], told["inseparable"]) == (None, obstacle)
    assert out.endswith(f"\nTo tell the causes apart\n  there is no command: {obstacle}\n")
    models = [str(FIXTURES / "lm_eval" / one) for one in ("baseline", "candidate")]
    assert exp("eval", "import", *models).code == 0
    found = against(exp, "@", "tinyqa_mc/acc")
    assert [one["role"] for one in found["causes"]] == ["model"]


def test_a_run_that_still_goes_on(exp: Program) -> None:
    old = record("old", {"acc": 0.4}, {"lr": 1})
    with gitexp.start("live", params={"lr": 2}) as run:
        run.log({"acc": 0.5})
        run.use("prompt", "Answer.")
        out = page(exp, str(run.name))
    assert f"run {run.name}  running\n  acc  0.5\n" in out
    assert f"Compared with {old}, the latest run before it\n  0.4 -> 0.5  " in out
    assert "lr  1 -> 2" in out


def test_archived_runs_and_linked_worktrees(exp: Program, tmp_path: Any) -> None:
    record("old", params={"lr": 1})
    record("new", params={"lr": 2})
    before = page(exp, "new")
    assert exp("archive", "old", "new").code == 0
    assert page(exp, "new") == before
    exp.repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    os.chdir(tmp_path / "linked")
    assert page(exp, "new") == before
    exp.repo.fsck()


def test_where_objects_are_missing_it_says_what_cannot_be_shown(world: World) -> None:
    ada = world.person("ada")
    for slug, word in (("old", "briefly"), ("new", "at length")):
        ada.repo.write("prompt.txt", f"Answer {word}.\n")
        ada.repo.write("train.py", f"print('{slug} code')\n")
        ada.record(slug, "import gitexp; run = gitexp.start(); run.use('prompt', 'prompt.txt')")
    assert ada("push").code == 0
    world.remote.git("config", "uploadpack.allowFilter", "true")
    world.remote.git(
        "clone", "-q", "--filter=blob:none", "--no-checkout", world.url, str(world.folder / "bob")
    )
    bob = world.person("carol").at(type(ada.repo)(world.folder / "bob", ada.repo.environ))
    assert bob("fetch").code == 0
    bob("ls")
    (world.folder / "remote.git").rename(world.folder / "gone.git")
    said = bob("why", "new")
    assert (said.code, said.err) == (0, "")
    assert "  prompt  what is in it is not here, too large, or no text\n" in said.out
    assert "  code  its lines are not in this clone: train.py\n" in said.out
    found = bob("why", "new", "--json").json
    assert [one["role"] for one in found["against"]["causes"]] == ["prompt", "code"]
    # Whose code it would execute is told before the command.
    assert found["foreign"] in (None, found["against"]["run"]["name"])
    (world.folder / "gone.git").rename(world.folder / "remote.git")
    out = bob("why", "new").out
    assert (
        f"  read first what somebody else recorded: git exp repro {found['against']['run']['name']} -n\n"
        in out
    )


def test_what_others_wrote_reaches_no_terminal(exp: Program) -> None:
    old, new = record("old", prompt="x", model="m"), record("new", prompt="y", model="m")
    values = {
        "odd": 1 << 70,
        "list": [1, {"a": NASTY}],
        "text": NASTY,
        "deep": {"a": {"b": NASTY}},
        "nan": float("nan"),
    }
    inputs = {
        "prompt": [{"name": NASTY, "how": "declared", "value": values}],
        NASTY: [{"name": NASTY, "how": "observed", "value": NASTY, "seen": {NASTY: NASTY}}],
        "settings": [
            {"name": "s", "how": "declared", "value": [1, 2]},
            {"name": "t", "how": "declared", "none": True},
        ],
        "file": [{"name": f"f{n}", "how": "observed", "value": n} for n in range(100)],
        "dataset": [
            {"name": "d", "how": "declared", "value": {"digest": 7}, "path": "../../etc/passwd", "size": 1}
        ],
    }
    files = {"inputs.yaml": dump(inputs), "params.yaml": dump({NASTY: NASTY, "lr": values})}  # type: ignore[dict-item]
    forge(exp.repo, new, "forged-aaaaaa", files)
    for arguments in (("forged",), ("forged", "--vs", old), (old, "--vs", "forged"), (new, "--vs", "best")):
        out = page(exp, *arguments)
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert exp("why", *arguments, "--json").json
    assert "and 92 more" in page(exp, "forged")
    markdown = page(exp, "forged", "--md")
    assert "<pre>" in markdown
    assert "<img" not in markdown
    assert "&#92;x1b" in markdown


@pytest.mark.parametrize("kind", ["plain", "unborn"])
def test_in_repositories_of_other_kinds(
    exp_in: Callable[..., Program], environ: dict[str, str], tmp_path: Path, kind: str
) -> None:
    exp = exp_in(kind, "sha256")
    record("old", params={"lr": 1})
    exp.repo.write("caf\u00e9 bar.py", "x = 1\n")
    new = record("new", params={"lr": 2})
    out = page(exp, "new")
    assert "    caf\u00e9 bar.py  +1 -0\n" in out
    assert "2 inputs changed together" in out
    (exp.repo.path / "sub folder").mkdir()
    os.chdir(exp.repo.path / "sub folder")
    assert page(exp, "new") == out
    exp.repo.git("clone", "-q", "--mirror", str(exp.repo.path), str(tmp_path / "bare.git"))
    os.chdir(tmp_path / "bare.git")
    lines = page(exp, new).splitlines()
    assert lines.pop(-2).startswith("  read first what somebody else recorded: git exp repro old-")
    assert lines == out.splitlines()


def test_no_record_makes_a_page_without_end(exp: Program) -> None:
    old, new = record("old"), record("new")
    for name, told, word in ((old, "many-aaaaaa", "a"), (new, "many-bbbbbb", "b")):
        roles = {
            f"x-{n}": [{"name": word * 3000, "how": "declared", "value": word * 3000}] for n in range(500)
        }
        roles["prompt"] = [
            {"name": f"{word}{n}", "how": "declared", "value": f"{word}\n" * 50} for n in range(500)
        ]
        forge(exp.repo, name, told, {"inputs.yaml": dump(roles)})
    out = page(exp, "many-bbbbbb", "--vs", "many-aaaaaa")
    assert len(out.splitlines()) < 250
    assert max(map(len, out.splitlines())) < 1500
    assert len(exp("why", "many-bbbbbb", "--vs", "many-aaaaaa", "--json").json["against"]["causes"]) == 501


def test_looking_changes_nothing(exp: Program) -> None:
    record("old", params={"lr": 1})
    record("new", params={"lr": 2})
    exp("ls")
    exp.repo.write("train.py", "print('in between')\n")
    before = exp.repo.git("for-each-ref"), exp.repo.git("status", "--porcelain=v2", "--branch")
    page(exp, "new")
    assert (exp.repo.git("for-each-ref"), exp.repo.git("status", "--porcelain=v2", "--branch")) == before
    exp.repo.fsck()


def test_other_packages_are_told_apart_by_the_old_run_in_those_of_today(exp: Program) -> None:
    """Whatever else of the new run it had, it would be one more run with everything changed."""
    repo = exp.repo
    repo.commit("files", {"params.yaml": "lr: 0.1\n", ".gitignore": "metrics.json\nvenv/\n"})
    site = repo.path / "venv/lib/python{}.{}/site-packages".format(*sys.version_info)
    (site / "one-1.0.dist-info").mkdir(parents=True)
    (site / "one-1.0.dist-info/METADATA").write_text("Name: one\nVersion: 1.0\n")
    (repo.path / "venv/pyvenv.cfg").write_text(f"home = {Path(sys.base_prefix) / 'bin'}\n")
    (repo.path / "venv/bin").mkdir()
    (repo.path / "venv/bin/python").symlink_to(Path(sys.executable).resolve())
    command = ("--", "venv/bin/python", "-c", "open('metrics.json', 'w').write('{\"acc\": 1}')")
    assert exp("run", "--name", "old", *command).code == 0
    (site / "one-1.0.dist-info").rename(site / "one-2.0.dist-info")
    (site / "one-2.0.dist-info/METADATA").write_text("Name: one\nVersion: 2.0\n")
    repo.write("params.yaml", "lr: 0.2\n")
    assert exp("run", "--name", "new", *command).code == 0
    found = exp("why", "new", "--json").json
    assert [one["role"] for one in found["against"]["causes"]] == ["params", "packages"]
    old = found["against"]["run"]["name"]
    assert found["separate"] == f"git exp repro {old}"
    assert exp("repro", old).code == 0
    told = exp("why", "new", "--vs", "old", "--json").json
    assert (told["none_alone"], told["separate"]) == ([], None)


def test_what_no_command_changes_is_said(exp: Program) -> None:
    record("old", params={"depth": 1}, prompt="Answer.")
    record("new", params={"depth": 2}, prompt="Answer briefly.")
    told = exp("why", "new", "--json").json
    assert (told["against"]["together"], told["separate"]) == (True, None)
    assert told["inseparable"].startswith(
        "none of them is a param in a file, a variable, or a file of the code: "
    )


def test_the_command_that_tells_causes_apart_makes_that_run(exp: Program) -> None:
    exp.repo.commit(
        "files", {"params.yaml": "lr: 0.1\n", "prompt.txt": "Answer.\n", ".gitignore": "metrics.json\n"}
    )
    exp.repo.write(".gitexp.yaml", "goals: {acc: max}\n")
    command = ("--use", "prompt=prompt.txt", "--", "sh", "-c", "echo '{\"acc\": 1}' > metrics.json")
    exp("run", "--name", "old", *command)
    exp.repo.write("prompt.txt", "Answer briefly.\n")
    exp.repo.write("params.yaml", "lr: 0.2\n")
    # How results are read changes none.
    exp.repo.write(".gitexp.yaml", "goals: {acc: max}\ngates: {default: {max_drop: 0.1}}\n")
    exp("run", "--name", "new", *command)
    found = exp("why", "new", "--json").json
    assert (found["against"]["together"], found["foreign"]) == (True, None)
    assert f"To tell the causes apart\n  {found['separate']}\n" in page(exp, "new")
    assert found["separate"].startswith("git exp worktree --no-artifacts old-")
    subprocess.run(["sh", "-ec", found["separate"]], cwd=exp.repo.path, env=exp.repo.environ, check=True)
    told = exp("why", "new", "--vs", "old", "--json").json
    (one,) = told["neighbours"]
    assert one["differs_in"] == {"role": "prompt", "key": None}
    # It stands between the two: both causes are told apart, and nothing is left to be done.
    assert one["from_other"]["differs_in"] == {"role": "params", "key": "lr"}
    assert (told["none_alone"], told["separate"]) == ([], None)
    assert [one["role"] for one in against(exp, "@", "--vs", "old")["causes"]] == ["params"]


def test_what_the_runs_around_the_other_one_show(exp: Program) -> None:
    """`half` is not near the run, as two things are others there; of the other one it is one thing away."""
    old = record("old", {"acc": 0.5}, {"lr": 0.1, "width": 1, "depth": 1})
    half = record("half", {"acc": 0.6}, {"lr": 0.2, "width": 1, "depth": 1})
    new = record("new", {"acc": 0.9}, {"lr": 0.2, "width": 2, "depth": 2})
    found = exp("why", new, "--vs", old, "--json").json
    assert found["neighbours"] == []
    (one,) = found["around_other"]["neighbours"]
    assert (one["run"]["name"], one["differs_in"]["key"]) == (half, "lr")
    assert (one["effect"]["old"], one["effect"]["new"]) == (0.5, 0.6)
    assert [cause["key"] for cause in found["none_alone"]] == ["depth", "width"]
    told = page(exp, new, "--vs", old)
    assert (
        f"\nRuns that differ from {old} in one thing alone, and the effect from it to there\n  {half}" in told
    )
    # What differs in one thing alone is its own step.
    assert exp("why", half, "--vs", old, "--json").json["around_other"] is None


def test_variables_are_told_apart_in_the_command_line(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    exp.repo.commit("files", {".gitignore": "metrics.json\n", ".gitexp.yaml": "variables: [MODE, EXTRA]\n"})
    program = "echo '{\"acc\": 1}' > metrics.json"
    for slug, mode, words in (("old", "a b", ()), ("new", "c;d", ("more",))):
        monkeypatch.setenv("MODE", mode)
        assert exp("run", "--name", slug, "--", "sh", "-c", program, *words).code == 0
        monkeypatch.setenv("EXTRA", "1")
    found = exp("why", "new", "--vs", "old", "--json").json
    assert [one["role"] for one in found["against"]["causes"]] == ["command", "env"]
    assert " && EXTRA=1 MODE='c;d' git exp run -- sh -c " in found["separate"]
    subprocess.run(["sh", "-ec", found["separate"]], cwd=exp.repo.path, env=exp.repo.environ, check=True)
    told = exp("why", "new", "--vs", "old", "--json").json
    (one,) = told["neighbours"]
    assert (one["differs_in"]["role"], one["from_other"]["differs_in"]["role"]) == ("command", "env")
