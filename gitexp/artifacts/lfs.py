"""A Git LFS server: https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md

dulwich's client negotiates; the bodies are streamed by us, whatever their size.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from dulwich.lfs import HTTPLFSClient, LFSAction, LFSBatchObject, LFSBatchResponse, LFSError
from urllib3 import BaseHTTPResponse

from gitexp.artifacts.arriving import Arrival
from gitexp.artifacts.http import BLOCK, Address, Http, Origin, UsersGit, check
from gitexp.artifacts.remote import Denied, Interrupted, Moved, absent
from gitexp.artifacts.store import Source, Stored
from gitexp.errors import GitExpError, RemoteError
from gitexp.model.values import Digest

_JSON = "application/vnd.git-lfs+json"


class _Client(HTTPLFSClient):
    """dulwich's client, which talks through our connections: they know the user's logins and do not hang."""

    def __init__(self, url: str, http: Http, headers: Mapping[str, str]) -> None:
        super().__init__(url)
        self._http, self._headers = http, headers

    def _request(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None = None
    ) -> BaseHTTPResponse:
        return self._http.ask(method, url, {**headers, **self._headers}, body)


class LfsServer:
    """An ArtifactRemote behind the batch API."""

    removes = False

    def __init__(
        self, url: str, headers: Mapping[str, str], git: UsersGit, *, shown: str, threads: int, timeout: float
    ) -> None:
        """`headers` are what every request to the server is to carry. Raises RemoteError for an odd `url`."""
        self.shown, self.threads = shown, threads
        address = Address.of(url)
        self._origin = Origin.of(url)
        self._headers = dict(headers)
        self._http = Http(address, git, threads=threads, timeout=timeout)
        self._client = _Client(address.url, self._http, self._headers)
        self._actions: dict[Digest, Mapping[str, LFSAction]] = {}

    def announce(self, objects: Sequence[Stored], *, upload: bool) -> dict[Digest, GitExpError | None]:
        answer = self._batch("upload" if upload else "download", objects)
        told = {one.oid: one for one in answer.objects if isinstance(one.oid, str)}
        found: dict[Digest, GitExpError | None] = {}
        for one in objects:
            said = told.get(one.oid)
            if said is None or said.error is not None:
                found[one.oid] = self._fault(one, said)
            elif said.actions:
                self._actions[one.oid] = said.actions
            else:
                found[one.oid] = None if upload else absent(one, self.shown)
        return found

    def send(self, one: Stored, source: Source) -> None:
        actions = self._actions.get(one.oid, {})
        upload = self._action(actions, "upload", one)
        headers = {"Content-Type": "application/octet-stream", **self._for(upload)}
        if headers.get("Transfer-Encoding", "").lower() != "chunked":
            headers["Content-Length"] = str(one.size)
        self._http.put(upload.href, headers, source)
        if "verify" in actions:
            verify = self._action(actions, "verify", one)
            body = json.dumps({"oid": one.oid, "size": one.size}).encode()
            self._http.ask(
                "POST", verify.href, {"Content-Type": _JSON, "Accept": _JSON, **self._for(verify)}, body
            )

    def settle(self) -> None:
        pass

    def receive(self, one: Stored, target: Arrival, moved: Moved) -> None:
        action = self._action(self._actions.get(one.oid, {}), "download", one)
        asked = {"Range": f"bytes={target.size}-"} if target.size else {}
        if not target.left:
            return
        with self._http.fetching(
            action.href, {"Accept-Encoding": "identity", **self._for(action), **asked}
        ) as answer:
            if answer.status == 416 or not _goes_on(
                answer.headers.get("Content-Range"), answer.status, target.size
            ):
                if target.size:
                    moved(-target.size)
                target.restart()
            if answer.status == 404:
                raise absent(one, self.shown)
            if answer.status == 416:
                raise Interrupted("the server cannot go on in the middle")
            check(answer)
            for data in answer.stream(BLOCK, decode_content=True):
                target.write(data)
                moved(len(data))
        if target.left:
            raise Interrupted(f"the server sent {target.size} of {one.size} bytes")

    def remove(self, objects: Sequence[Digest]) -> None:
        raise RemoteError(f"a Git LFS server has no way to remove what it keeps: {self.shown}")

    def list(self) -> Iterator[tuple[Stored, float]]:
        raise RemoteError(f"a Git LFS server does not tell what it keeps: {self.shown}")

    def close(self) -> None:
        self._http.close()

    def _batch(self, operation: str, objects: Sequence[Stored]) -> LFSBatchResponse:
        wanted: list[dict[str, str | int]] = [{"oid": one.oid, "size": one.size} for one in objects]
        try:
            return self._client.batch(operation, wanted)
        except (LFSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            # The latter: dulwich's, of answers that are JSON and nothing that the protocol knows.
            raise RemoteError(f"{self.shown} is no Git LFS server: {str(error)[:200]}") from None
        except (Denied, Interrupted):
            raise
        except RemoteError as error:
            raise RemoteError(f"{self.shown}: {error.message}", hint=error.hint or _ELSEWHERE) from None

    def _fault(self, one: Stored, said: LFSBatchObject | None) -> GitExpError:
        if said is None or said.error is None:
            return RemoteError(f"{self.shown} says nothing of artifact {one.oid[:12]}")
        if said.error.code in (404, 410):
            return absent(one, self.shown)
        told = " ".join(str(said.error.message).split())[:200]
        return RemoteError(f"{self.shown} refused artifact {one.oid[:12]} ({said.error.code}): {told}")

    def _action(self, actions: Mapping[str, LFSAction], name: str, one: Stored) -> LFSAction:
        """Raises RemoteError where the server named no such way, or one that is not to be taken."""
        if name not in actions:
            raise RemoteError(f"{self.shown} names no way to {name} artifact {one.oid[:12]}")
        action = actions[name]
        origin = Origin.of(action.href)
        if origin.scheme != "https" and origin.host != self._origin.host:
            raise RemoteError(f"{self.shown} sends us to {origin.host}, which is not https")
        return action

    def _for(self, action: LFSAction) -> dict[str, str]:
        """The headers for an action: the server's own for it, and ours only where it is at the same place."""
        headers = action.header or {}
        if not isinstance(headers, dict) or not all(_is_header(*one) for one in headers.items()):
            raise RemoteError(f"{self.shown} names headers that cannot be sent")
        if Origin.of(action.href) == self._origin and not any(
            name.lower() == "authorization" for name in headers
        ):
            return {**self._headers, **headers}
        return headers


def _is_header(name: object, value: object) -> bool:
    """Whether it can stand in a request: a line break in it would begin another header."""
    texts = [text for text in (name, value) if isinstance(text, str)]
    return len(texts) == 2 and bool(name) and all(text.isprintable() and text.isascii() for text in texts)


_ELSEWHERE = "git config exp.artifacts URL keeps artifacts elsewhere"


def _goes_on(told: str | None, status: int, at: int) -> bool:
    """Whether an answer begins where we have come to."""
    return status == 206 and told is not None and told.startswith(f"bytes {at}-") if at else status != 206
