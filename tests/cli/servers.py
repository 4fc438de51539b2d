"""Real git servers on loopback: `git http-backend`, which can be told to fail, and `git daemon`."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import TypeAlias

from tests.gitrepo import Repo

Answer: TypeAlias = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


@dataclass
class Smart:
    """A server of one repository over HTTP; what `spoil` makes of its answers is what is sent."""

    url: str = ""
    spoil: Callable[[str, Answer], Answer | None] = lambda path, answer: answer
    """Gets the path that was asked for and the true answer; None cuts the connection."""
    asked: list[str] = field(default_factory=list)
    over: Event = field(default_factory=Event)
    """Set when the server ends, for answers that wait."""


@contextmanager
def smart_http(remote: Repo) -> Iterator[Smart]:
    """`remote` served by `git http-backend`."""
    remote.git("config", "http.receivepack", "true")
    backend = Path(remote.git("--exec-path")) / "git-http-backend"
    smart = Smart()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            self._serve(self._body())

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            return b"".join(parts)

        def _serve(self, body: bytes) -> None:
            smart.asked.append(self.path)
            answer = smart.spoil(self.path, _asked(backend, remote, self, body))
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers, data = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away is nothing to tell of."""

    with Server(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        smart.url = f"http://127.0.0.1:{server.server_port}/{remote.path.name}"
        try:
            yield smart
        finally:
            smart.over.set()
            server.shutdown()


def _asked(backend: Path, remote: Repo, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
    """What `git http-backend` answers, as a CGI program: https://git-scm.com/docs/git-http-backend."""
    path, _, query = request.path.partition("?")
    environ = {
        **remote.environ,
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROJECT_ROOT": str(remote.path.parent),
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": request.command,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "REMOTE_ADDR": "127.0.0.1",
    }
    done = subprocess.run([backend], env=environ, input=body, capture_output=True, check=False)
    head, _, data = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
    status = int(headers.pop("Status", "200 OK").split()[0])
    return status, {**headers, "Content-Length": str(len(data))}, data


@contextmanager
def git_daemon(remote: Repo) -> Iterator[str]:
    """The address of `remote` behind a `git daemon` that takes pushes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    daemon = subprocess.Popen(
        [
            *("git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack", "--listen=127.0.0.1"),
            *(f"--port={port}", f"--base-path={remote.path.parent}"),
        ],
        env=remote.environ,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"git://127.0.0.1:{port}/{remote.path.name}"
    finally:
        daemon.terminate()
        daemon.wait()
