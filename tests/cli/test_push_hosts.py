"""Hosts that take only branches and tags, as each says it: the branch layout is offered, and works."""

from __future__ import annotations

import sys

import pytest

from tests.cli.sharing import Person, World, refs

# What hosts answer for one ref, where it stands in git's own report.
ANSWERS = {
    "git, GitHub, GitLab": "deny updating a hidden ref",
    "git": "funny refname",
    "Gerrit 2": "prohibited by Gerrit",
    "Gerrit": "prohibited by Gerrit: not permitted: create",
    "Azure DevOps": (
        "TF401021: 'refs/exp/a-b' is not a valid name for a Git ref. Visit https://go.microsoft.com/fwlink/"
    ),
    "a forge": "only branches and tags are accepted",
}
# What the hooks of hosts print before git's report says no more than that they declined.
REMARKS = {
    "Codeup": "PermissionDenied: branch:refs/exp/a-b is illegal",
    "Gitea 1.15": "Unexpected ref: refs/exp/a-b",
    "a rule of names": "Reference name must start with refs/heads/ or refs/tags/",
    "a rule of branches": "error: refs/exp/a-b: ref not allowed",
}
# Refused as well, but other refs of that kind may be taken.
OTHER_REASONS = (
    "TF401027: You need the Git 'GenericContribute' permission to perform this action.",
    "prohibited by Gerrit: not permitted: update",
    "GitLab: You are not allowed to force push code to a protected branch on this project.",
    "commit is not signed",
)
_ANSWERING = """\
#!{python}
import sys
def read():
    lines = []
    while (size := int(sys.stdin.buffer.read(4), 16)):
        lines.append(sys.stdin.buffer.read(size - 4).rstrip(b"\\n"))
    return lines
def write(*lines):
    for line in lines:
        sys.stdout.buffer.write(b"%04x" % (len(line) + 4) + line)
    sys.stdout.buffer.write(b"0000")
    sys.stdout.buffer.flush()
read()
write(b"version=1\\0")
commands = read()
write(*(b"ng " + line.split(b" ")[2] + b" " + {answer!r} for line in commands))
"""


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("ada")


def _answers(world: World, answer: str) -> None:
    world.remote.git("config", "receive.procReceiveRefs", "refs/exp")
    world.hook("proc-receive", _ANSWERING.format(python=sys.executable, answer=answer.encode()))


def _prints(world: World, remark: str) -> None:
    world.hook(
        "pre-receive", f"#!/bin/sh\ngrep -q refs/exp/ || exit 0\ncat >&2 <<'END'\n\n{remark}\n\nEND\nexit 1\n"
    )


def _offered(world: World, ada: Person, reason: str) -> None:
    name = ada.record("one")
    said = ada("push")
    assert said.code == 3
    assert f"refused  {name}: the host takes no such ref: {reason}" in said.err
    assert "hint: git exp push origin --layout branches" in said.err
    said = ada("push", "origin", "--layout", "branches")
    assert said.code == 0, said.err
    assert refs(world.remote, "refs/heads/exp/") == ada.runs
    assert ada("push").err == "origin: 1 unchanged\n"
    world.fsck(ada)


@pytest.mark.parametrize("host", ANSWERS)
def test_a_host_that_refuses_the_ref(world: World, ada: Person, host: str) -> None:
    _answers(world, ANSWERS[host])
    _offered(world, ada, ANSWERS[host])


@pytest.mark.parametrize("host", REMARKS)
def test_a_host_whose_hook_refuses_the_ref(world: World, ada: Person, host: str) -> None:
    _prints(world, REMARKS[host])
    _offered(world, ada, REMARKS[host])


@pytest.mark.parametrize("reason", OTHER_REASONS)
@pytest.mark.parametrize("say", [_answers, _prints])
def test_what_is_refused_for_another_reason(world: World, ada: Person, say: object, reason: str) -> None:
    assert callable(say)
    say(world, reason)
    name = ada.record("one")
    said = ada("push")
    assert said.code == 3
    assert f"refused  {name}: " in said.err
    assert "--layout" not in said.err
