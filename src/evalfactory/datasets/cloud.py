"""A dataset in a bucket, as a file that is read a few megabytes at a time."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..errors import InputError, UnavailableError
from ..settings import environment
from .problems import shown

if TYPE_CHECKING:
    from obstore import ReadableFile
    from obstore.store import ClientConfig, RetryConfig

SCHEMES = ("s3", "gs", "az")
#: Where a user's own endpoint is named; plain HTTP is spoken only to one that says so.
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
_BUFFER_BYTES = 8 * 2**20
_RETRIES: RetryConfig = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}


def open_cloud(url: str) -> io.BufferedReader:
    """The object at `url`; credentials and endpoint come from the provider's usual environment variables.

    Raises `InputError` when there is no such object, `UnavailableError` when the store does not answer or refuses.
    """
    import obstore
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    scheme, _, place = url.partition("://")
    bucket, _, key = place.partition("/")
    if not bucket or not key or key.endswith("/"):
        raise InputError(f"{shown(url, 300)} names no object", hint=f"write {scheme}://bucket/folder/cases.jsonl")
    try:
        store = from_url(f"{scheme}://{bucket}", client_options=_client(), retry_config=_RETRIES)
        found = obstore.open_reader(store, key, buffer_size=_BUFFER_BYTES)
    except (BaseError, OSError, ValueError) as error:
        raise _translated(url, error) from None
    return io.BufferedReader(_Object(url, found), 2**16)


def _client() -> ClientConfig:
    plain_http = any(environment().get(name, "").startswith("http://") for name in _ENDPOINTS)
    return {
        "allow_http": plain_http,
        "connect_timeout": timedelta(seconds=10),
        "timeout": timedelta(seconds=120),
    }


def _translated(url: str, error: Exception) -> InputError | UnavailableError:
    from obstore.exceptions import NotFoundError

    if isinstance(error, NotFoundError | FileNotFoundError):
        return InputError(f"{shown(url, 300)} does not exist", hint="check bucket and key")
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return UnavailableError(
        f"{shown(url, 300)} cannot be read: {shown(first, 300)[1:-1]}",
        hint="check the network, the credentials in the environment, and the bucket's region",
    )


class _Object(io.RawIOBase):
    """An object of a store, readable and seekable, with our errors."""

    def __init__(self, url: str, found: ReadableFile) -> None:
        self._url = url
        self._found = found

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._found.seek(offset, whence)

    def tell(self) -> int:
        return self._found.tell()

    def readinto(self, buffer: Any) -> int:
        from obstore.exceptions import BaseError

        try:
            got = memoryview(self._found.read(len(buffer)))
        except (BaseError, OSError) as error:
            raise _translated(self._url, error) from None
        buffer[: len(got)] = got
        return len(got)
