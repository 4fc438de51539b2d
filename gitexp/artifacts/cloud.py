"""A bucket, or whatever else fsspec reaches: https://filesystem-spec.readthedocs.io

The layout is that of the local store, so that a bucket can be copied to a folder and back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import fsspec

from gitexp.artifacts.arriving import Arrival
from gitexp.artifacts.remote import GRACE, Denied, Interrupted, Moved, absent
from gitexp.artifacts.store import Source, Stored
from gitexp.errors import GitExpError, RemoteError, UsageError
from gitexp.model.values import Digest

PACKAGES = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gs",
    "gcs": "gs",
    "abfs": "abfs",
    "abfss": "abfs",
    "az": "abfs",
    "ssh": "ssh",
    "sftp": "ssh",
}
"""Which extra of ours brings what a protocol needs."""
_BLOCK = 8 << 20
"""Bytes in memory of each object on its way."""
_PARTS = 9000
"""Parts that an upload has at most; S3 takes 10,000."""
_WHOLE_AT_CLOSE = frozenset(protocol for protocol, extra in PACKAGES.items() if extra != "ssh")
"""Protocols where a file is not seen until it is closed; elsewhere it gets its name once it is whole."""


def protocol_of(url: str) -> str:
    """What stands before `://`."""
    return url.partition("://")[0].lower()


class Cloud:
    """An ArtifactRemote at an fsspec URL."""

    removes = True
    threads = 8

    def __init__(self, url: str, *, shown: str) -> None:
        """Raises UsageError where nothing is installed that speaks the protocol of `url`."""
        self.shown = shown
        self._protocol = protocol_of(url)
        url = self._protocol + url[len(self._protocol) :]
        with _told(shown):
            try:
                # As the environment is now, not as it was for somebody else in this process.
                options = {"use_listings_cache": False, "skip_instance_cache": True}
                self._fs, root = fsspec.core.url_to_fs(url, **options)
            except (ImportError, ValueError) as error:
                raise _no_driver(self._protocol, str(error)) from None
        self._root = str(root).rstrip("/")

    def announce(self, objects: Sequence[Stored], *, upload: bool) -> dict[Digest, GitExpError | None]:
        with ThreadPoolExecutor(self.threads) as pool:
            found = dict(zip(objects, pool.map(self._info, objects), strict=True))
        there = {one: info for one, info in found.items() if info and int(info["size"]) == one.size}
        if upload:
            # An object gets a new time only by being sent again.
            return {one.oid: None for one, info in there.items() if time.time() - _when(info) < GRACE / 2}
        return {one.oid: absent(one, self.shown) for one in objects if one not in there}

    def send(self, one: Stored, source: Source) -> None:
        path = self._path(one.oid)
        whole = self._protocol in _WHOLE_AT_CLOSE
        target = path if whole else f"{self._root}/tmp/{one.oid}.{os.urandom(6).hex()}"
        with _told(self.shown):
            if not whole:
                self._fs.makedirs(f"{self._root}/tmp", exist_ok=True)
                self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            file = self._fs.open(target, "wb", block_size=max(_BLOCK, one.size // _PARTS))
        try:
            while chunk := source.read(_BLOCK):
                with _told(self.shown):
                    file.write(chunk)
        except BaseException:
            self._give_up(file, target)
            raise
        with _told(self.shown):
            file.close()
            if not whole:
                self._fs.mv(target, path)
        info = self._info(one)
        if info is None or int(info["size"]) != one.size:
            raise Interrupted(f"artifact {one.oid[:12]} did not arrive whole at {self.shown}")

    def settle(self) -> None:
        pass

    def receive(self, one: Stored, target: Arrival, moved: Moved) -> None:
        path = self._path(one.oid)
        while target.left:
            with _told(self.shown):
                try:
                    end = min(target.size + _BLOCK, one.size)
                    chunk = bytes(self._fs.cat_file(path, start=target.size, end=end))
                except FileNotFoundError:
                    raise absent(one, self.shown) from None
            if not chunk:
                raise Interrupted(f"artifact {one.oid[:12]} ends early at {self.shown}")
            target.write(chunk)
            moved(len(chunk))

    def remove(self, objects: Sequence[Digest]) -> None:
        for oid in objects:
            with _told(self.shown), suppress(FileNotFoundError):
                self._fs.rm_file(self._path(oid))

    def list(self) -> Iterator[tuple[Stored, float]]:
        with _told(self.shown):
            try:
                found: dict[str, Any] = self._fs.find(self._root, detail=True)
            except FileNotFoundError:
                return
        for path, info in found.items():
            oid = path.rpartition("/")[2]
            if len(oid) == 64 and path.endswith(f"/{oid[:2]}/{oid[2:4]}/{oid}"):
                yield Stored(Digest(oid), int(info["size"])), _when(info)

    def close(self) -> None:
        pass

    def _path(self, oid: Digest) -> str:
        return f"{self._root}/{oid[:2]}/{oid[2:4]}/{oid}"

    def _info(self, one: Stored) -> dict[str, Any] | None:
        with _told(self.shown):
            try:
                info: dict[str, Any] = self._fs.info(self._path(one.oid))
            except FileNotFoundError:
                return None
        return info

    def _give_up(self, file: Any, target: str) -> None:
        """Have nothing of a file that was not written whole."""
        with suppress(Exception):  # whatever a driver says: the reason for giving up is the one to tell
            if self._protocol in _WHOLE_AT_CLOSE:
                file.closed = True  # closing it would publish what there is
                file.discard()
            else:
                file.close()
                self._fs.rm_file(target)


@contextmanager
def _told(shown: str) -> Iterator[None]:
    """What a driver raises, as an error of ours."""
    try:
        yield
    except GitExpError:
        raise
    except FileNotFoundError as error:
        raise RemoteError(
            f"there is no {shown}: {_words(error)}", hint="git config exp.artifacts URL"
        ) from None
    except PermissionError as error:
        raise Denied(f"access to {shown} was denied: {_words(error)}", hint=_LOGIN) from None
    except Exception as error:  # noqa: BLE001
        # Drivers raise what the packages of their clouds do, which have no class in common.
        name = type(error).__name__
        if "Credential" in name or "Auth" in name:
            raise Denied(f"access to {shown} was denied: {_words(error)}", hint=_LOGIN) from None
        raise Interrupted(f"{shown} failed: {_words(error)}") from None


_LOGIN = "log in as the tools of that host do: gitexp has no credentials of its own"


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _no_driver(protocol: str, reason: str) -> GitExpError:
    if protocol in PACKAGES:
        return UsageError(
            f"what speaks {protocol}:// is not installed", hint=f"pip install 'gitexp[{PACKAGES[protocol]}]'"
        )
    return UsageError(f"cannot use exp.artifacts: {reason[:200]}", hint="git config exp.artifacts URL")


def _when(info: dict[str, Any]) -> float:
    """When the object came there; now where the place does not tell, so that nothing looks old."""
    for key in ("LastModified", "last_modified", "mtime", "modified", "updated", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, (int, float)):
            return float(value)
    return time.time()
