"""Servers for artifacts on the loopback: dulwich's for Git LFS, which fails on demand, and moto's for S3."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from dulwich.lfs import LFSStore
from dulwich.lfs_server import LFSRequestHandler, LFSServer

LOGIN = ("ada", "s3cret")


class Lfs(LFSServer):
    """dulwich's server, which misbehaves as `faults` say: each is for one request, the first that fits."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), LFSStore.create(str(folder)))
        self.RequestHandlerClass = _Handler
        self.folder = folder
        self.faults: list[tuple[str, str]] = []
        """Method (or `*`) and what goes wrong."""
        self.answers: list[bytes] = []
        """What it says to a POST, instead of what it should."""
        self.private = False
        """Whether it wants the LOGIN."""
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        """Method, path and headers of each request."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Clients that go away are no news."""

    def path(self, oid: str) -> Path:
        """Where the bytes are kept."""
        return self.folder / "objects" / oid[:2] / oid[2:4] / oid

    def take_fault(self, method: str) -> str | None:
        for number, (wanted, fault) in enumerate(self.faults):
            if wanted in (method, "*"):
                del self.faults[number]
                return fault
        return None


class _Handler(LFSRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Lfs

    def do_GET(self) -> None:
        self._serve("GET", super().do_GET)

    def do_PUT(self) -> None:
        self._serve("PUT", super().do_PUT)

    def do_POST(self) -> None:
        self._serve("POST", super().do_POST)

    def _serve(self, method: str, serve: Any) -> None:
        self.server.asked.append((method, self.path, dict(self.headers)))
        if self.server.private and method == "POST" and not self._is_let_in():
            self._refuse(401, **{"WWW-Authenticate": 'Basic realm="lfs"'})
            return
        if method == "POST" and self.server.answers:
            self._answer(self.server.answers.pop(0))
            return
        fault = self.server.take_fault(method)
        if fault is None:
            self._range() if method == "GET" and "Range" in self.headers else serve()
        elif fault.isdecimal():
            self._refuse(int(fault), **({"Retry-After": "1"} if fault == "429" else {}))
        else:
            getattr(self, f"_{fault}")(serve)

    def _is_let_in(self) -> bool:
        login = base64.b64encode(":".join(LOGIN).encode()).decode()
        return self.headers.get("Authorization") == f"Basic {login}"

    def _refuse(self, code: int, **headers: str) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def _bytes(self) -> bytes:
        return self.server.path(self.path.rpartition("/")[2]).read_bytes()

    def _range(self) -> None:
        data = self._bytes()
        start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:])

    def _cut(self, _: Any) -> None:
        """Half of the bytes, as if they were to go on."""
        data = self._bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.close_connection = True

    def _short(self, _: Any) -> None:
        """Half of the bytes, as if they were all."""
        self._answer(self._bytes()[: len(self._bytes()) // 2])

    def _wrong(self, _: Any) -> None:
        self._answer(b"x" + self._bytes()[1:])

    def _long(self, _: Any) -> None:
        self._answer(self._bytes() + b"more")

    def _drop(self, _: Any) -> None:
        self.close_connection = True

    def _stall(self, serve: Any) -> None:
        time.sleep(3)
        serve()

    def _away(self, _: Any) -> None:
        self._refuse(307, Location="http://elsewhere.invalid/objects/batch")

    def _html(self, _: Any) -> None:
        self._answer(b"<html>welcome</html>")

    def _answer(self, data: bytes) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def lfs_server(folder: Path) -> Iterator[Lfs]:
    """A running Git LFS server."""
    with Lfs(folder) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a running S3 server with an empty bucket called `bucket`."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket="bucket")
    yield url
    server.stop()


S3_ENVIRON = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}
"""What lets one in at `s3_server`, beside AWS_ENDPOINT_URL."""
