"""From the text after `store:` to a store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import UsageError
from ..interrupts import hold_interrupts, release_interrupts
from ..named_places import named_in_unicode
from .local import LocalStore
from .port import Store

CLOUDS = {"s3": "s3", "s3a": "s3", "gs": "gs", "az": "az"}


def open_store(url: str, *, folder: Path | None = None, create: bool = True, patient: bool = False) -> Store:
    """The store at `url`: a folder (relative to `folder`, or to where we are), `file://`, `s3://`, `gs://`, `az://`.

    A local folder is made when it is missing, unless `create` is false. Cloud credentials come from the environment. A bucket
    that does not answer at first is waited for if we are `patient`, as those are who were told that it is there.
    Raises `UsageError` for a URL that means nothing, `UnavailableError` for a folder that cannot be used.
    """
    scheme, separator, _ = url.partition("://")
    if not url.strip():
        raise UsageError("the store has no name", hint="a folder such as .evalfactory, or s3://bucket/prefix")
    if "\0" in url:
        raise UsageError("the store's name holds a NUL character", hint="a folder such as .evalfactory")
    if not separator:
        return LocalStore(named_in_unicode((folder or Path.cwd()) / _at_home(url)), create=create)
    if scheme == "file":
        return LocalStore(named_in_unicode(_path_of(url)), create=create)
    if scheme in CLOUDS:
        hold_interrupts()
        try:
            from .cloud import open_cloud_store  # a native library that local runs never need
        finally:
            release_interrupts()
        return open_cloud_store(url, patient=patient)
    raise UsageError(f"unknown kind of store: {url}", hint="a folder, file://, s3://, gs:// or az://")


def _at_home(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UsageError(
            f"nobody's home is known as {path.partition('/')[0]}", hint="write ./~name for a folder"
        ) from None


def _path_of(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise UsageError(f"not the URL of a local folder: {url}", hint="three slashes: file:///home/me/results")
    return Path(unquote(parts.path))
