"""A tiny S3 on loopback that breaks where it is told to: real HTTP, just enough for single objects."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, cast

Fault = Literal["drop after writing", "500 after writing", "409 while another writes", "503 always", "403", "garbage"]


class S3Stub(ThreadingHTTPServer):
    """Objects by path; `faults` by the last part of a key, met by its first request or, if they say so, by every one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.faults: dict[str, Fault] = {}
        self.requests: Counter[str] = Counter()
        self.lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of our business."""


@contextmanager
def s3_stub() -> Iterator[S3Stub]:
    """A running stub."""
    stub = S3Stub()
    thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub
    finally:
        stub.shutdown()
        thread.join()
        stub.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        stub, path = cast(S3Stub, self.server), self.path.split("?")[0]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault, first = self._fault(stub, path)
        if self._refuse(fault):
            return
        if fault == "409 while another writes" and first:
            self._answer(409, _error("ConditionalRequestConflict"))
            return
        with stub.lock:
            taken = path in stub.objects and self.headers.get("If-None-Match") == "*"
            if not taken:
                stub.objects[path] = body
        if taken:
            self._answer(412, _error("PreconditionFailed"))
        elif fault == "drop after writing" and first:
            self.close_connection = True
        elif fault == "500 after writing" and first:
            self._answer(500, _error("InternalError"))
        else:
            self._answer(200, b"", ETag=f'"{hashlib.md5(body).hexdigest()}"')

    def do_GET(self) -> None:
        stub, path = cast(S3Stub, self.server), self.path.split("?")[0]
        fault, _ = self._fault(stub, path)
        if self._refuse(fault):
            return
        body = stub.objects.get(path)
        if body is None:
            self._answer(404, _error("NoSuchKey", rest=f"<Key>{path}</Key>"))
        else:
            self._answer(200, body, ETag='"x"', **{"Last-Modified": "Sun, 22 Nov 2026 08:00:00 GMT"})

    def _fault(self, stub: S3Stub, path: str) -> tuple[Fault | None, bool]:
        with stub.lock:
            stub.requests[f"{self.command} {path}"] += 1
            return stub.faults.get(path.rpartition("/")[2]), stub.requests[f"{self.command} {path}"] == 1

    def _refuse(self, fault: Fault | None) -> bool:
        if fault == "503 always":
            self._answer(503, _error("SlowDown", "Please reduce your request rate."))
        elif fault == "403":
            self._answer(403, _error("AccessDenied", "Not \x1b[31mallowed."))
        elif fault == "garbage":
            self._answer(400, b"\x1b[2J\x07" + b"nonsense " * 1000)
        return fault in ("503 always", "403", "garbage")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


def _error(code: str, message: str = "It went wrong.", rest: str = "") -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{rest}</Error>".encode()
