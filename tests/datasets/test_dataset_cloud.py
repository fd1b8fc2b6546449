"""A dataset in a bucket, read over real HTTP."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import zstandard

from evalfactory.datasets import read_cases
from evalfactory.errors import InputError, UnavailableError
from evalfactory.records.suite import DatasetSpec

OBJECTS = {
    "/bucket/folder/cases.jsonl": b'{"input": "a"}\n{"input": "b"}\n',
    "/bucket/cases.jsonl.zst": zstandard.compress(b'{"input": "c"}\n'),
    "/bucket/large.csv": b"input\n" + b"".join(b"question %d %s\n" % (n, b"x" * 1000) for n in range(10_000)),
}


class Bucket(BaseHTTPRequestHandler):
    """The two requests of S3 that reading needs."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        body = OBJECTS.get(self.path)
        if body is None:
            self.send_response(403 if "secret" in self.path else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        asked = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        first, last = (int(asked[1]), int(asked[2])) if asked else (0, len(body) - 1)
        part = body[first : last + 1]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(body)}")
        self.send_header("ETag", '"one"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        if with_body:
            self.wfile.write(part)


@pytest.fixture
def _bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    yield
    server.shutdown()
    server.server_close()
    thread.join()


def inputs(url: str) -> list[str | None]:
    return [each.case.input for each in read_cases(DatasetSpec(path=url), Path())]


@pytest.mark.usefixtures("_bucket")
def test_a_dataset_is_read_from_a_bucket() -> None:
    assert inputs("s3://bucket/folder/cases.jsonl") == ["a", "b"]
    assert inputs("s3://bucket/cases.jsonl.zst") == ["c"]


@pytest.mark.usefixtures("_bucket")
def test_a_large_object_is_read_in_pieces_without_losing_a_row() -> None:
    assert [text.split()[1] for text in inputs("s3://bucket/large.csv") if text] == [str(n) for n in range(10_000)]


@pytest.mark.usefixtures("_bucket")
def test_an_object_that_is_not_there_is_the_users_mistake() -> None:
    with pytest.raises(InputError, match=r"`s3://bucket/nothing.jsonl` does not exist"):
        inputs("s3://bucket/nothing.jsonl")
    with pytest.raises(InputError, match="names no object"):
        list(read_cases(DatasetSpec(path="s3://bucket", format="jsonl"), Path()))


@pytest.mark.usefixtures("_bucket")
def test_a_bucket_that_refuses_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match=r"s3://bucket/secret.jsonl[^$]*credentials"):
        inputs("s3://bucket/secret.jsonl")
