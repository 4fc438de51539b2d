"""Models and datasets in Hugging Face's caches, by the paths of their files.

Layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache. A snapshot's folder is named by its
commit; what stands there are links to `blobs`, each named by its sha256 or the id that git gives it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, count

from gitexp.artifacts.folders import identity
from gitexp.artifacts.store import Stored
from gitexp.model.record import How, Input
from gitexp.model.roles import DATASET, MODEL

_REPOSITORY = re.compile(
    r"(?P<root>.*/(?P<kind>models|datasets)--(?P<name>[\w.-]{1,200}))"
    r"/(?P<part>snapshots|blobs)/(?P<id>[0-9a-f]{40,64})(?:/|$)"
)
_ARROW = re.compile(
    r".*/datasets/(?P<name>[\w.-]{1,200})/(?P<config>[\w.=,-]{1,200})/(?P<version>[\w.-]{1,50})/"
    r"(?P<hash>[0-9a-f]{16,64})/(?P<file>[^/]+)\.arrow"
)
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_DERIVED = ("cache-", "tmp")
_ANY = re.compile(r"/(models|datasets|spaces)--[^/]+/")
_HASHED_NAME = re.compile(r"-[0-9a-f]{16}$")
_MOST_SNAPSHOTS = 50
_ROLES = {"models": MODEL, "datasets": DATASET}


def cache_folders(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Where the caches are, as its libraries find them."""
    cache = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME", "/"), ".cache")
    home = environ.get("HF_HOME") or os.path.join(cache, "huggingface")
    names = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "HF_DATASETS_CACHE")
    found = (home, *(environ[name] for name in names if environ.get(name)))
    return tuple(dict.fromkeys(os.path.abspath(os.path.expanduser(one)) for one in found))


@dataclass(slots=True)
class Hub:
    """What was found in the caches."""

    caches: tuple[str, ...]
    revisions: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """Role and name -> the commits that files were read of."""
    tables: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """The folder of a prepared dataset, and what it is called with its split -> its Arrow files."""

    def take(self, path: str) -> bool:
        """Whether the file is one of a cache, whose input is noted then."""
        if (found := _REPOSITORY.match(path)) is not None:
            key = _ROLES[found["kind"]], found["name"].replace("--", "/", 1)
            self.revisions.setdefault(key, set()).update(_revisions(found))
            return True
        if not any(path.startswith(f"{one}/") for one in self.caches):
            return _ANY.search(path) is not None
        found = _ARROW.fullmatch(path)
        if found is not None and not found["file"].startswith(_DERIVED):
            split = _SHARD.sub("", found["file"]).rpartition("-")[2]
            name = f"{found['name'].replace('___', '/', 1)}/{_HASHED_NAME.sub('', found['config'])} {split}"
            self.tables.setdefault((os.path.dirname(path), name), []).append(path)
        return True

    def inputs(self, hashes: Mapping[str, Stored]) -> Iterator[Input]:
        """The inputs that they are; `hashes` are those of the Arrow files that were hashed."""
        for (role, name), revisions in sorted(self.revisions.items()):
            for number, revision in enumerate(sorted(revisions)):
                # A role has one input of a name: one model is hardly ever read at two commits.
                told = f"{name}@{revision[:10]}" if number else name
                yield Input(role, told, value={"name": name, "revision": revision}, how=How.OBSERVED)
        taken: set[str] = set()
        for (_, name), paths in sorted(self.tables.items()):
            told = free_name(name, taken)
            taken.add(told)
            yield _table(told, paths, hashes)


def free_name(name: str, taken: Container[str]) -> str:
    """`name`; with a number, where it is taken."""
    numbered = (f"{name} ({number})" for number in count(2))
    return next(each for each in chain((name,), numbered) if each not in taken)


def _revisions(found: re.Match[str]) -> list[str]:
    """The commit of a snapshot's file, or those whose snapshots have a blob."""
    if found["part"] == "snapshots":
        return [found["id"]]
    snapshots: list[str] = []
    with suppress(OSError):
        snapshots = os.listdir(f"{found['root']}/snapshots")[:_MOST_SNAPSHOTS]
    if len(snapshots) == 1:
        return [one for one in snapshots if re.fullmatch(r"[0-9a-f]{40,64}", one)]
    return []


def _table(name: str, paths: list[str], hashes: Mapping[str, Stored]) -> Input:
    known = [(hashes[path], os.path.basename(path)) for path in sorted(paths) if path in hashes]
    if len(known) < len(paths):
        return Input(DATASET, name, how=How.OBSERVED)
    oid = known[0][0].oid if len(known) == 1 else identity((one.oid, file) for one, file in known)
    return Input(DATASET, name, oid=oid, size=sum(one.size for one, _ in known), how=How.OBSERVED)
