"""Archives pushed and fetched: ada → remote → bob → remote → ada, and what comes in that is not sound."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest

from tests.cli.program import forge
from tests.cli.sharing import Person, World, refs
from tests.gitrepo import Repo

LARGE = "open('model.bin', 'wb').write(b'm' * 3_000_000)"


class Owner(Person):
    """A person whose archives are their own: the fixed identity of tests is one for all."""

    email = ""

    def __call__(self, *arguments: str):  # type: ignore[no-untyped-def]
        os.environ |= {"GIT_AUTHOR_EMAIL": self.email, "GIT_COMMITTER_EMAIL": self.email}
        return super().__call__(*arguments)

    def record(self, slug: str, code: str = "pass", *options: str) -> str:
        os.environ |= {"GIT_AUTHOR_EMAIL": self.email, "GIT_COMMITTER_EMAIL": self.email}
        return super().record(slug, code, *options)


def _owner(world: World, name: str, email: str, monkeypatch: pytest.MonkeyPatch) -> Owner:
    for variable in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(variable, email)  # so that it is put back in the end
    person = world.person(name)
    person.__class__ = Owner
    assert isinstance(person, Owner)
    person.email = email
    return person


@pytest.fixture
def ada(world: World, monkeypatch: pytest.MonkeyPatch) -> Person:
    return _owner(world, "ada", "ada@example.org", monkeypatch)


@pytest.fixture
def bob(world: World, monkeypatch: pytest.MonkeyPatch) -> Person:
    return _owner(world, "bob", "bob@example.org", monkeypatch)


@pytest.fixture
def twin(world: World, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Another clone of ada's."""
    return _owner(world, "twin", "ada@example.org", monkeypatch)


def archives(repo: Repo) -> dict[str, str]:
    return refs(repo, "refs/exp-archive/")


def listed(person: Person) -> dict[str, str]:
    """Name -> commit of every run, as the program lists them; each once."""
    lines = person("ls", "--format", "%(name) %(commit)").out.splitlines()
    found = dict(line.split(" ") for line in lines)
    assert len(found) == len(lines)
    return found


def _incoming(person: Person) -> dict[str, str]:
    return refs(person.repo, "refs/exp-incoming/")


def test_there_and_back(world: World, ada: Person, bob: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push")
    ada("archive", one)
    (title,) = archives(ada.repo)
    said = ada("push")
    assert said.err == (
        "note: 1 ref was deleted of archived runs on 'origin': its archives hold them\n"
        f"new  {title}: archive\n"
        "origin: 1 unchanged, 1 archive new\n"
    )
    assert archives(world.remote) == archives(ada.repo)
    assert set(world.runs) == {two}
    assert ada("push").err == "origin: 1 unchanged, 1 archive unchanged\n"
    said = bob("fetch")
    assert said.err == f"new  {two}\nnew  {title}: archive, 1 run\norigin: 1 new, 1 archive new\n"
    assert archives(bob.repo) == archives(ada.repo)
    assert listed(bob) == listed(ada)
    assert set(listed(bob)) == {one, two}
    assert bob("fetch").err == "origin: 1 unchanged, 1 archive unchanged\n"
    assert not _incoming(bob)
    bob("tag", one, "+seen")
    assert bob("archive", one).code == 0
    assert bob("push").code == 0
    ada("fetch")
    assert listed(ada) == listed(bob)
    assert ada("show", one, "--json").json["tags"] == ["seen"]
    assert set(world.runs) == {two}
    world.fsck(ada, bob)


def test_runs_that_were_never_pushed_go_with_their_archive(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("archive", name)
    said = ada("push")
    assert "archive, 1 run sent with it" in said.err
    assert not world.runs
    bob("fetch")
    assert listed(bob) == listed(ada)
    assert bob("show", name).code == 0
    world.fsck(bob)


def test_ones_own_ref_stays_and_is_not_pushed_again(world: World, ada: Person, bob: Person) -> None:
    one = ada.record("one")
    ada("push")
    bob("fetch")
    ada("archive", one)
    ada("push")
    assert not world.runs
    for _ in range(2):
        told = bob("push").err
        assert "1 in an archive" in told or "1 unchanged" in told
        assert not world.runs
        bob("fetch")
        assert set(bob.runs) == {one}
    assert listed(bob) == listed(ada)


def test_a_ref_there_that_no_archive_leads_to_stays(world: World, ada: Person, bob: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push")
    bob("fetch")
    bob("tag", one, "+later")
    bob("push")
    ada("archive", one, two)
    assert "1 ref was deleted of archived runs" in ada("push").err
    assert world.runs == {one: bob.runs[one]}
    ada("fetch")
    assert ada("show", one, "--json").json["tags"] == ["later"]
    assert set(ada.runs) == {one}
    ada("archive", one)
    ada("push")
    assert not world.runs
    bob("fetch")
    assert listed(bob) == listed(ada)
    world.fsck(ada, bob)


def test_an_earlier_version_there_goes_too(world: World, ada: Person, bob: Person) -> None:
    one = ada.record("one")
    ada("push")
    ada("tag", one, "+x")
    ada("archive", one)
    ada("push")
    assert not world.runs
    bob("fetch")
    assert listed(bob) == listed(ada)
    assert bob("show", one, "--json").json["tags"] == ["x"]


def test_a_run_that_was_edited_since_it_was_archived(world: World, ada: Person, bob: Person) -> None:
    one = ada.record("one")
    ada("push")
    ada("archive", one)
    ada("tag", one, "+x")
    said = ada("push")
    assert said.code == 0
    assert f"updated  {one}\n" in said.err
    assert world.runs == ada.runs
    assert archives(world.remote) == archives(ada.repo)
    bob("fetch")
    assert listed(bob) == listed(ada)
    world.fsck(ada, bob)


def test_an_edit_of_a_run_whose_ref_there_went_into_an_archive(
    world: World, ada: Person, bob: Person
) -> None:
    one = ada.record("one")
    ada("push")
    bob("fetch")
    bob("archive", one)
    bob("push")
    assert not world.runs
    for person in (ada, bob):
        person("tag", one, f"+{person.repo.path.name}")
        said = person("push")
        assert "removed there" not in said.err
        person("fetch")
        person("push")
    ada("fetch")
    assert world.runs == ada.runs == bob.runs
    assert ada("show", one, "--json").json["tags"] == ["ada", "bob"]
    world.fsck(ada, bob)


def test_a_run_that_has_its_ref_back_goes_with_its_archive(world: World, ada: Person) -> None:
    one = ada.record("one")
    ada("archive", one)
    ada("archive", "--restore", one)
    assert "1 in an archive, 1 archive new" in ada("push").err
    assert not world.runs


def test_branches_of_a_host_that_takes_only_those(world: World, ada: Person, bob: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push", "--layout", "branches")
    bob.repo.git("config", "remote.origin.expLayout", "branches")
    ada("archive", one)
    ada("push")
    assert set(refs(world.remote, "refs/heads/exp/")) == {two}
    assert refs(world.remote, "refs/heads/exp-archive/") == archives(ada.repo)
    assert not archives(world.remote)
    bob("fetch")
    assert listed(bob) == listed(ada)
    assert archives(bob.repo) == archives(ada.repo)


def test_a_push_of_one_run_leaves_archives_alone(world: World, ada: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("archive", one)
    ada("push", "origin", two)
    assert not archives(world.remote)
    assert set(world.runs) == {two}
    assert "1 new" in ada("push", "origin", one).err
    ada("push")
    assert set(world.runs) == {two}
    assert "1 unchanged" in ada("push", "origin", one).err
    assert set(world.runs) == {two}


def test_a_dry_run_changes_nothing(world: World, ada: Person, bob: Person) -> None:
    ada.record("one")
    ada("archive", "@")
    (title,) = archives(ada.repo)
    said = ada("push", "-n")
    assert said.err == f"new  {title}: archive\norigin would have: 1 archive new\n"
    assert not archives(world.remote)
    ada("push")
    assert bob("fetch", "-n").err == f"new  {title}\norigin has: 1 archive new\n"
    assert not archives(bob.repo)


def test_as_json(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("archive", name)
    ((title, tip),) = archives(ada.repo).items()
    one = {"name": title, "commit": tip, "state": "new"}
    pushed = ada("push", "--json").json
    assert (pushed["runs"], pushed["archives"]) == ([], [{**one, "reason": "archive, 1 run sent with it"}])
    fetched = bob("fetch", "--json").json
    assert (fetched["runs"], fetched["archives"]) == ([], [{**one, "reason": "archive, 1 run"}])


def test_nothing_to_push(ada: Person) -> None:
    assert ada("push").err == "note: no run to push\n"


def test_undo_takes_a_fetch_back(world: World, ada: Person, bob: Person) -> None:
    ada.record("one")
    ada("archive", "@")
    ada("push")
    bob("fetch")
    assert bob("undo").err.startswith("undone: fetch 1 archive from origin (")
    assert not archives(bob.repo)
    assert not listed(bob)
    bob("undo", "--redo")
    assert listed(bob) == listed(ada)


def test_one_run_that_only_an_archive_has(world: World, ada: Person, bob: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("archive", one)
    ada("push")
    bob("fetch", "origin", "two")
    assert set(listed(bob)) == {two}
    assert not archives(bob.repo)
    bob("fetch", "--where", "name ~ .")
    assert not archives(bob.repo)
    bob("fetch", "origin", "one")
    assert set(listed(bob)) == {one, two}
    assert bob("fetch", "origin", "one").err == "origin: 1 unchanged, 1 archive unchanged\n"


def test_bytes_go_first(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    ada("archive", name)
    kept = {path: path.read_bytes() for path in (ada.repo.path / ".git/lfs/objects").glob("*/*/*")}
    for path in kept:
        path.unlink()
    said = ada("push")
    assert said.code == 3
    assert "missing artifacts  ada-example-org/" in said.err
    assert not archives(world.remote)
    for path, data in kept.items():
        path.write_bytes(data)
    assert ada("push").code == 0
    bob("fetch")
    assert bob("get", f"{name}:model.bin", "-o", "back").code == 0
    assert (bob.repo.path / "back" / "model.bin").read_bytes() == b"m" * 3_000_000
    world.fsck(ada, bob)


def test_bytes_that_are_nowhere_may_be_let_go(world: World, ada: Person) -> None:
    ada.record("big", LARGE, "--output", "model.bin")
    ada("archive", "@")
    for path in (ada.repo.path / ".git/lfs/objects").glob("*/*/*"):
        path.unlink()
    assert ada("push").code == 3
    assert ada("push", "--allow-missing").code == 0
    assert archives(world.remote) == archives(ada.repo)


def test_secrets_of_archived_runs_stop_the_push(world: World, ada: Person) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    ada.repo.write("notes.txt", f"token {token}\n")
    ada.record("leaky")
    ada("archive", "@")
    said = ada("push")
    assert said.code == 1
    assert "notes.txt, line 1 looks like a GitHub token" in said.err
    assert not archives(world.remote)
    assert ada("push", "--allow").code == 0


def test_two_clones_of_one_owner_that_archive_at_once(world: World, ada: Person, twin: Person) -> None:
    one, two, three = (ada.record(slug) for slug in ("one", "two", "three"))
    ada("push")
    twin("fetch")
    ada("archive", one, two)
    twin("archive", two, three)
    assert archives(ada.repo) != archives(twin.repo)
    ada("push")
    assert "merged" not in ada("push").err
    said = twin("push")
    assert said.code == 0
    assert "note: fetched from 'origin' first: " in said.err
    assert not world.runs
    assert "updated" in ada("fetch").err
    assert archives(ada.repo) == archives(twin.repo) == archives(world.remote)
    assert set(listed(ada)) == {one, two, three}
    assert listed(ada) == listed(twin)
    world.fsck(ada, twin)


def test_whoever_merges_makes_the_same_commit(world: World, ada: Person, twin: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push")
    twin("fetch")
    ada("archive", one)
    twin("archive", two)
    mine = archives(ada.repo)
    ada.repo.git("remote", "add", "other", str(twin.repo.path))
    twin.repo.git("remote", "add", "other", str(ada.repo.path))
    assert "merged" in ada("fetch", "other").err
    merged = archives(ada.repo)
    ((title, tip),) = mine.items()
    ada.repo.git("update-ref", f"refs/exp-archive/{title}", tip)
    twin("fetch", "other")
    assert archives(twin.repo) == merged
    world.fsck(ada, twin)


def test_edits_of_a_run_in_two_archives_are_merged(world: World, ada: Person, bob: Person) -> None:
    name = ada.record("one")
    ada("push")
    bob("fetch")
    for person, tag in ((ada, "+a"), (bob, "+b")):
        person("tag", name, tag)
        person("archive", name)
    ada("push")
    bob("fetch")
    bob("push")
    ada("fetch")
    assert ada.runs == bob.runs
    assert ada("show", name, "--json").json["tags"] == ["a", "b"]
    assert listed(ada) == listed(bob)
    world.fsck(ada, bob)


def test_another_run_of_that_name(world: World, ada: Person, bob: Person) -> None:
    name, other = ada.record("one"), bob.record("one")
    text = bob.repo.git("show", f"refs/exp/{other}:.exp/run.yaml").replace(other, name) + "\n"
    bob.repo.git("update-ref", f"refs/exp/{name}", forge(bob.repo, other, name, {"run.yaml": text}))
    bob.repo.git("update-ref", "-d", f"refs/exp/{other}")
    theirs = ada.runs[name]
    ada("archive", name)
    ada("push")
    mine = bob.runs[name]
    assert bob("fetch").code == 0
    found = listed(bob)
    assert found[name] == mine
    assert sorted(found.values()) == sorted((mine, theirs))
    bob("archive", "--where", "name ~ .")
    bob("push")
    ada("fetch")
    assert sorted(listed(ada).values()) == sorted((mine, theirs))
    assert listed(ada) == listed(bob)
    world.fsck(ada, bob)


def test_a_removal_is_told_to_the_others_whose_trash_keeps_the_run(
    world: World, ada: Person, bob: Person
) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("archive", one, two)
    ada("push")
    bob("fetch")
    commit = listed(bob)[one]
    ada("rm", one)
    ada("push")
    bob("fetch")
    assert set(listed(bob)) == {two}
    assert refs(bob.repo, "refs/exp-trash/") == {one: commit}
    assert bob("restore", one).code == 0
    assert set(listed(bob)) == {one, two}
    world.fsck(ada, bob)


def test_a_push_that_somebody_else_outran(
    world: World, ada: Person, twin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitexp.ops.share import archive_push

    one, two = ada.record("one"), ada.record("two")
    ada("push")
    twin("fetch")
    ada("archive", one)
    twin("archive", two)
    real = archive_push._send
    raced: list[str] = []

    def outrun(*arguments, **options):  # type: ignore[no-untyped-def]
        if not raced:
            raced.append("now")
            ((title, tip),) = archives(twin.repo).items()
            world.remote.git("fetch", "-q", str(twin.repo.path), f"{tip}:refs/exp-archive/{title}")
        return real(*arguments, **options)

    monkeypatch.setattr(archive_push, "_send", outrun)
    assert ada("push").code == 0
    assert archives(world.remote) == archives(ada.repo)
    assert set(listed(ada)) == {one, two}
    world.fsck(ada, twin)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))])
@pytest.mark.parametrize("pair", ["one owner", "two owners"])
def test_clones_that_work_offline_converge(
    world: World, ada: Person, bob: Person, twin: Person, seed: int, pair: str
) -> None:
    _converge(world, ada, twin if pair == "one owner" else bob, random.Random(f"{pair} {seed}"), rounds=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 108))
@pytest.mark.parametrize("pair", ["one owner", "two owners"])
def test_clones_that_work_offline_for_long_converge(
    world: World, ada: Person, bob: Person, twin: Person, seed: int, pair: str
) -> None:
    _converge(world, ada, twin if pair == "one owner" else bob, random.Random(f"{pair} {seed}"), rounds=8)


def _converge(world: World, one: Person, two: Person, chance: random.Random, rounds: int) -> None:
    names = [one.record(slug) for slug in ("one", "two", "three", "four")]
    one("push")
    two("fetch")
    steps = (
        lambda: ("tag", chance.choice(names), f"{chance.choice('+-')}{chance.choice('abc')}"),
        lambda: ("title", chance.choice(names), f"title {chance.randrange(9)}"),
        lambda: ("archive", *chance.sample(names, 2)),
        lambda: ("archive", "--keep", "0"),
        lambda: ("archive", "--restore", chance.choice(names)),
        lambda: ("push",),
        lambda: ("fetch",),
    )
    for _ in range(rounds):
        for person in chance.sample((one, two), 2):
            for _ in range(chance.randrange(4)):
                said = person(*chance.choice(steps)())
                assert said.code in (0, 3), said.err  # 3 is a conflict, which the next fetch resolves
            assert set(listed(person)) == set(names)
    for person in (one, two, one, two):
        person("fetch")
        assert person("push").code == 0, person("push").err
    one("fetch")
    assert listed(one) == listed(two)
    assert archives(one.repo) == archives(two.repo) == archives(world.remote)
    assert not _incoming(one) | _incoming(two)
    world.fsck(one, two)


def _plant(world: World, person: Person, title: str, files: dict[str, object], **options: str) -> None:
    """An archive of somebody's on the remote that holds the run `of`, and these files."""
    git = person.repo.git
    folders: dict[str, list[str]] = {}
    for path, content in files.items():
        folder, _, name = path.partition("/")
        data = content if isinstance(content, (str, bytes)) else json.dumps(content)
        oid = git("hash-object", "-w", "--stdin", input=data)
        name = name.replace("<oid>", oid[:16])
        folders.setdefault(folder, []).append(f"{options.get('mode', '100644')} blob {oid}\t{name}\n")
    trees = [
        f"040000 tree {git('mktree', input=''.join(lines))}\t{folder}\n" for folder, lines in folders.items()
    ]
    message = options.get("message", f"archive {title}\n\nExp-Archive: {title}\nExp-Runs: 1\n")
    tip = git("commit-tree", git("mktree", input="".join(trees)), "-p", options["of"], "-m", message)
    world.remote.git("fetch", "-q", str(person.repo.path), f"+{tip}:refs/exp-archive/{title}")


def _sound(person: Person) -> dict[str, object]:
    """The one listing of the archive of that person."""
    (tip,) = archives(person.repo).values()
    path = person.repo.git("ls-tree", "-r", "--name-only", tip)
    value: dict[str, object] = json.loads(person.repo.git("show", f"{tip}:{path}"))
    return value


RUNS = "runs/000001-<oid>.json"
HOSTILE = {
    "not json": (RUNS, lambda value: "{"),
    "empty": (RUNS, lambda value: ""),
    "deep": (RUNS, lambda value: "[" * 100_000),
    "large": (RUNS, lambda value: b"\0" * (40 << 20)),
    "a list": (RUNS, lambda value: []),
    "another commit": (RUNS, lambda value: {**value, "commit": ["0" * 40]}),
    "no commit": (RUNS, lambda value: {**value, "commit": ["--upload-pack=x"]}),
    "a path for a name": (RUNS, lambda value: {**value, "name": ["../../x"]}),
    "escapes for a name": (RUNS, lambda value: {**value, "name": ["a\x1b[2J-abcdef"]}),
    "too few cells": (RUNS, lambda value: {**value, "cells": [[]]}),
    "a newer format": (RUNS, lambda value: {**value, "format": 99}),
    "a time of never": (RUNS, lambda value: {**value, "at": [10**30]}),
    "more columns": (RUNS, lambda value: {**value, "more": []}),
    "nan for a name": (RUNS, lambda value: '{"format":1,"name":[NaN]}'),
    "another file": ("runs/000001-0123456789abcdef.json", lambda value: value),
    "another folder": (f"hooks/{RUNS.partition('/')[2]}", lambda value: value),
    "a path": ("runs/..%2f.json", lambda value: value),
}


def test_hostile_archives_are_left_out_and_the_rest_arrives(world: World, ada: Person, bob: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    commit = ada.runs[one]
    ada("archive", one)
    ada("push")
    kinds = {f"mallory/{2000 + number}-01": kind for number, kind in enumerate(HOSTILE)}
    for title, kind in kinds.items():
        path, changed = HOSTILE[kind]
        _plant(world, ada, title, {path: changed(_sound(ada))}, of=commit)
    said = bob("fetch")
    assert said.code == 3
    for title, kind in kinds.items():
        assert said.err.count(f"invalid  {title}: ") == 1, kind
    assert "\x1b" not in said.err
    assert max(map(len, said.err.splitlines())) < 1000
    assert set(archives(bob.repo)) == set(archives(ada.repo))
    assert set(listed(bob)) == {one, two}
    assert not _incoming(bob)
    world.fsck(bob)
    # Nor does a push of ours touch them, or stop at them.
    before = {title: archives(world.remote)[title] for title in kinds}
    bob.record("three")
    assert "1 new" in bob("push").err
    assert archives(world.remote).items() >= before.items()


@pytest.mark.parametrize("plain", [False, True])
def test_an_archive_that_holds_nothing_takes_no_ref_from_anybody(
    world: World, ada: Person, bob: Person, plain: bool
) -> None:
    """It lists a run that is on the remote and does not keep it reachable."""
    one = ada.record("one")
    ada("push")
    bob("fetch")
    before = world.runs
    commit = ada.runs[one]
    ada("archive", one)
    options = {"of": ada.repo.git("rev-parse", "HEAD"), "message": "x\n\nExp-Runs: 0\n"}
    _plant(world, ada, "mallory/2020-01", {RUNS: _sound(ada)}, **options)
    if plain:
        bob.repo.git("fetch", "-q", "origin", "refs/exp-archive/*:refs/exp-archive/*")
    else:
        assert bob("fetch").code == 3
    bob.record("three")
    bob("push")
    assert world.runs.items() >= before.items()
    assert world.runs[one] == commit


@pytest.mark.parametrize("limit", ["MAX_PARTS", "MAX_TOTAL", "MAX_LISTED"])
def test_an_archive_beyond_what_is_read(
    world: World, ada: Person, bob: Person, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    from gitexp.ops.archive import listing

    ada.record("one")
    ada("archive", "@")
    ada("push")
    with monkeypatch.context() as patch:
        patch.setattr(listing, limit, 0)
        said = bob("fetch")
        assert said.code == 3
        assert "more than" in said.err
        assert not archives(bob.repo)
    assert bob("fetch").code == 0
    assert listed(bob) == listed(ada)


def test_a_sound_archive_of_that_kind_is_let_in(world: World, ada: Person, bob: Person) -> None:
    one = ada.record("one")
    commit = ada.runs[one]
    ada("archive", one)
    _plant(world, ada, "mallory/2020-01", {RUNS: _sound(ada)}, of=commit)
    assert bob("fetch").code == 0
    assert listed(bob) == {one: commit}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"mode": "120000"}, "with a file"),
        ({"mode": "100755"}, "with a file"),
        ({"message": "no trailers"}, "is not an archive"),
        ({"message": "x\n\nExp-Runs: 9\n"}, "is not an archive"),
        ({"message": "x\n\nExp-Runs: 0\n"}, "object|not an archive"),
    ],
)
def test_commits_that_are_no_archives(
    world: World, ada: Person, bob: Person, options: dict[str, str], reason: str
) -> None:
    one = ada.record("one")
    commit = ada.runs[one]
    ada("archive", one)
    _plant(world, ada, "mallory/2020-01", {RUNS: _sound(ada)}, of=commit, **options)
    said = bob("fetch")
    assert said.code == 3
    assert any(part in said.err for part in reason.split("|"))
    assert not archives(bob.repo)
    assert not listed(bob)


@pytest.mark.parametrize(
    "title", ["mallory", "UP/2020-01", "a/2020-1", "a/2020-01-0", "a/b/2020-01", "a\u202eb/2020-01"]
)
def test_names_that_no_archive_has(world: World, ada: Person, bob: Person, title: str) -> None:
    one = ada.record("one")
    ada("push")
    world.remote.git("update-ref", f"refs/exp-archive/{title}", "main")
    said = bob("fetch")
    assert said.code == 3
    assert "1 archive invalid" in said.err
    assert "\u202e" not in said.err
    assert set(listed(bob)) == {one}
    assert not archives(bob.repo)


def test_a_broken_version_of_ones_own_archive_is_not_taken(world: World, ada: Person, bob: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("archive", one)
    ada("push")
    bob("fetch")
    (title,) = archives(world.remote)
    world.remote.git("update-ref", f"refs/exp-archive/{title}", "main")
    before = archives(bob.repo)
    assert f"invalid  {title}: " in bob("fetch").err
    assert archives(bob.repo) == before
    ada("archive", two)
    said = ada("push")
    assert said.code == 3
    assert f"refused  {title}: " in said.err
    assert world.remote.git("rev-parse", f"refs/exp-archive/{title}") == world.remote.git("rev-parse", "main")


def test_a_killed_fetch_leaves_nothing_that_the_next_does_not_clear(
    world: World, ada: Person, bob: Person
) -> None:
    ada.record("one")
    ada("archive", "@")
    ada("push")
    (title,) = archives(ada.repo)
    spec = f"refs/exp-archive/{title}:refs/exp-incoming/origin/_archive/{title}"
    bob.repo.git("fetch", "-q", "origin", spec)
    assert bob("fetch").code == 0
    assert listed(bob) == listed(ada)
    assert not _incoming(bob)


def test_plain_git_is_equally_good(world: World, ada: Person, bob: Person) -> None:
    one = ada.record("one")
    ada("archive", one)
    ada.repo.git("push", "-q", "origin", "refs/exp-archive/*:refs/exp-archive/*")
    bob.repo.git("fetch", "-q", "origin", "refs/exp-archive/*:refs/exp-archive/*")
    assert listed(bob) == listed(ada)
    assert bob("fetch").err == "origin: 1 archive unchanged\n"
    assert ada("push").err == "origin: 1 archive unchanged\n"


@pytest.mark.long
def test_kills_of_push(world: World, ada: Person, bob: Person) -> None:
    """Killed at random moments, while archives grow; one rerun ends complete, and no run is ever lost."""
    chance = random.Random(11)
    names: list[str] = []
    for number in range(20):
        names += [ada.record(f"run-{number}"), ada.record(f"more-{number}")]
        if number % 2:
            ada("push")
        ada("archive", names[-1])
        process = subprocess.Popen(
            [sys.executable, "-m", "gitexp", "push"],
            cwd=ada.repo.path,
            env={**ada.repo.environ, "PYTHONPATH": ":".join(sys.path)},
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(chance.uniform(0.1, 1.0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert set(listed(ada)) == set(names)
        world.remote.fsck()
    assert ada("push").code == 0
    assert archives(world.remote) == archives(ada.repo)
    assert set(world.runs) == set(ada.runs)
    bob("fetch")
    assert listed(bob) == listed(ada)
    assert set(listed(bob)) == set(names)
    world.fsck(ada, bob)


def test_bytes_of_archived_runs_follow_what_git_alone_has_pushed(world: World, ada: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    ada("archive", name)
    ada.repo.git("push", "-q", "origin", "refs/exp-archive/*:refs/exp-archive/*")
    said = ada("push")
    assert (said.code, said.err.splitlines()[0]) == (0, f"unchanged  {name}: 1 artifact sent")
    assert len(list((world.remote.path / "lfs" / "objects").glob("*/*/*"))) == 1
    assert ada("push").err == "origin: 1 archive unchanged\n"


def test_a_run_in_an_archive_there_is_not_said_to_be_absent(world: World, ada: Person, bob: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push")
    bob("fetch")
    ada("archive", one, two)
    (archive,) = archives(ada.repo)
    ada("push")
    said = bob("rm", "--remote", "origin", one)
    assert said.code == 3
    assert f"conflict  {one}: the archive {archive} there is not known here" in said.err
    assert "hint: git exp fetch origin\n" in said.err
    bob("fetch", "origin")
    for person in (ada, bob):
        said = person("rm", "--remote", "origin", one)
        assert said.code == 3
        assert f"archived there  {one}: the archive {archive} there holds it" in said.err
        assert f"hint: git exp rm {one} && git exp push origin\n" in said.err
    ada("rm", one)
    assert "hint: git exp push origin\n" in ada("rm", "--remote", "origin", one).err
    assert ada("push", "origin").code == 0
    assert "1 not there" in ada("rm", "--remote", "origin", one).err
    carol = world.person("carol")
    carol("fetch")
    assert set(listed(carol)) == {two}
    world.fsck(ada, bob, carol)


OTHER = "open('other.bin', 'wb').write(b'o' * 3_000_000)"


def test_the_bytes_of_archived_runs_are_brought(world: World, ada: Person, bob: Person) -> None:
    one = ada.record("one", LARGE, "--output", "model.bin")
    two = ada.record("two", OTHER, "--output", "other.bin")
    ada("archive", one, two)
    ada("push")
    assert "1 of 1 artifacts fetched" in bob("pull", "origin", one, "--artifacts").err
    assert bob("fetch", "origin", one).err == "origin: 1 unchanged, 1 archive unchanged\n"
    assert bob("pull", "origin", one, "--artifacts").err == "origin: 1 unchanged, 1 archive unchanged\n"
    assert "1 artifacts of runs" in bob("pull", "--artifacts", "-n").err
    assert "1 of 1 artifacts fetched" in bob("pull", "--artifacts").err
    assert bob("get", f"{two}:other.bin", "-o", "back").code == 0
    said = bob("fetch", "origin", "nosuch")
    assert (said.code, said.err.splitlines()[0]) == (1, "error: no run on 'origin' begins with 'nosuch'")


def test_an_update_tells_how_many_runs_were_taken_out(world: World, ada: Person, bob: Person) -> None:
    one, two, three = (ada.record(slug) for slug in ("one", "two", "three"))
    ada("archive", one, two)
    ada("push")
    bob("fetch")
    ada("rm", one)
    ada("push")
    assert ": archive, 1 run fewer\n" in bob("fetch").err
    ada("rm", two)
    ada("archive", three)
    ada("push")
    assert ": archive, 1 run more, 1 run fewer\n" in bob("fetch").err
    assert set(listed(bob)) == {three}
