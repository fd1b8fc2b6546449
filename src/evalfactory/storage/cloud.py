"""A store in a bucket of S3, GCS or Azure, through obstore."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import ObjectStore, from_url

from ..errors import UsageError
from ..settings import environment
from .cloud_errors import FOREIGN, knows_no_conditions, may_pass, past_the_end, reason_of, translated, was_cut_off
from .keys import checked, checked_prefix
from .port import Entry

if TYPE_CHECKING:  # the library has them for type checkers only
    from obstore.store import ClientConfig, RetryConfig

_CONNECT_S = 10
_REQUEST_S = 120  # a request with its body; cases files of large suites are tens of megabytes
_CREATE_TRIES = 6
_AT_ONCE = 8  # tries of obstore's own, most of them within the first second
_AT_ONCE_S = 20.0  # as no signal is taken while obstore is at it
_AGAIN_S = 1.0  # between our tries
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")

Result = TypeVar("Result")


def open_cloud_store(url: str, *, patience_s: float = 60.0, patient: bool = False) -> CloudStore:
    """The store at `s3://bucket/prefix`, `gs://…` or `az://…`; asks nothing yet.

    Credentials, region and endpoint come from the variables of each cloud's own tools. A request that fails for the
    server's or the network's sake is tried again until `patience_s` is over; at first contact, unless we are `patient`,
    only for some seconds, as the address may be wrong.
    """
    plain_http = any(environment().get(name, "").startswith("http://") for name in _ENDPOINTS)
    client: ClientConfig = {
        "allow_http": plain_http,
        "connect_timeout": timedelta(seconds=min(_CONNECT_S, patience_s)),
        "timeout": timedelta(seconds=_REQUEST_S),
    }
    retry: RetryConfig = {"max_retries": _AT_ONCE, "retry_timeout": timedelta(seconds=min(_AT_ONCE_S, patience_s))}
    try:
        bucket = from_url(url.rstrip("/"), client_options=client, retry_config=retry)
        return CloudStore(url.rstrip("/"), bucket, patience_s=patience_s, patient=patient)
    except FOREIGN as error:
        raise UsageError(
            f"not a store: {url}: {reason_of(error)}",
            hint="s3://bucket/prefix or gs://bucket/prefix; az://container/prefix with AZURE_STORAGE_ACCOUNT_NAME set",
        ) from error


class CloudStore:
    """Objects below a bucket's prefix; each write is one request, each object whole or not there."""

    def __init__(self, url: str, bucket: ObjectStore, *, patience_s: float, patient: bool = False) -> None:
        self.url = url
        self._bucket = bucket
        self._patience_s = patience_s
        self._is_there = patient  # or has answered
        self._has_conditions = True  # until it says otherwise

    def _asked(self, ask: Callable[[], Result]) -> Result:
        """What it answers, in the end."""
        end_s = time.monotonic() + self._patience_s
        while True:
            try:
                answer = ask()
                self._is_there = True
                return answer
            except FOREIGN as error:
                self._is_there = self._is_there or isinstance(error, FileNotFoundError)
                if not self._is_there or not may_pass(error) or time.monotonic() + _AGAIN_S > end_s:
                    raise
            threading.Event().wait(_AGAIN_S)

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        checked(key)
        if length == 0:
            return b""
        with translated(self.url, key, reading=True):
            try:
                return self._asked(lambda: self._read(key, offset, length))
            except FOREIGN as error:
                if past_the_end(error):
                    return b""
                raise

    def _read(self, key: str, offset: int, length: int | None) -> bytes:
        if length is not None:
            return obstore.get_range(self._bucket, key, start=offset, length=length).to_bytes()
        if offset:
            return obstore.get(self._bucket, key, options={"range": {"offset": offset}}).bytes().to_bytes()
        return obstore.get(self._bucket, key).bytes().to_bytes()

    def create(self, key: str, body: bytes) -> bool:
        checked(key)
        with translated(self.url, key):
            try:
                if self._has_conditions:
                    return self._asked(lambda: self._create(key, body))
            except FOREIGN as error:
                if not knows_no_conditions(error):
                    raise
                self._has_conditions = False  # it says so at length each time
            self.put(key, body)  # as a service does that ignores conditions: plans find out, and record it
            return True

    def _create(self, key: str, body: bytes) -> bool:
        end_s = time.monotonic() + self._patience_s
        attempt = 0
        while True:
            attempt += 1
            try:
                obstore.put(self._bucket, key, body, mode="create")
                return True
            except FOREIGN as error:
                held = self._held(key) if isinstance(error, AlreadyExistsError) else None
                if held is not None:
                    return held == body
                # S3 also says "conflict" while another writer is still at it: its object may yet come, or never. And a
                # connection that broke leaves it open who has written; obstore repeats only what it takes for harmless.
                again = isinstance(error, AlreadyExistsError) or was_cut_off(error)
                if not again or attempt > _CREATE_TRIES or time.monotonic() > end_s:
                    raise
            threading.Event().wait(0.05 * 2 ** (attempt - 1))

    def _held(self, key: str) -> bytes | None:
        try:
            return self.read(key)
        except FileNotFoundError:
            return None

    def put(self, key: str, body: bytes) -> None:
        checked(key)
        with translated(self.url, key):
            self._asked(lambda: self._put(key, body))

    def _put(self, key: str, body: bytes) -> None:
        for attempt in range(_CREATE_TRIES):
            try:
                obstore.put(self._bucket, key, body, use_multipart=False)
                return
            except AlreadyExistsError:  # 409 to a write without conditions: another request is at work beside it
                threading.Event().wait(0.05 * 2**attempt)
        obstore.put(self._bucket, key, body, use_multipart=False)

    def put_file(self, key: str, file: BinaryIO) -> None:
        checked(key)
        begin = file.tell()

        def put() -> None:
            file.seek(begin)
            obstore.put(self._bucket, key, file)  # in several parts when it is large; nobody sees it before the last

        with translated(self.url, key):
            self._asked(put)

    def folders(self, prefix: str) -> list[str]:
        folder = checked_prefix(prefix).rpartition("/")[0]
        with translated(self.url, prefix):
            below = self._asked(lambda: obstore.list_with_delimiter(self._bucket, folder or None))["common_prefixes"]
        return sorted(path.rstrip("/").rpartition("/")[2] for path in below)

    def delete(self, key: str) -> None:
        checked(key)
        try:
            with translated(self.url, key, reading=True):
                self._asked(lambda: obstore.delete(self._bucket, key))
        except FileNotFoundError:
            return

    # Last: below a method of this name, `list[…]` would mean the method.
    def list(self, prefix: str) -> list[Entry]:
        folder = checked_prefix(prefix).rpartition("/")[0]

        def found() -> Iterator[Entry]:
            for batch in obstore.list(self._bucket, folder or None):
                for facts in batch:
                    if facts["path"].startswith(prefix):
                        yield Entry(facts["path"], facts["size"], facts["last_modified"].timestamp())

        with translated(self.url, prefix):
            return self._asked(lambda: sorted(found()))
