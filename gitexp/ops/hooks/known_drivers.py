"""The drivers of ours that git is told of, and for which files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from gitexp.errors import BrokenFile
from gitexp.formats.attributes import pattern
from gitexp.model.files import PARAMS_FILES
from gitexp.repo import Repository

# Most files of a record need no program: ours stay. Whatever keeps ours from merging another file (it is not
# found, it is broken, sides changed one key differently), git's own merge by line goes on from there; not of
# metrics and inputs, which stand beside a file that it is asked for as well. Notes of ours are shown, errors
# are not. Sides are called what git calls them: in %X and %Y; a git that does not know these says in its
# environment what it merges.
_MERGE = (
    "case %P in .exp/run.yaml|.exp/metrics.yaml|.exp/inputs.yaml|.exp/eval/*) ;; .exp/*) exit 0 ;; esac; "
    "n=$(git-exp driver merge %O %A %B %L %P 2>&1 >/dev/null); r=$?; "
    """case $n in note:*) printf '%s\n' "$n" >&2 ;; esac; """
    "test $r = 0 && exit 0; "
    "case %P in .exp/metrics.yaml|.exp/inputs.yaml) exit 0 ;; esac; "
    "o=%X t=%Y; case $o in [%]X) o=HEAD t=$(env | sed -n 's/^GITHEAD_[0-9a-f]*=//p') ;; esac; "
    'git merge-file -q --marker-size=%L -L "$o" -L base -L "${t:-theirs}" %A %O %B || exit 1'
)
_TEXTCONV = (
    'f() { if t=$(git-exp driver textconv "$1" 2>/dev/null); '
    """then printf '%s\\n' "$t"; else cat "$1"; fi; }; f"""
)
# Without us an archive is to be shown by its hash, not as what fills a terminal with noise.
_LOGCONV = (
    'f() { if t=$(git-exp driver textconv "$1" 2>/dev/null); '
    """then printf '%s\\n' "$t"; else case $(head -c 2 "$1") in """
    """PK) printf 'binary '; git hash-object --no-filters "$1" ;; *) cat "$1" ;; esac; fi; }; f"""
)
_SECTION = "^ *[^ #-][^:]*:[ ]*$"
"""The line of a key whose value is a mapping: the heading of a part of a record."""


@dataclass(frozen=True, slots=True)
class Driver:
    """What git is told of one."""

    section: str
    """Where git's configuration has it: `merge.exp`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Variable -> value in that section."""
    attributes: tuple[str, ...] = ()
    """Lines for `info/attributes`: for which files it is called."""


def _merge(repo: Repository) -> Driver:
    lines = (".exp/** merge=exp", *(f"{one} merge=exp" for one in _params_files(repo)))
    return Driver("merge.exp", {"name": "params by key, records as a whole", "driver": _MERGE}, lines)


def _series(_repo: Repository) -> Driver:
    files = (".exp/series/*.csv", ".exp/eval/*/*.jsonl", ".exp/log.txt")
    return Driver("diff.exp", {"textconv": _TEXTCONV}, tuple(f"{one} diff=exp" for one in files))


def _yaml(_repo: Repository) -> Driver:
    return Driver("diff.exp-yaml", {"xfuncname": _SECTION}, (".exp/*.yaml diff=exp-yaml",))


def _logs(repo: Repository) -> Driver:
    """Archives of Inspect among the user's own files, unless it is said already how such are compared."""
    free = _attribute(repo, "diff", "log.eval") in ("unspecified", "exp-eval")
    return Driver("diff.exp-eval", {"textconv": _LOGCONV}, ("*.eval diff=exp-eval",) if free else ())


def _params_files(repo: Repository) -> Iterator[str]:
    """Patterns for the params files, save those for which the project names a merge driver itself."""
    try:
        declared = repo.settings.params
    except BrokenFile:
        declared = ()
    for path in declared or PARAMS_FILES:
        if _is_inside(path) and _attribute(repo, "merge", path) in ("unspecified", "exp"):
            yield pattern(path) if declared else path


def _is_inside(path: str) -> bool:
    """Whether it can be a file of the project, and cannot end its line: others may have declared it."""
    return path.isprintable() and not path.startswith(("/", "../"))


def _attribute(repo: Repository, name: str, path: str) -> str:
    # The last of the fields that NUL ends: file, attribute, value.
    return repo.git.run("check-attr", "-z", name, "--", path).text.split("\0")[2]


DRIVERS: tuple[Callable[[Repository], Driver], ...] = (_merge, _series, _yaml, _logs)
"""Each gives a driver as it is to be in a repository; the params files depend on its settings."""
