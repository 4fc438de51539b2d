"""`python -m benchmarks._lfs_server FOLDER`: dulwich's Git LFS server, with the stores `/ours` and `/theirs`.

It prints its address, and bodies are streamed: dulwich's own way holds each of them in memory.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from dulwich.lfs import LFSStore
from dulwich.lfs_server import LFSRequestHandler, LFSServer


class _Handler(LFSRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.folder = Path(self.server.lfs_store.path)  # type: ignore[attr-defined]

    def do_POST(self) -> None:
        self._enter()
        super().do_POST()

    def do_GET(self) -> None:
        oid = self._enter()
        path = self._path(oid)
        self.send_response(200)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()
        with path.open("rb") as file:
            shutil.copyfileobj(file, self.wfile, 1 << 18)

    def do_PUT(self) -> None:
        oid = self._enter()
        path = self._path(oid)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, digest = path.with_name(f"{oid}.{os.urandom(4).hex()}"), hashlib.sha256()
        left = int(self.headers["Content-Length"])
        with temporary.open("wb") as file:
            while left and (data := self.rfile.read(min(left, 1 << 18))):
                digest.update(data)
                file.write(data)
                left -= len(data)
        good = digest.hexdigest() == oid
        temporary.replace(path) if good else temporary.unlink()
        self.send_response(200 if good else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _enter(self) -> str:
        """Take the first part of the path for the store; gives the last one."""
        _, self.side, rest = self.path.split("/", 2)
        self.path = f"/{rest}"
        # What is announced leads back to the same store.
        self.headers.replace_header("Host", f"{self.headers['Host'].partition('/')[0]}/{self.side}")
        return rest.rpartition("/")[2]

    def _path(self, oid: str) -> Path:
        return self.folder / "objects" / self.side / oid[:2] / oid

    def _object_exists(self, oid: str) -> bool:
        return self._path(oid).exists()


def main(folder: str) -> None:
    """Serves until it is killed."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    server = LFSServer(("127.0.0.1", 0), LFSStore.create(folder))
    server.RequestHandlerClass = _Handler
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
