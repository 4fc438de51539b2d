"""The environment variables of a recorded run that are set again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from gitexp.capture.environment import REPEATED
from gitexp.capture.seeds import VARIABLES as DETERMINISM
from gitexp.formats.secret_shapes import MASK
from gitexp.model.values import Value
from gitexp.repo import Repository

_MEANT_FOR_PROGRAMS = re.compile(
    r"(?:LD|DYLD|GIT|GITEXP|GCONV|SSH|BASH|PERL5?|RUBY|NODE|JAVA|PIP|UV|CONDA)_?.*|_.*|PATH|HOME|SHELL|IFS|ENV"
    r"|TMPDIR|EDITOR|PAGER|PYTHON(?!HASHSEED$|OPTIMIZE$|UTF8$).*|[A-Z]*_PROXY|HOSTALIASES|RESOLV.*"
)
"""What such a variable says decides which code runs, or where it is from: a record has no say in that."""


def repeated_variables(repo: Repository, env: Mapping[str, Value]) -> dict[str, str]:
    """Name -> value of those that were recorded and that results may depend on; none that was masked."""
    return {
        name: value
        for name, value in deciding_variables(repo, env).items()
        if MASK not in value and not _MEANT_FOR_PROGRAMS.fullmatch(name.upper())
    }


def deciding_variables(repo: Repository, env: Mapping[str, Value]) -> dict[str, str]:
    """Name -> value of all that were recorded and that results may depend on, as they were recorded."""
    recorded = {**_texts(env.get("determinism")), **_texts(env.get("variables"))}
    wanted = {*REPEATED, *DETERMINISM, *repo.settings.variables}
    return {
        name: value
        for name, value in sorted(recorded.items())
        if name in wanted or any(fnmatchcase(name, pattern) for pattern in repo.settings.variables)
    }


def unset_variables(repo: Repository, env: Mapping[str, Value]) -> tuple[str, ...]:
    """Variables that make computations repeat themselves, and that are set now but were not then."""
    recorded = {**_texts(env.get("determinism")), **_texts(env.get("variables"))}
    return tuple(name for name in DETERMINISM if name in repo.environ and name not in recorded)


def _texts(section: Value) -> dict[str, str]:
    found = section if isinstance(section, Mapping) else {}
    return {name: one for name, one in found.items() if isinstance(one, str) and "\0" not in one}
