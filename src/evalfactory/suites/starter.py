"""A first suite that runs as it is."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from ..errors import UsageError
from .schema import schema_text
from .words import visible

SCHEMA_NAME = "suite.schema.json"


def starter_files() -> dict[str, str]:
    """Name -> content of every file of the starter suite."""
    folder = files(__package__).joinpath("starter")
    written = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in ("suite.yaml", "cases.jsonl")}
    return written | {SCHEMA_NAME: schema_text()}


def write_starter(folder: Path, *, force: bool = False) -> list[Path]:
    """The files written into `folder`, which is made when it is not there.

    Raises `UsageError`, before anything is written, when one of them exists and `force` is not given.
    """
    contents = {folder / name: text for name, text in starter_files().items()}
    there = [path.name for path in contents if path.exists() or path.is_symlink()]
    if there and not force:
        hint = "choose another folder, or write over them with --force"
        where = "this folder" if folder == Path() else visible(str(folder))
        raise UsageError(f"{where} already has {', '.join(there)}", hint=hint)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in contents.items():
            with path.open("w" if force else "x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
    except OSError as error:
        raise UsageError(f"{visible(str(folder))} cannot be written: {error.strerror}") from None
    return list(contents)
