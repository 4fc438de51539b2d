"""The small project that the runs of a benchmark were made with, and its hashes as git computes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha1
from itertools import groupby

from gitexp.model.values import Oid

START = 1_760_000_000
"""When the project was committed, in seconds since 1970."""

_PARTS = ("data", "models", "training", "evaluation")
_MODULES = ("api", "batches", "checks", "config", "metrics", "plots", "registry")
_MODULE = '''"""{title}."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class {name}:
    """What {part} has of {module}."""

    def __init__(self, size: int = {size}, *, rate: float = 0.5) -> None:
        self.size = size
        self.rate = rate

    def __iter__(self) -> Iterator[float]:
        for number in range(self.size):
            yield number * self.rate


def mean_of_{module}(values: Iterable[float]) -> float:
    """The mean of `values`; 0 where there are none."""
    kept = [value for value in values if value == value]
    return sum(kept) / len(kept) if kept else 0.0
'''


def edited(edit: int) -> bytes:
    """`config.py` after that many edits; the committed one is edit 0."""
    return b'"""What is tried now."""\n\nEDIT = %d\nLAYERS = %d\nDROPOUT = %.2f\n' % (
        edit,
        2 + edit % 7,
        edit % 10 / 20,
    )


def files(edit: int = 0) -> dict[str, bytes]:
    """Path and content of every file, after that many edits of `config.py`."""
    modules = {
        f"src/{part}/{module}.py": _MODULE.format(
            title=f"{part.title()}: {module}",
            name=f"{part}_{module}".title().replace("_", ""),
            part=part,
            module=module,
            size=len(part) * len(module),
        ).encode()
        for part in _PARTS
        for module in _MODULES
    }
    packages = {f"src/{part}/__init__.py": b"" for part in _PARTS}
    readme = b"# A project\n\nTrain it: `python train.py --seed 1`.\n"
    train = b"from src.training.api import TrainingApi\n\nfor value in TrainingApi():\n    print(value)\n"
    return {**modules, **packages, "README.md": readme, "config.py": edited(edit), "train.py": train}


@lru_cache(maxsize=64)
def code_tree(edit: int) -> Oid:
    """The id of the tree of `files(edit)`."""
    return Oid(_tree(files(edit)).hex())


def signature(seconds: int) -> bytes:
    """Who made a commit, and when: for `git fast-import` and in a commit's own words."""
    return b"A <a@example.org> %d +0000" % seconds


def base() -> Oid:
    """The id of the commit of the project, as `git fast-import` makes it."""
    who = signature(START)
    body = b"tree %b\nauthor %b\ncommitter %b\n\nproject\n" % (code_tree(0).encode(), who, who)
    return Oid(_id(b"commit", body).hex())


def _tree(content: Mapping[str, bytes]) -> bytes:
    lines = []
    for name, paths in groupby(sorted(content), key=lambda path: path.partition("/")[0]):
        below = {path.partition("/")[2]: content[path] for path in paths}
        mode, oid = (b"100644", _id(b"blob", below[""])) if "" in below else (b"40000", _tree(below))
        lines.append(mode + b" " + name.encode() + b"\0" + oid)
    return _id(b"tree", b"".join(lines))


def _id(kind: bytes, body: bytes) -> bytes:
    return sha1(kind + b" %d\0" % len(body) + body).digest()
