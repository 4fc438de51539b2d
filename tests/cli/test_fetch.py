"""`git exp fetch`: what comes in, what it is checked for, and how two versions become one."""

from __future__ import annotations

import random

import pytest

from tests.cli.program import forge
from tests.cli.sharing import Person, World, refs


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("ada")


@pytest.fixture
def bob(world: World) -> Person:
    return world.person("bob")


def _incoming(person: Person) -> dict[str, str]:
    return refs(person.repo, "refs/exp-incoming/")


def _tree(person: Person, name: str) -> str:
    return person.repo.git("rev-parse", f"refs/exp/{name}^{{tree}}")


def test_there_and_back(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("push")
    said = bob("fetch")
    assert (said.code, said.err) == (0, f"new  {name}\norigin: 1 new\n")
    assert bob.runs == ada.runs == world.runs
    bob("tag", name, "+seen")
    bob("push")
    assert f"updated  {name}" in ada("fetch").err
    assert bob.runs == ada.runs == world.runs
    assert not _incoming(ada)
    world.fsck(ada, bob)


def test_nothing_new(world: World, ada: Person, bob: Person) -> None:
    ada.record("one")
    ada("push")
    bob("fetch")
    before = bob.repo.refs()
    assert bob("fetch").err == "origin: 1 unchanged\n"
    assert bob.repo.refs() == before


def test_an_empty_remote(ada: Person) -> None:
    assert ada("fetch").err == "origin: no run\n"


def test_no_other_ref_changes(world: World, ada: Person, bob: Person) -> None:
    ada.record("one")
    ada("push")
    before = {ref: oid for ref, oid in bob.repo.refs().items() if not ref.startswith("refs/exp/")}
    bob("fetch")
    assert {ref: oid for ref, oid in bob.repo.refs().items() if not ref.startswith("refs/exp/")} == before
    assert not (bob.repo.path / ".git" / "FETCH_HEAD").exists()


def test_only_what_was_asked_for(world: World, ada: Person, bob: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("tag", two, "+paper")
    ada("push")
    bob("fetch", "origin", "one")
    assert set(bob.runs) == {one}
    bob.repo.git("update-ref", "-d", f"refs/exp/{one}")
    bob("fetch", "--where", "tag:paper")
    assert set(bob.runs) == {two}
    assert not _incoming(bob)


def test_a_dry_run_brings_nothing(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("push")
    assert f"new  {name}" in bob("fetch", "-n").err
    assert not bob.runs


def test_undo_takes_a_fetch_back(world: World, ada: Person, bob: Person) -> None:
    ada.record("one")
    ada("push")
    bob("fetch")
    assert bob("undo").code == 0
    assert not bob.runs


def test_edits_of_both_sides_are_merged(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("push")
    bob("fetch")
    ada("tag", name, "+a")
    bob("tag", name, "+b")
    bob("title", name, "Of Bob")
    bob("push")
    assert f"merged  {name}" in ada("fetch").err
    assert ada("push").code == 0
    bob("fetch")
    assert ada.runs == bob.runs == world.runs
    shown = ada("show", name, "--json").out
    assert '"a"' in shown
    assert '"b"' in shown
    assert "Of Bob" in shown
    world.fsck(ada, bob)


def test_whoever_merges_makes_the_same_commit(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("push")
    bob("fetch")
    ada("tag", name, "+a")
    bob("title", name, "Of Bob")
    ada.repo.git("remote", "add", "other", str(bob.repo.path))
    bob.repo.git("remote", "add", "other", str(ada.repo.path))
    mine = ada.runs[name]
    ada("fetch", "other")
    merged = ada.runs
    ada.repo.git("update-ref", f"refs/exp/{name}", mine)
    bob("fetch", "other")
    assert bob.runs == merged


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2, 3))])
def test_clones_that_edit_offline_converge(world: World, ada: Person, bob: Person, seed: int) -> None:
    chance = random.Random(seed)
    names = [ada.record(slug) for slug in ("one", "two")]
    ada("push")
    bob("fetch")
    edits = (
        lambda: ("tag", f"{chance.choice('+-')}{chance.choice('abc')}"),
        lambda: ("title", f"title {chance.randrange(9)}"),
        lambda: ("note", "-m", f"note {chance.randrange(9)}"),
        lambda: ("star",),
    )
    for _ in range(3):
        for person in (ada, bob):
            for _ in range(chance.randrange(3)):
                what, *rest = chance.choice(edits)()
                person(what, chance.choice(names), *rest)
        for person in chance.sample((ada, bob), 2):
            person("fetch")
            assert person("push").code == 0
    for person in (ada, bob, ada):
        person("fetch")
        assert person("push").code == 0
    assert ada.runs == bob.runs == world.runs
    world.fsck(ada, bob)


def test_another_run_of_that_name_gets_another_name(world: World, ada: Person, bob: Person) -> None:
    name, other = ada.record("one"), bob.record("one")
    commit = forge(bob.repo, other, name, {"run.yaml": _renamed(bob, other, name)})
    bob.repo.git("update-ref", f"refs/exp/{name}", commit)
    bob.repo.git("update-ref", "-d", f"refs/exp/{other}")
    ada("push")
    said = bob("fetch")
    assert said.code == 0
    assert "renamed  one-" in said.err
    assert len(bob.runs) == 2
    assert bob.runs[name] == commit
    (twin,) = set(bob.runs) - {name}
    assert bob.runs[twin] == ada.runs[name]
    assert bob("tag", twin, "+mine").code == 0
    said = bob("push", "origin", twin)
    assert "updated" in said.err
    assert world.runs == {name: bob.runs[twin]}
    assert "unchanged" in bob("fetch").err
    world.fsck(ada, bob)


def _renamed(person: Person, name: str, new: str) -> str:
    return person.repo.git("show", f"refs/exp/{name}:.exp/run.yaml").replace(name, new) + "\n"


def test_what_was_removed_here_stays_removed(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("push")
    bob("fetch")
    bob("rm", name)
    assert "1 removed here" in bob("fetch").err
    assert not bob.runs
    assert bob("restore", name).code == 0


def test_what_was_removed_here_stays_so_whoever_edits_it(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("push")
    bob("fetch")
    bob("tag", name, "+mine")
    bob("rm", name)
    ada("tag", name, "+hers")
    ada("push")
    said = bob("fetch")
    assert (said.code, said.err) == (0, f"hint: git exp restore {name}\norigin: 1 removed here\n")
    assert not bob.runs
    assert bob("restore", name).code == 0
    assert "1 merged" in bob("fetch").err
    assert bob("show", name, "--json").json["tags"] == ["hers", "mine"]
    bob.repo.fsck()


def test_a_dry_run_tells_what_is_new_from_what_is_known(world: World, ada: Person, bob: Person) -> None:
    known, removed = ada.record("known"), ada.record("removed")
    ada("push")
    bob("fetch")
    bob("rm", removed)
    new = ada.record("new")
    ada("tag", known, removed, "+x")
    ada("push")
    runs = bob("fetch", "-n", "--json").json["runs"]
    states = {one["name"]: one["state"] for one in runs}
    assert states == {known: "updated", removed: "removed here", new: "new"}
    runs = bob("fetch", "--json").json["runs"]
    assert {one["name"]: one["state"] for one in runs} == states


def test_another_run_of_a_removed_name_comes(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("push")
    bob("fetch")
    bob("rm", name)
    text = ada.repo.git("show", f"refs/exp/{name}:.exp/run.yaml")
    (line,) = (one for one in text.splitlines() if one.startswith("id: "))
    other = forge(ada.repo, name, name, {"run.yaml": text.replace(line, "id: aaaaaaaaaaaaaaaa") + "\n"})
    world.remote.git("fetch", "-q", str(ada.repo.path), f"+{other}:refs/exp/{name}")
    assert "1 new" in bob("fetch").err
    assert bob.runs == {name: other}


def test_the_end_of_a_running_run(world: World, ada: Person, bob: Person) -> None:
    name = ada.record(
        "long",
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'gitexp', 'push', '--all'], check=True)",
    )
    bob("fetch")
    running = bob.runs[name]
    ada("push")
    assert "updated" in bob("fetch").err
    assert bob.runs == ada.runs
    assert bob.runs[name] != running


def test_what_was_edited_while_a_run_ran_survives_its_end(world: World, ada: Person, bob: Person) -> None:
    name = ada.record(
        "long",
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'gitexp', 'push', '--all'], check=True)",
    )
    bob("fetch")
    bob("tag", name, "+watched")
    bob("push", "--all")
    ada("tag", name, "+done")
    # Ada has the end, the remote what Bob made of the beginning: neither is dropped for the other.
    assert ada("push").code == 3
    assert f"merged  {name}" in ada("fetch").err
    assert ada("push").code == 0
    assert f"updated  {name}" in bob("fetch").err
    assert ada.runs == bob.runs == world.runs
    shown = bob("show", name, "--json").json
    assert (shown["status"], shown["tags"]) == ("finished", ["done", "watched"])
    world.fsck(ada, bob)


def test_two_runs_of_one_name_are_both_shared(world: World, ada: Person, bob: Person) -> None:
    name, other = ada.record("one"), bob.record("one")
    commit = forge(bob.repo, other, name, {"run.yaml": _renamed(bob, other, name)})
    bob.repo.git("update-ref", f"refs/exp/{name}", commit)
    bob.repo.git("update-ref", "-d", f"refs/exp/{other}")
    ada("push")
    bob("fetch")
    said = bob("push")
    assert said.code == 0, said.err
    assert f"another run is called {name} there" in said.err
    assert set(world.runs.values()) == {ada.runs[name], commit}
    ada("fetch")
    (twin,) = set(ada.runs) - {name}
    assert ada.runs[twin] == commit
    assert ada("tag", twin, "+seen").code == 0
    assert ada("push").code == 0
    # Here it still has its own name.
    assert f"updated  {name}" in bob("fetch").err
    assert bob.runs[name] == ada.runs[twin]
    for person in (ada, bob):
        assert person("push").code == 0
    world.fsck(ada, bob)


def test_branches_of_a_host_that_takes_only_those(world: World, ada: Person, bob: Person) -> None:
    ada.record("one")
    ada("push", "--layout", "branches")
    bob.repo.git("config", "remote.origin.expLayout", "branches")
    assert bob("fetch").code == 0
    assert bob.runs == ada.runs


def test_plain_git_is_equally_good(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada.repo.git("push", "-q", "origin", "refs/exp/*:refs/exp/*")
    bob.repo.git("fetch", "-q", "origin", "refs/exp/*:refs/exp/*")
    assert name in bob("ls", "--name-only").out
    ada.record("two")
    ada.repo.git("bundle", "create", str(world.remote.path / "x"), "--glob=refs/exp/*")
    bob.repo.git("fetch", "-q", str(world.remote.path / "x"), "refs/exp/*:refs/exp/*")
    assert bob.runs == ada.runs
    assert bob("fetch").err == "origin: 1 unchanged\n"


def test_no_remote_answers(ada: Person) -> None:
    ada.repo.git("remote", "set-url", "origin", "/nowhere/at-all.git")
    said = ada("fetch")
    assert said.code == 3
    assert "hint: git remote set-url origin URL" in said.err


def test_pull_brings_the_bytes_too(world: World, ada: Person, bob: Person) -> None:
    code = "open('model.bin', 'wb').write(b'm' * 3_000_000)"
    name = ada.record("big", code, "--output", "model.bin")
    ada("push")
    said = bob("pull", "--artifacts")
    assert said.code == 0, said.err
    assert "1 of 1 artifacts fetched" in said.err
    assert "store" in bob("artifacts", name).out
    for path in (world.remote.path / "lfs" / "objects").glob("*/*/*"):
        path.chmod(0o644)
        path.write_bytes(b"x" * 3_000_000)
    for path in (bob.repo.path / ".git" / "lfs" / "objects").glob("*/*/*"):
        path.unlink()
    said = bob("pull", "--artifacts")
    assert said.code == 3
    assert "damaged" in said.err
    assert not list((bob.repo.path / ".git" / "lfs" / "objects").glob("*/*/*"))


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
HOSTILE = {
    "bomb": {"params.yaml": BOMB},
    "deep": {"params.yaml": "a: " + "[" * 100_000},
    "large": {"run.yaml": b"\0" * (40 << 20)},
    "tagged": {"params.yaml": "a: !!python/object/apply:os.system [id]\n"},
    "device": {"artifacts/con": "x"},
    "backslash": {"artifacts/a\\b": "x"},
    "control": {"artifacts/a\x1bb": "x"},
    "twins": {"artifacts/A": "x", "artifacts/a": "y"},
    "norun": {"run.yaml": "no: run\n"},
}


def test_hostile_runs_are_left_out_and_the_others_arrive(world: World, ada: Person, bob: Person) -> None:
    good = ada.record("good")
    ada("push")
    for kind, files in HOSTILE.items():
        bad = f"{kind}-abcdef"
        _plant(world, bad, forge(ada.repo, good, bad, files), ada)
    said = bob("fetch")
    assert said.code == 3
    for kind in HOSTILE:
        assert said.err.count(f"invalid  {kind}-abcdef: ") == 1, kind
    assert "\x1b" not in said.err
    assert set(bob.runs) == {good}
    assert not _incoming(bob)
    world.fsck(bob)


def _plant(world: World, name: str, commit: str, person: Person) -> None:
    world.remote.git("fetch", "-q", str(person.repo.path), f"+{commit}:refs/exp/{name}")


@pytest.mark.parametrize(("mode", "entry"), [("120000", "artifacts"), ("160000", "series"), ("120000", "x")])
def test_links_and_submodules_in_a_record(
    world: World, ada: Person, bob: Person, mode: str, entry: str
) -> None:
    good = ada.record("good")
    ada("push")
    blob = ada.repo.git("hash-object", "-w", "--stdin", input="../../.git/hooks/post-checkout")
    target = ada.repo.git("rev-parse", "main") if mode == "160000" else blob
    _plant(world, "linked-abcdef", _with_entry(ada, good, mode, entry, target), ada)
    assert "invalid  linked-abcdef: " in bob("fetch").err
    assert set(bob.runs) == {good}


def _with_entry(person: Person, name: str, mode: str, entry: str, oid: str) -> str:
    """The commit of a run whose record has one entry more."""
    git = person.repo.git
    kind = "commit" if mode == "160000" else "blob"
    listed = git("ls-tree", f"refs/exp/{name}:.exp")
    record = git("mktree", "--missing", input=f"{listed}\n{mode} {kind} {oid}\t{entry}\n")
    others = "\n".join(
        line for line in git("ls-tree", f"refs/exp/{name}").splitlines() if not line.endswith(".exp")
    )
    root = git("mktree", "--missing", input=f"{others}\n040000 tree {record}\t.exp\n")
    return git("commit-tree", root, "-m", "hostile")


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"git~1"])
def test_trees_that_git_itself_refuses(world: World, ada: Person, bob: Person, name: bytes) -> None:
    good = ada.record("good")
    ada("push")
    blob = ada.repo.git("hash-object", "-w", "--stdin", input="x")
    data = b"100644 " + name + b"\0" + bytes.fromhex(blob)
    tree = world.remote.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", input=data)
    ada.repo.git("push", "-q", "origin", f"{blob}:refs/tags/x")
    commit = world.remote.git("commit-tree", tree, "-m", "hostile")
    world.remote.git("update-ref", "refs/exp/hostile-abcdef", commit)
    said = bob("fetch")
    assert said.code == 3
    assert "invalid  hostile-abcdef: " in said.err
    assert set(bob.runs) == {good}
    bob.repo.fsck()


def test_names_that_no_run_has(world: World, ada: Person, bob: Person) -> None:
    ada.record("good")
    ada("push")
    for name in ("UPPER-abcdef", "x", "a\u202eb-abcdef"):
        world.remote.git("update-ref", f"refs/exp/{name}", "main")
    said = bob("fetch")
    assert said.code == 3
    assert "3 invalid" in said.err
    assert "\u202e" not in said.err
    assert set(bob.runs) == set(ada.runs)


def test_escapes_in_every_field_are_shown_escaped(world: World, ada: Person, bob: Person) -> None:
    good = ada.record("good")
    text = ada.repo.git("show", f"refs/exp/{good}:.exp/run.yaml").replace(good, "nasty-abcdef")
    nasty = text + '\ntitle: "\\e]8;;x\\a \\u202e"\nnote: "\\e[2J"\n'
    _plant(world, "nasty-abcdef", forge(ada.repo, good, "nasty-abcdef", {"run.yaml": nasty}), ada)
    bob("fetch")
    for command in (("ls", "--columns", "all"), ("show", "nasty"), ("logs", "nasty")):
        said = bob(*command)
        assert not {"\x1b", "\u202e", "\x07"} & set(said.out + said.err)


def test_a_killed_fetch_leaves_nothing_that_the_next_does_not_clear(
    world: World, ada: Person, bob: Person
) -> None:
    name = ada.record("one")
    ada("push")
    bob.repo.git("fetch", "-q", "origin", f"refs/exp/{name}:refs/exp-incoming/origin/{name}")
    bob.repo.git("fetch", "-q", "origin", f"refs/exp/{name}:refs/exp-incoming/origin/other-abcdef")
    assert bob("fetch").code == 0
    assert bob.runs == ada.runs
    assert not _incoming(bob)


def test_what_is_neither_a_remote_nor_a_run(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("push")
    for verb in ("push", "fetch", "pull"):
        said = ada(verb, "origin2")
        assert said.code == 1
        assert said.err.startswith("error: 'origin2' is neither a remote (there is: origin) nor a run\n")
    said = bob("fetch", "origin", name, "nosuch")
    assert said.code == 1
    assert "error: no run on 'origin' begins with 'nosuch'\n" in said.err
    assert not bob.runs
    assert bob("fetch", name[:4]).code == 0
    assert set(bob.runs) == {name}


LARGE = "open('model.bin', 'wb').write(b'm' * 3_000_000)"


def test_artifacts_that_do_not_come_are_told_by_run_and_path(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    ada("push")
    bob("fetch")
    assert "1 artifacts of runs that are here would be fetched\n" in bob("pull", "--artifacts", "-n").err
    (lost,) = (world.remote.path / "lfs" / "objects").glob("*/*/*")
    lost.rename(lost.with_name("away"))
    said = bob("pull", "--artifacts", "--json")
    assert said.code == 3
    assert f"error: {name}:model.bin: artifact " in said.err
    told = said.json["artifacts"]
    assert (told["wanted"], told["fetched"]) == (1, 0)
    assert [(one["run"], one["path"]) for one in told["failed"]] == [(name, "model.bin")]
    lost.with_name("away").rename(lost)
    told = bob("pull", "--artifacts", "--json").json["artifacts"]
    assert told == {"wanted": 1, "fetched": 1, "failed": []}
    assert "artifacts" not in bob("pull", "--json").json


def test_a_run_that_changes_meanwhile_stops_no_other(
    world: World, ada: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitexp.ops.share import fetch

    name, other = ada.record("one"), ada.record("two")
    ada("push", "origin", name)
    bob("fetch")
    ada("tag", name, "+a")
    ada("push")
    change, rounds = fetch.change, []

    def late(repo: object, *rest: object) -> None:
        if not rounds:
            bob("tag", name, "+b")
        rounds.append(rest)
        change(repo, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(fetch, "change", late)
    assert bob("fetch").code == 0
    assert len(rounds) == 2
    assert set(bob.runs) == {name, other}
    assert bob("show", name, "--json").json["tags"] == ["a", "b"]
    world.fsck(ada, bob)
