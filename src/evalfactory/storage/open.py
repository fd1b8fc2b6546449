"""From the text after `store:` to a store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import UsageError
from .local import LocalStore
from .port import Store

CLOUDS = {"s3": "s3", "s3a": "s3", "gs": "gs", "az": "az"}


def open_store(url: str, *, folder: Path | None = None, create: bool = True) -> Store:
    """The store at `url`: a folder (relative to `folder`, or to where we are), `file://`, `s3://`, `gs://`, `az://`.

    A local folder is made when it is missing, unless `create` is false. Cloud credentials come from the environment.
    Raises `UsageError` for a URL that means nothing, `UnavailableError` for a folder that cannot be used.
    """
    scheme, separator, _ = url.partition("://")
    if not url.strip():
        raise UsageError("the store has no name", hint="a folder such as .evalfactory, or s3://bucket/prefix")
    if not separator:
        return LocalStore((folder or Path.cwd()) / Path(url).expanduser(), create=create)
    if scheme == "file":
        return LocalStore(_path_of(url), create=create)
    if scheme in CLOUDS:
        from .cloud import open_cloud_store  # a native library that local runs never need

        return open_cloud_store(url)
    raise UsageError(f"unknown kind of store: {url}", hint="a folder, file://, s3://, gs:// or az://")


def _path_of(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise UsageError(f"not the URL of a local folder: {url}", hint="three slashes: file:///home/me/results")
    return Path(unquote(parts.path))
