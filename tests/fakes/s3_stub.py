"""A tiny S3 on loopback that breaks where it is told to: real HTTP, and just enough of it for a store."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, cast
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape, unescape

Fault = Literal[
    "drop after writing",
    "500 after writing",
    "409 while another writes",
    "503 always",
    "503 ten times",
    "403",
    "garbage",
    "501 to conditions",
    "206 past the end",
]


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
        if fault == "501 to conditions" and self.headers.get("If-None-Match"):
            self._answer(501, _error("NotImplemented"))
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
        stub, (path, _, query) = cast(S3Stub, self.server), self.path.partition("?")
        fault, _ = self._fault(stub, path)
        if self._refuse(fault):
            return
        if "list-type=2" in query:
            self._answer(200, _listing(stub, path, parse_qs(query)))
            return
        body = stub.objects.get(path)
        if body is None:
            self._answer(404, _error("NoSuchKey", rest=f"<Key>{path}</Key>"))
        else:
            self._answer_with(body, refuses=fault != "206 past the end")

    def do_POST(self) -> None:
        """DeleteObjects."""
        stub, bucket = cast(S3Stub, self.server), self.path.split("?")[0].rstrip("/")
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        keys = [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", body)]
        paths = {f"{bucket}/{key}" for key in keys}
        with stub.lock:
            for path in [path for path in stub.objects if unquote(path) in paths]:
                del stub.objects[path]
        gone = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        self._answer(200, f"<?xml version='1.0'?><DeleteResult>{gone}</DeleteResult>".encode())

    def do_DELETE(self) -> None:
        stub, path = cast(S3Stub, self.server), self.path.split("?")[0]
        fault, _ = self._fault(stub, path)
        if not self._refuse(fault):
            with stub.lock:
                stub.objects.pop(path, None)
            self._answer(204, b"")

    def _answer_with(self, body: bytes, *, refuses: bool) -> None:
        facts = {"ETag": '"x"', "Last-Modified": "Sun, 22 Nov 2026 08:00:00 GMT"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            self._answer(200, body, **facts)
            return
        first, last = int(asked[1]), min(int(asked[2] or len(body) - 1), len(body) - 1)
        if first >= len(body) and refuses:
            self._answer(416, _error("InvalidRange"))
            return
        piece = {"Content-Range": f"bytes {first}-{last}/{len(body)}"}
        self._answer(206, body[first : last + 1], **facts, **piece)

    def _fault(self, stub: S3Stub, path: str) -> tuple[Fault | None, bool]:
        with stub.lock:
            stub.requests[f"{self.command} {path}"] += 1
            asked = stub.requests[f"{self.command} {path}"]
        fault = stub.faults.get(path.rpartition("/")[2])
        if fault == "503 ten times":
            fault = "503 always" if asked <= 10 else None
        return fault, asked == 1

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


def _listing(stub: S3Stub, bucket: str, query: Mapping[str, list[str]]) -> bytes:
    """ListObjectsV2, all on one page."""
    (prefix,), (delimiter,) = query.get("prefix", [""]), query.get("delimiter", [""])
    with stub.lock:
        objects = {
            unquote(path).removeprefix(f"{bucket.rstrip('/')}/"): len(body) for path, body in stub.objects.items()
        }
    found: list[str] = []
    folders: set[str] = set()
    for key, size in sorted(objects.items()):
        head, cut, _ = key.removeprefix(prefix).partition(delimiter) if delimiter else (key, "", "")
        if not key.startswith(prefix):
            continue
        if cut:
            folders.add(f"{prefix}{head}{cut}")
        else:
            facts = f"<LastModified>2026-11-22T08:00:00.000Z</LastModified><ETag>x</ETag><Size>{size}</Size>"
            found.append(f"<Contents><Key>{escape(key)}</Key>{facts}<StorageClass>STANDARD</StorageClass></Contents>")
    common = "".join(f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in sorted(folders))
    head = f"<KeyCount>{len(found)}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
    return f"<?xml version='1.0'?><ListBucketResult>{head}{''.join(found)}{common}</ListBucketResult>".encode()


def _error(code: str, message: str = "It went wrong.", rest: str = "") -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{rest}</Error>".encode()
