"""Runs as an enemy would write them: objects and refs that no git of ours would make, planted in a remote."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha1, sha256
from typing import TypeAlias

from gitexp.formats import series
from gitexp.formats.canonical import dump
from gitexp.model.history import Row
from tests.gitrepo import Repo

FILE, LINK, FOLDER, SUBMODULE = b"100644", b"120000", b"40000", b"160000"
TreeEntry: TypeAlias = tuple[bytes, bytes, str]
"""Mode, name and id, in the order in which they are to stand."""

NASTY = (
    "a\x1b[2J\x1b]52;c;eA==\x07\x1b]8;;http://x\x1b\\b\x9b31mc\u202ed\u2066e\u200bf\ng\rh\x7f\u2028i\ufeff"
)
"""Escape sequences that clear, write the clipboard, link; C1, bidi, invisible marks, every line break."""


class Forger:
    """Writes objects into the store of `remote` as they are, unchecked; `good` is a run that is there."""

    def __init__(self, remote: Repo, good: str) -> None:
        self.remote = remote
        self.good = good
        self.base = remote.git("rev-parse", f"refs/exp/{good}^")
        lines = remote.git("ls-tree", "-r", f"refs/exp/{good}:.exp").splitlines()
        self.files = {
            line.split("\t")[1]: remote.git_bytes("cat-file", "-p", line.split()[2]) for line in lines
        }

    def object(self, kind: str, data: bytes) -> str:
        """The id of a loose object that holds `data`, whatever it is."""
        raw = f"{kind} {len(data)}\0".encode() + data
        oid = sha1(raw).hexdigest()
        path = self.remote.path / "objects" / oid[:2] / oid[2:]
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_bytes(zlib.compress(raw, 1))
        return oid

    def blob(self, data: bytes) -> str:
        return self.object("blob", data)

    def tree(self, entries: Iterable[TreeEntry], *, as_given: bool = False) -> str:
        """A tree, its entries sorted as git does unless they are to stay `as_given`."""
        found = list(entries)
        if not as_given:
            found.sort(key=lambda one: one[1] + (b"/" if one[0] == FOLDER else b""))
        return self.object("tree", b"".join(m + b" " + n + b"\0" + bytes.fromhex(o) for m, n, o in found))

    def folder(self, files: Mapping[str, bytes], extra: Iterable[TreeEntry] = ()) -> str:
        """The tree of `files` by their paths, and of what else is to stand in its root."""
        below: dict[str, dict[str, bytes]] = {}
        entries = list(extra)
        for path, data in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = data
            else:
                entries.append((FILE, name.encode(), self.blob(data)))
        entries += [(FOLDER, name.encode(), self.folder(inside)) for name, inside in below.items()]
        return self.tree(entries)

    def record(self, name: str, files: Mapping[str, bytes | None]) -> dict[str, bytes]:
        """The record of the good run under another name and id, in which `files` are others, or none."""
        run = self.files["run.yaml"].decode().replace(self.good, name)
        lines = [f"id: {run_id(name)}" if line.startswith("id: ") else line for line in run.splitlines()]
        found: dict[str, bytes | None] = {**self.files, "run.yaml": "\n".join([*lines, ""]).encode(), **files}
        return {path: data for path, data in found.items() if data is not None}

    def commit(self, tree: str, name: str, head: bytes | None = None, message: bytes | None = None) -> str:
        """A commit on the base; `head` is all of its header below the tree."""
        person = b"Eve <eve@example.org> 1700000000 +0000"
        usual = b"parent %s\nauthor %s\ncommitter %s\n" % (self.base.encode(), person, person)
        told = f"exp {name}\n\nExp-Run: {name}\nExp-Status: finished\n".encode()
        body = (usual if head is None else head) + b"\n" + (told if message is None else message)
        return self.object("commit", b"tree " + tree.encode() + b"\n" + body)

    def plant(self, ref: str, oid: str) -> None:
        """A ref that git itself may refuse to make."""
        path = self.remote.path / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{oid}\n")

    def run(
        self,
        name: str,
        files: Mapping[str, bytes | None] = {},
        *,
        record: Iterable[TreeEntry] = (),
        root: Iterable[TreeEntry] = (),
        head: bytes | None = None,
        message: bytes | None = None,
        as_given: bool = False,
    ) -> str:
        """The commit of a run `name`, with more entries in its record and beside it; its ref is planted."""
        entries = list(record)
        given = {entry[1].decode("latin-1") for entry in entries}
        kept = {
            path: data for path, data in self.record(name, files).items() if path.split("/")[0] not in given
        }
        folder = self.folder(kept, entries)
        tree = self.tree([*root, (FOLDER, b".exp", folder)], as_given=as_given)
        commit = self.commit(tree, name, head, message)
        self.plant(f"refs/exp/{name}", commit)
        return commit


def run_id(name: str) -> str:
    return "".join(
        "abcdefghijklmnopqrstuvwxyz234567"[byte & 31] for byte in sha256(name.encode()).digest()[:16]
    )


def named(kind: str) -> str:
    """The name of a run that stands for a kind of hostility."""
    return f"{kind}-eeeeee"


Plant: TypeAlias = Callable[[Forger, str], object]
"""Plants one run of that name."""

ZEROS = 300 << 20


def _record_entry(mode: bytes, name: bytes) -> Plant:
    def plant(forger: Forger, run: str) -> None:
        oid = forger.base if mode == SUBMODULE else forger.blob(b"../../.git/hooks/post-checkout")
        forger.run(run, record=[(mode, name, oid)])

    return plant


def _artifact_entries(*names: bytes, mode: bytes = FILE) -> Plant:
    def plant(forger: Forger, run: str) -> None:
        folder = forger.tree([(mode, name, forger.blob(name)) for name in names], as_given=True)
        forger.run(run, record=[(FOLDER, b"artifacts", folder)])

    return plant


def _code_entries(*entries: tuple[bytes, bytes], as_given: bool = False) -> Plant:
    def plant(forger: Forger, run: str) -> None:
        blob = forger.blob(b"../../../etc/passwd")
        oids = {SUBMODULE: forger.base, FOLDER: forger.tree([(FILE, b"x", blob)])}
        found = [(mode, name, oids.get(mode, blob)) for mode, name in entries]
        forger.run(run, root=found, as_given=as_given)

    return plant


def _file(path: str, data: bytes | None) -> Plant:
    return lambda forger, run: forger.run(run, {path: data})


def _zeros(path: str) -> Plant:
    return lambda forger, run: forger.run(run, {path: bytes(ZEROS)})


def _edited(old: str, new: str) -> Plant:
    """A run whose `run.yaml` has a line that starts with `old` replaced, or one more line."""

    def plant(forger: Forger, run: str) -> None:
        text = forger.record(run, {})["run.yaml"].decode()
        lines = [line for line in text.splitlines() if not old or not line.startswith(old)]
        forger.run(run, {"run.yaml": "\n".join([*lines, new, ""]).encode()})

    return plant


def _artifacts(path: str, value: Mapping[str, object] | None = None) -> Plant:
    told = value or {"oid": f"sha256:{'0' * 64}", "size": 3}
    return _file("artifacts.yaml", dump({path: told}))  # type: ignore[dict-item]


def _head(head: bytes) -> Plant:
    return lambda forger, run: forger.run(run, head=head.replace(b"BASE", forger.base.encode()))


def _at(when: bytes) -> Plant:
    return _head(b"parent BASE\nauthor E <e@x> " + when + b"\ncommitter E <e@x> " + when + b"\n")


_PERSON = b"E <e@x> 1700000000 +0000"
_HEAD = b"parent BASE\nauthor " + _PERSON + b"\ncommitter " + _PERSON + b"\n"

_YAML: dict[str, bytes] = {
    "alias": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "merge": b"a: &a {x: 1}\nb: {<<: *a}\n",
    "self": b"a: &a [*a]\n",
    "flow": b"a: " + b"[" * 100_000 + b"\n",
    "block": b"a:\n  " + b"- " * 10_000 + b"x\n",
    "twice": b"a: 1\na: 2\n",
    "tagged": b"a: !!python/object/apply:os.system [id]\n",
    "latin": b"a: \xff\xfe\n",
    "nul": b"a: x\0y\n",
    "text": b"a: " + b"x" * (3 << 20) + b"\n",
    "documents": b"a: 1\n---\nb: 2\n",
    "list": b"- 1\n",
    "escape": b'a: "\\ud800"\n',
    "hex": b"a: 0x" + b"f" * 1_900_000 + b"\n",
}

REFUSED: dict[str, Plant] = {
    # Trees that git checks.
    **{
        f"code-{kind}": _code_entries((FILE, name))
        for kind, name in {
            "dotdot": b"..",
            "dot": b".",
            "git": b".git",
            "caps": b".GIT",
            "tilde": b"git~1",
            "hfs": ".g\u200cit".encode(),
            "slash": b"a/b",
            "empty": b"",
        }.items()
    },
    "code-folder-git": _code_entries((FOLDER, b".git")),
    "code-twice": _code_entries((FILE, b"a"), (FILE, b"a")),
    "code-unsorted": _code_entries((FILE, b"b"), (FILE, b"a"), as_given=True),
    "code-modules": _code_entries((LINK, b".gitmodules")),
    # What stands in the record.
    **{
        f"record-{kind}": _record_entry(FILE, name)
        for kind, name in {
            "dotdot": b"..",
            "git": b".gIt",
            "tilde": b"GIT~2",
            "hfs": "\u200d.git".encode(),
            "ntfs": b".git::$INDEX_ALLOCATION",
            "backslash": b"a\\..\\b",
            "control": b"a\x1bb",
            "newline": b"a\nb",
            "latin": b"a\xffb",
            "con": b"CON",
            "aux": b"aux.txt",
            "drive": b"C:",
            "long": b"x" * 300,
        }.items()
    },
    "record-link": _record_entry(LINK, b"log.txt.link"),
    "record-submodule": _record_entry(SUBMODULE, b"lib"),
    "record-case": _artifact_entries(b"A", b"a"),
    "record-dots": _artifact_entries(b"a", b"a."),
    "record-blank": _artifact_entries(b"a", b"a "),
    "record-normal": _artifact_entries("e\u0301".encode(), "\u00e9".encode()),
    "record-twice": _artifact_entries(b"a", b"a"),
    "artifact-link": _artifact_entries(b"a", mode=LINK),
    "artifact-submodule": _artifact_entries(b"a", mode=SUBMODULE),
    # Records that cannot be read.
    **{
        f"{file}-{kind}": _file(f"{file}.yaml", data)
        for file in ("run", "params", "metrics", "inputs", "env", "artifacts")
        for kind, data in _YAML.items()
    },
    "params-keys": _file("params.yaml", b"{" + b"".join(b"k%d: 1, " % n for n in range(100_000)) + b"}\n"),
    "metrics-nested": _file("metrics.yaml", b"a:\n  b: 1\n"),
    "inputs-odd": _file("inputs.yaml", b"dataset:\n  - name: 1\n"),
    "inputs-oid": _file(
        "inputs.yaml", b"dataset:\n  - name: x\n    oid: sha256:../../x\n    how: declared\n"
    ),
    "no-run": _file("run.yaml", None),
    "name-other": _edited("name: ", "name: somebody-else-abcdef"),
    "name-odd": _edited("name: ", 'name: "../../x"'),
    "name-none": _edited("name: ", "title: x"),
    "id-odd": _edited("id: ", "id: ../../../x"),
    "format-newer": _edited("format: ", "format: 99"),
    "format-text": _edited("format: ", "format: one"),
    "status-odd": _edited("status: ", "status: victorious"),
    "time-huge": _edited("started: ", "started: '99999-01-01T00:00:00.000Z'"),
    "time-odd": _edited("started: ", "started: yesterday"),
    "time-number": _edited("started: ", "started: 12"),
    "tree-odd": _edited("code:", "code: {tree: ../../x}"),
    "exit-odd": _edited("exit_code:", "exit_code: [1]"),
    # Series that lie.
    "series-header": _file("series/00000.csv", b"loss,step\n1,2\n"),
    "series-wide": _file("series/00000.csv", b"step,time,a\n0,1.0,2,3,4\n"),
    "series-twice": _file("series/00000.csv", b"step,time,a,a\n0,1.0,2,3\n"),
    "series-text": _file("series/00000.csv", b"step,time,a\nx,y,z\n"),
    "series-latin": _file("series/00000.csv", b"step,time,\xff\n0,1.0,2\n"),
    "series-nul": _file("series/00000.csv", b"step,time,a\n0,1.0,\0\n"),
    "series-many": lambda forger, run: forger.run(
        run,
        {
            "series/00000.csv": b"step,time," + b",".join(b"m%d" % n for n in range(40_000)) + b"\n",
            "series/00001.csv": b"step,time,a\n" + b"0,1.0,1\n" * 100_000,
        },
    ),
    "series-file": _file("series", b"x"),
    # Paths that lead elsewhere.
    **{
        f"path-{kind}": _artifacts(path)
        for kind, path in {
            "up": "../../../.git/hooks/post-checkout",
            "inner": "a/../../b",
            "absolute": "/etc/passwd",
            "drive": "C:/x",
            "backslash": "..\\x",
            "git": "a/.git/config",
            "control": "a\x1bb",
            "device": "a/con.txt",
        }.items()
    },
    "size-huge": _artifacts("a", {"oid": f"sha256:{'0' * 64}", "size": 1 << 63}),
    "size-negative": _artifacts("a", {"oid": f"sha256:{'0' * 64}", "size": -1}),
    "oid-odd": _artifacts("a", {"oid": "sha256:../../../../x", "size": 1}),
    # Commits.
    "no-author": _head(b"parent BASE\ncommitter " + _PERSON + b"\n"),
    "no-committer": _head(b"parent BASE\nauthor " + _PERSON + b"\n"),
    "two-authors": _head(
        b"parent BASE\nauthor " + _PERSON + b"\nauthor " + _PERSON + b"\ncommitter " + _PERSON + b"\n"
    ),
    "no-mail": _head(b"parent BASE\nauthor E 1700000000 +0000\ncommitter " + _PERSON + b"\n"),
    "date-negative": _at(b"-5 +0000"),
    "date-huge": _at(b"99999999999999999999 +0000"),
    "date-zone": _at(b"1700000000 +99999999"),
    "date-none": _at(b""),
    "nul": lambda forger, run: forger.run(run, message=b"exp x\0y\n"),
    "no-parent": _head(b"parent " + b"0" * 40 + b"\nauthor " + _PERSON + b"\ncommitter " + _PERSON + b"\n"),
    # Things that are no runs.
    "a-blob": lambda forger, run: forger.plant(f"refs/exp/{run}", forger.blob(b"x")),
    "a-tree": lambda forger, run: forger.plant(
        f"refs/exp/{run}", forger.tree([(FILE, b"x", forger.blob(b"x"))])
    ),
    "a-tag": lambda forger, run: forger.plant(
        f"refs/exp/{run}",
        forger.object(
            "tag", f"object {forger.base}\ntype commit\ntag x\ntagger {_PERSON.decode()}\n\nx\n".encode()
        ),
    ),
    "the-base": lambda forger, run: forger.plant(f"refs/exp/{run}", forger.base),
    "no-record": lambda forger, run: forger.plant(
        f"refs/exp/{run}", forger.commit(forger.tree([(FILE, b"x", forger.blob(b"x"))]), run)
    ),
    "record-a-file": lambda forger, run: forger.plant(
        f"refs/exp/{run}", forger.commit(forger.tree([(FILE, b".exp", forger.blob(b"x"))]), run)
    ),
}

BOMBS: dict[str, Plant] = {
    **{
        f"zeros-{file}": _zeros(f"{file}.yaml")
        for file in ("run", "params", "metrics", "inputs", "env", "artifacts")
    },
    "zeros-log": _zeros("log.txt"),
    "zeros-requirements": _zeros("requirements.txt"),
    "zeros-series": _zeros("series/00000.csv"),
    # Cells that no file has: a row in the second chunk asks for each column of the first.
    "cells": lambda forger, run: forger.run(
        run,
        {
            "series/00000.csv": b"step,time," + b",".join(b"m%d" % n for n in range(2_000)) + b"\n",
            "series/00001.csv": b"step,time,a\n" + b"0,1.0,1\n" * 100_000,
        },
    ),
    # Each chunk is within what is read at once; all of them are one object.
    "chunks": lambda forger, run: forger.run(
        run, {f"series/{n:05}.csv": b"step,time,a\n" + b"0,0,0\n" * 2_500_000 for n in range(200)}
    ),
    "zeros-message": lambda forger, run: forger.run(run, message=bytes(20 << 20).replace(b"\0", b"x")),
}

SHOWN: dict[str, Plant] = {
    # Code is the user's own affair: it may hold any of these.
    "code-links": _code_entries((LINK, b"a"), (LINK, b"b")),
    "code-submodule": _code_entries((SUBMODULE, b"lib")),
    "code-names": _code_entries(
        *(
            (FILE, name)
            for name in (
                b"A",
                b"a",
                b"CON",
                b"aux.txt",
                b"a\\b",
                b"c\x1bd",
                b"e\nf",
                b"g\xffh",
                b"i.",
                b"j ",
                "k\u202el".encode(),
            )
        )
    ),
    "encoding": _head(_HEAD + b"encoding klingon\n"),
    "signature": _head(
        _HEAD + b"gpgsig -----BEGIN PGP SIGNATURE-----\n \x1b[2J junk\n -----END PGP SIGNATURE-----\n"
    ),
    "mergetag": _head(_HEAD + b"mergetag object 123\n type commit\n \x1b[2J\n"),
    "author": _head(
        b"parent BASE\nauthor E\x1b[2J\x9b31m <e@\xe2\x80\xaex> 1700000000 +0000\ncommitter "
        + _PERSON
        + b"\n"
    ),
    "message": lambda forger, run: forger.run(
        run, message=f"exp {NASTY}\n\nExp-Run: {NASTY}\nExp-Checkpoint: 99999999999999999999\n".encode()
    ),
    "no-message": lambda forger, run: forger.run(run, message=b""),
    "old": _edited("started: ", "started: '0001-01-01T00:00:00.000Z'"),
    "late": _edited("started: ", "started: '9999-12-31T23:59:59.999Z'"),
    "backwards": _edited("ended: ", "ended: '0001-01-01T00:00:00.000Z'"),
    "exit-huge": _edited("exit_code:", f"exit_code: {1 << 100}"),
    "base-lies": _edited("parents:", "parents: [../../x, --all]"),
    "option": _edited("title: ", "title: --output=x"),
    "params-keys": _file("params.yaml", b"".join(b"k%d: 1\n" % n for n in range(100_000))),
    "params-numbers": _file(
        "params.yaml", f"a: .nan\nb: -.inf\nc: {1 << 70}\nd: 1.0e+308\ne: -0.0\n".encode()
    ),
    "artifact-absent": _artifacts("a"),
    "artifact-bidi": _artifact_entries("a\u202eb".encode()),
    "artifact-max": _artifacts("a", {"oid": f"sha256:{'0' * 64}", "size": (1 << 63) - 1}),
    "pointer-odd": lambda forger, run: forger.run(
        run,
        {
            "artifacts.yaml": dump({"a": {"oid": f"sha256:{'1' * 64}", "size": 9}}),
            "artifacts/a": b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n"
            % (b"1" * 64, 1 << 63),
        },
    ),
    "pointer-text": lambda forger, run: forger.run(
        run,
        {
            "artifacts.yaml": dump({"a": {"oid": f"sha256:{'1' * 64}", "size": 9}}),
            "artifacts/a": b"version https://git-lfs.github.com/spec/v1\noid sha256:../../x\nsize -1\n",
        },
    ),
    "artifact-other": lambda forger, run: forger.run(
        run,
        {
            "artifacts.yaml": dump({"a": {"oid": f"sha256:{sha256(b'good').hexdigest()}", "size": 4}}),
            "artifacts/a": b"evil",
        },
    ),
    "everything": lambda forger, run: everywhere(forger, run, NASTY),
    "markup": lambda forger, run: everywhere(forger, run, "<script>alert(1)</script>|`=cmd()`|*x*"),
}


def everywhere(forger: Forger, run: str, text: str) -> str:
    """A run that has `text` in every field that takes one."""
    info = forger.record(run, {})["run.yaml"]
    labels = {
        "title": text,
        "group": text,
        "tags": [text, "plain"],
        "note": text,
        "command": ["python", text],
        "cwd": text,
        "parents": [text],
        "signal": text,
        "failure": {"type": text, "message": text, "traceback": text},
        "earlier_params": {text: [text]},
        "reproduction": {
            "of": {"name": "somebody-else-abcdef", "commit": "1" * 40},
            "verdict": "different",
            "metrics": {text: {"verdict": "different", "old": text, "new": 0.5, "tolerance": 1, "how": text}},
            "inputs": {text: {"fate": "changed", "old": text, "new": {text: text}}},
        },
    }
    kept = [line for line in info.decode().splitlines() if line.split(":")[0] in _IDENTITY or line[0] == " "]
    kept = [line for number, line in enumerate(kept) if line[0] != " " or "code:" in kept[:number]]
    value = {"oid": f"sha256:{'2' * 64}", "size": 1, "kind": text, "metadata": {text: text}}
    rows = [Row(number, 1.0 * number, {text: number, "loss": 0.5, "said": text}) for number in range(3)]
    return forger.run(
        run,
        {
            "run.yaml": "\n".join([*kept, ""]).encode() + dump(labels),  # type: ignore[arg-type]
            "params.yaml": dump({text: text, "nested": {text: [text, {text: 1}]}}),
            "metrics.yaml": dump({text: 0.5, "said": text}),
            "inputs.yaml": dump(
                {text: [{"name": text, "path": text, "value": {text: text}, "how": "declared"}]}
            ),
            "env.yaml": dump(
                {text: text, "python": {"version": text, text: text}, "variables": {text: text}}
            ),
            "requirements.txt": text.encode(),
            "artifacts.yaml": dump({"plain/a": value, "b\u202e": value}),
            "series/00000.csv": b"".join(series.encode(rows)),
            "log.txt": text.encode(),
        },
        head=b"parent %s\nauthor %s <%s> 1700000000 +0000\ncommitter %s\n"
        % (forger.base.encode(), *2 * [_on_a_line(text)], _PERSON),
        message=f"exp {text}\n\n{text}\n".encode(),
    )


_IDENTITY = frozenset(("format", "id", "name", "status", "started", "ended", "code"))


def _on_a_line(text: str) -> bytes:
    return text.translate({ord(letter): None for letter in "\n<>"}).encode()


def names_that_no_run_has(forger: Forger, junk: int) -> None:
    """Refs under `refs/exp/` that are no runs: nested, uppercase, odd, symbolic, and `junk` of one kind."""
    commit = forger.remote.git("rev-parse", f"refs/exp/{forger.good}")
    for name in ("nested/deep/one-eeeeee", "UPPER-eeeeee", "x", "a\u202eb-eeeeee", "\u009b-eeeeee", "con"):
        forger.plant(f"refs/exp/{name}", commit)
    (forger.remote.path / "refs/exp/symbolic-eeeeee").write_text(f"ref: refs/exp/{forger.good}\n")
    packed = "".join(f"{commit} refs/exp/junk.{number:05}\n" for number in range(junk))
    with (forger.remote.path / "packed-refs").open("a") as file:
        file.write(packed)
