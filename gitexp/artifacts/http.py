"""Requests to a Git LFS server, and to the places that it names, as the user's git would make them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from dulwich.client import default_urllib3_manager
from dulwich.config import ConfigDict
from urllib3 import BaseHTTPResponse, HTTPResponse, PoolManager
from urllib3.exceptions import HTTPError, SSLError

from gitexp.artifacts.remote import Denied, Interrupted
from gitexp.artifacts.store import Source
from gitexp.errors import RemoteError
from gitexp.model.login import Login

LARGEST_ANSWER = 16 << 20
"""Bytes of an answer that is no object."""
BLOCK = 1 << 18
"""Bytes of a body that are sent or read at once."""
_REDIRECTS = 5
_TOLD = 200
"""Characters of a server's words that are told."""
_LONGEST_WAIT = 60.0
_PORTS = {"http": 80, "https": 443}
_LETS_IN = frozenset(("authorization", "cookie", "proxy-authorization"))
_CLASS = re.compile(
    r"^<?\w*Connection(?:Pool)?\([^)]*\)(?: object[^>]*>)?: (?:Failed to establish a new connection: )?"
)
"""What urllib3 says before what went wrong."""
_PASSING = (408, 429, 500, 502, 503, 504, 509)


class UsersGit(Protocol):
    """What the user's git has of how to talk to hosts."""

    settings: Mapping[str, Sequence[str]]
    """Every `http.*` setting and its values."""

    def fill(self, url: str) -> Login | None:
        """The login for `url`; None where there is none, and none was typed."""

    def approve(self, login: Login) -> None:
        """It was let in."""

    def reject(self, login: Login) -> None:
        """It was not."""


class Origin(NamedTuple):
    """Whom a URL leads to: what is for one is for no other."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: str) -> Origin:
        """Raises RemoteError for what is no http(s) URL."""
        try:
            parts = urlsplit(url)
            scheme = parts.scheme.lower()
            found = cls(scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(scheme))
        except ValueError:
            raise RemoteError(f"invalid URL {url[:_TOLD]!r}") from None
        if found.scheme not in ("http", "https") or not found.host or not url.isprintable():
            raise RemoteError(f"not a URL for http or https: {url[:_TOLD]!r}")
        return found


class Address(NamedTuple):
    """A URL, and the login that stood in it."""

    url: str
    """Without name and password."""
    username: str | None
    password: str | None

    @classmethod
    def of(cls, url: str) -> Address:
        """Raises RemoteError for what is no http(s) URL."""
        Origin.of(url)
        parts = urlsplit(url)
        bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        return cls(
            bare, *(None if word is None else unquote(word) for word in (parts.username, parts.password))
        )

    @property
    def asked(self) -> str:
        """What git is asked for a login for: it may know several at one host."""
        parts = urlsplit(self.url)
        user = f"{quote(self.username, safe='')}@" if self.username else ""
        return urlunsplit(parts._replace(netloc=user + parts.netloc))


class Http:
    """Connections to one server, with its login, and to the places that it sends us to, without."""

    def __init__(self, address: Address, git: UsersGit, *, threads: int, timeout: float) -> None:
        self._own = Origin.of(address.url)
        self._address, self._git = address, git
        self._threads, self._timeout = threads, timeout
        self._managers: dict[Origin, PoolManager] = {}
        self._authorization: str | None = None
        if address.username and address.password is not None:
            self._authorization = basic(address.username, address.password)

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> BaseHTTPResponse:
        """The whole answer to a small request. Raises RemoteError for every answer but a good one."""
        for _ in range(_REDIRECTS):
            with self._logged_in(method, url, headers, body) as response:
                if response.status in (301, 302, 303, 307, 308):
                    url = self._followed(url, response)
                    continue
                check(response)
                data = response.read(LARGEST_ANSWER + 1, decode_content=True)
                if len(data) > LARGEST_ANSWER:
                    raise RemoteError(f"{self._own.host} answers with more than {LARGEST_ANSWER} bytes")
                return HTTPResponse(data, headers=response.headers, status=response.status)
        raise RemoteError(f"{self._own.host} redirects without end")

    @contextmanager
    def fetching(self, url: str, headers: Mapping[str, str]) -> Iterator[BaseHTTPResponse]:
        """The answer to a request for a body that is checked by its hash, still to be read.

        So it may come from any place that the server sends us to by https; no header of ours goes there.
        """
        for _ in range(_REDIRECTS):
            with self._opened("GET", url, self._with_login(url, headers), None) as response:
                if response.status not in (301, 302, 303, 307, 308):
                    yield response
                    return
                target = _joined(url, response.headers.get("Location", ""))
            if Origin.of(target) != Origin.of(url):
                if Origin.of(target).scheme != "https":
                    raise RemoteError(
                        f"{Origin.of(url).host} redirects to {target[:_TOLD]!r}, which is not https"
                    )
                headers = {name: value for name, value in headers.items() if name.lower() == "range"}
            url = target
        raise RemoteError(f"{self._own.host} redirects without end")

    def put(self, url: str, headers: Mapping[str, str], body: Source) -> None:
        """Send a body. Raises RemoteError for every answer but a good one, and what `body.read` raises."""
        with self._opened("PUT", url, self._with_login(url, headers), body) as response:
            check(response)

    def close(self) -> None:
        for manager in self._managers.values():
            manager.clear()

    @contextmanager
    def _logged_in(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Iterator[BaseHTTPResponse]:
        """The answer; the user's git is asked for a login where the server wants one."""
        with self._opened(method, url, self._with_login(url, headers), body) as response:
            refused = (
                response.status == 401 and Origin.of(url) == self._own and "Authorization" not in headers
            )
            if not refused:
                yield response
                return
        login = self._git.fill(self._address.asked)
        if login is None:
            raise Denied(f"{self._address.url} wants a login", hint="git config credential.helper NAME")
        self._authorization = basic(login.username, login.password)
        with self._opened(method, url, self._with_login(url, headers), body) as response:
            if response.status == 401:
                self._authorization = None
                self._git.reject(login)
            elif response.status < 400:
                self._git.approve(login)
            yield response

    def _with_login(self, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        known = {name.lower() for name in headers}
        if self._authorization and "authorization" not in known and Origin.of(url) == self._own:
            return {**headers, "Authorization": self._authorization}
        return dict(headers)

    @contextmanager
    def _opened(
        self, method: str, url: str, headers: Mapping[str, str], body: Any
    ) -> Iterator[BaseHTTPResponse]:
        host = urlsplit(url).netloc.rpartition("@")[2]
        try:
            manager = self._manager(url)
            response = manager.request(
                method,
                url,
                headers={**self._usual(manager, url), **headers},
                body=body,
                preload_content=False,
                redirect=False,
                retries=False,
            )
        except HTTPError as error:
            raise self._cut(host, error) from None
        try:
            yield response
            # What is left is read, if it is little, so that the connection serves again.
            response.drain_conn() if response.length_remaining in range(BLOCK) else response.close()
        except (HTTPError, OSError) as error:
            response.close()
            if isinstance(error, OSError) and not isinstance(error, (ConnectionError, TimeoutError)):
                raise
            raise self._cut(host, error) from None
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()

    def _usual(self, manager: PoolManager, url: str) -> dict[str, str]:
        """What the user's configuration adds to requests; what lets one in is for the server alone."""
        own = Origin.of(url) == self._own
        return {name: value for name, value in manager.headers.items() if own or name.lower() not in _LETS_IN}

    def _cut(self, host: str, error: Exception) -> RemoteError:
        words = " ".join(str(error.args[-1] if error.args else error).split())
        reason = _CLASS.sub("", words)[:_TOLD] or type(error).__name__
        if isinstance(error, SSLError):
            return Denied(f"cannot trust {host}: {reason}", hint="git config http.sslCAInfo FILE")
        return Interrupted(f"the connection to {host} failed: {reason}")

    def _manager(self, url: str) -> PoolManager:
        origin = Origin.of(url)
        if origin not in self._managers:
            self._managers[origin] = _manager(self._git.settings, url, self._threads, self._timeout)
        return self._managers[origin]

    def _followed(self, url: str, response: BaseHTTPResponse) -> str:
        """Where the server itself has moved to. Raises RemoteError where that is another one."""
        target = _joined(url, response.headers.get("Location", ""))
        old, new = Origin.of(url), Origin.of(target)
        if old != new:
            raise RemoteError(f"{old.host} redirects to another server: {target[:_TOLD]!r}")
        return target


def _manager(settings: Mapping[str, Sequence[str]], url: str, threads: int, timeout: float) -> PoolManager:
    """A pool of connections as git would open them: proxies, certificates and headers are the user's."""
    config = ConfigDict()
    for key, values in settings.items():
        section, _, rest = key.partition(".")
        subsection, _, name = rest.rpartition(".")
        place = (section.encode(), subsection.encode()) if subsection else (section.encode(),)
        for value in values:
            config.add(place, name.encode(), value.encode())
    manager: Any = default_urllib3_manager(config, base_url=url, timeout=timeout)
    manager.connection_pool_kw |= {"maxsize": threads, "block": True, "blocksize": BLOCK}
    found: PoolManager = manager
    return found


def _joined(url: str, target: str) -> str:
    """Raises RemoteError for a target that is no URL."""
    try:
        return urljoin(url, target)
    except ValueError:
        raise RemoteError(f"a redirect to no URL: {target[:_TOLD]!r}") from None


def basic(username: str, password: str) -> str:
    """The header of a login."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def check(response: BaseHTTPResponse) -> None:
    """Raises RemoteError where the answer is not a good one: Denied, or Interrupted where it may pass."""
    status = response.status
    if status < 300:
        return
    told = f"HTTP {status}"
    if said := _said(response):
        told += f": {said}"
    if status in (401, 403):
        raise Denied(f"access was denied ({told})", hint="git config credential.helper NAME")
    if status in _PASSING:
        raise Interrupted(f"the server failed ({told})", after=_seconds(response.headers.get("Retry-After")))
    raise RemoteError(f"the server refused ({told})")


def _said(response: BaseHTTPResponse) -> str:
    """The words of a failing server, if it has any: text of others."""
    try:
        data = response.read(BLOCK, decode_content=True)
    except (HTTPError, OSError):
        return ""
    try:
        found = json.loads(data)
        text = str(found["message"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return response.reason or ""
    return " ".join(text.split())[:_TOLD]


def _seconds(text: str | None) -> float:
    """What `Retry-After` asks for; never more than is worth waiting."""
    return min(float(text), _LONGEST_WAIT) if text and text.isdecimal() and len(text) < 9 else 0.0
