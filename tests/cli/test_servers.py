"""Sharing through servers: there and back with a check after each step, and servers that lie or fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.cli.servers import Answer, Smart, git_daemon, smart_http
from tests.cli.sharing import Person, World, refs


@pytest.fixture
def smart(world: World) -> Iterator[Smart]:
    with smart_http(world.remote) as smart:
        yield smart


def _person(world: World, name: str, url: str) -> Person:
    person = world.person(name)
    person.repo.git("remote", "set-url", "origin", url)
    # Hosts advise six pushes a minute; nobody is spared here.
    person.repo.git("config", "exp.pushRate", "0")
    return person


def _there_and_back(world: World, url: str) -> None:
    ada, bob = _person(world, "ada-there", url), _person(world, "bob-there", url)
    name = ada.record("one")
    steps = (
        (ada, "push"),
        (bob, "fetch"),
        (bob, "tag", name, "+seen"),
        (bob, "push"),
        (ada, "fetch"),
        (ada, "title", name, "Of Ada"),
        (bob, "note", name, "-m", "of Bob"),
        (ada, "push"),
        (bob, "fetch"),
        (bob, "push"),
        (ada, "fetch"),
    )
    for person, *command in steps:
        said = person(*command)
        assert said.code == 0, (command, said.err)
        world.fsck(ada, bob)
    assert ada.runs == bob.runs == world.runs
    shown = ada("show", name, "--json").json
    assert (shown["tags"], shown["title"], shown["note"]) == (["seen"], "Of Ada", "of Bob")


def test_there_and_back_over_http(world: World, smart: Smart) -> None:
    _there_and_back(world, smart.url)


def test_there_and_back_through_a_daemon(world: World) -> None:
    with git_daemon(world.remote) as url:
        _there_and_back(world, url)


def _status(code: int, headers: dict[str, str] | None = None) -> Callable[[str, Answer], Answer]:
    return lambda path, answer: (code, {"Content-Length": "0", **(headers or {})}, b"")


def _on_post(spoil: Callable[[str, Answer], Answer | None]) -> Callable[[str, Answer], Answer | None]:
    return lambda path, answer: answer if "info/refs" in path else spoil(path, answer)


def _is_pack(answer: Answer) -> bool:
    return b"PACK" in answer[2]


def _shortened(path: str, answer: Answer) -> Answer:
    status, headers, data = answer
    return (status, headers, data[: len(data) // 2]) if _is_pack(answer) else answer


def _ended_early(path: str, answer: Answer) -> Answer:
    status, headers, data = answer
    return (status, {**headers, "Content-Length": "200"}, data[:200]) if _is_pack(answer) else answer


def _flipped(path: str, answer: Answer) -> Answer:
    """Bytes of the pack that are others than were sent."""
    status, headers, data = answer
    at = data.find(b"PACK")
    flip = bytes(byte ^ 0xFF for byte in data[at + 40 : at + 60])
    return (status, headers, data[: at + 40] + flip + data[at + 60 :]) if at >= 0 else answer


def _cut(path: str, answer: Answer) -> None:
    return None


FAULTS: dict[str, Callable[[str, Answer], Answer | None]] = {
    **{f"{code}": _status(code) for code in (403, 404, 429, 500, 503)},
    "401": _status(401, {"WWW-Authenticate": 'Basic realm="x"'}),
    **{f"post-{code}": _on_post(_status(code)) for code in (403, 404, 429, 500)},
    "redirect": _status(302, {"Location": "http://127.0.0.1:1/x/info/refs?service=git-upload-pack"}),
    "post-redirect": _on_post(_status(302, {"Location": "http://127.0.0.1:1/x"})),
    "junk": lambda path, answer: (200, {"Content-Type": "text/html", "Content-Length": "5"}, b"<hi>\n"),
    "cut": _cut,
    "post-cut": _on_post(_cut),
}
PACKS = {"truncated": _shortened, "ended-early": _ended_early, "flipped": _flipped}


def test_a_fetch_that_the_server_spoils_changes_nothing(world: World, smart: Smart) -> None:
    ada = world.person("ada")
    for slug in ("one", "two"):
        ada.record(slug)
    ada("push")
    for fault, spoil in {**FAULTS, **PACKS}.items():
        bob = _person(world, f"bob-{fault}", smart.url)
        before = bob.repo.refs()
        smart.spoil = spoil
        said = bob("fetch")
        assert said.code == 3, (fault, said)
        assert said.err.startswith("error: remote 'origin'"), (fault, said.err)
        assert "\nhint: git " in said.err, fault
        assert bob.repo.refs() == before, fault
        smart.spoil = Smart().spoil
        assert bob("fetch").code == 0, fault
        assert bob.runs == ada.runs, fault
        world.fsck(bob)


def test_a_push_that_the_server_spoils_is_made_whole_by_the_next(world: World, smart: Smart) -> None:
    ada = _person(world, "ada", smart.url)
    for fault, spoil in FAULTS.items():
        for slug in ("one", "two"):
            ada.record(slug)
        smart.spoil = spoil
        said = ada("push")
        assert said.code == 3, (fault, said)
        assert "hint: git " in said.err, fault
        world.fsck(ada)
        smart.spoil = Smart().spoil
        said = ada("push")
        assert said.code == 0, (fault, said.err)
        assert ada.runs == world.runs, fault


def test_a_push_whose_answer_is_lost_has_been_made(world: World, smart: Smart) -> None:
    ada = _person(world, "ada", smart.url)
    ada.record("one")
    # The server took it; only its answer does not come: the next question finds it there.
    smart.spoil = lambda path, answer: None if path.endswith("/git-receive-pack") else answer
    said = ada("push")
    assert said.code == 0, said.err
    assert ada.runs == world.runs


def test_what_arrived_before_a_connection_was_lost_stays(world: World, smart: Smart) -> None:
    ada, bob = world.person("ada"), _person(world, "bob", smart.url)
    for number in range(8):
        ada.record(f"run-{number}", f"print('{number}' * 2000)")
    ada("push")
    packs = iter(range(100))

    def second_half_is_lost(path: str, answer: Answer) -> Answer:
        return _shortened(path, answer) if _is_pack(answer) and next(packs) != 1 else answer

    smart.spoil = second_half_is_lost
    said = bob("fetch")
    assert said.code == 3
    assert "not fetched  run-" in said.err
    assert 0 < len(bob.runs) < 8
    assert bob.runs.items() < ada.runs.items()
    assert not refs(bob.repo, "refs/exp-incoming/")
    smart.spoil = Smart().spoil
    assert bob("fetch").code == 0
    assert bob.runs == ada.runs
    world.fsck(bob)


def test_a_server_that_hangs_is_left_when_git_is_told_to(world: World, smart: Smart) -> None:
    ada, bob = world.person("ada"), _person(world, "bob", smart.url)
    ada.record("one")
    ada("push")
    bob.repo.git("config", "http.lowSpeedLimit", "1000")
    bob.repo.git("config", "http.lowSpeedTime", "1")

    def hang(path: str, answer: Answer) -> Answer:
        smart.over.wait(20)
        return answer

    smart.spoil = hang
    said = bob("fetch")
    assert said.code == 3
    assert "cannot be reached" in said.err


def test_a_password_in_an_address_is_never_told(world: World, smart: Smart) -> None:
    ada = _person(world, "ada", smart.url)
    ada.record("one")
    ada.repo.git("remote", "set-url", "origin", smart.url.replace("://", "://me:hunter2hunter2@"))
    smart.spoil = FAULTS["401"]
    for command in (("push",), ("fetch",)):
        said = ada(*command)
        assert said.code == 3
        assert "denied access" in said.err
        assert "hunter2" not in said.err
