"""From bytes to YAML nodes, within bounds: what is no suite by its form alone is refused here."""

from __future__ import annotations

import re
from typing import Any

import yaml

from ..errors import InputError, Problem
from .yaml_errors import syntax_problem

#: A suite of a hundred metrics has some 20 kB; whatever is fifty times as large is another file.
MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # its base is chosen at run time
    """The safe loader, in C where there is one; it only composes here and never constructs an object."""


def decode(data: bytes, *, file: str) -> str:
    """The text of a suite's bytes, byte order mark removed. Raises `InputError` when it is not UTF-8 text."""
    if len(data) > MAX_BYTES:
        raise refused(file, f"is larger than {MAX_BYTES // 1024} kB; is it a suite?")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refused(file, "is UTF-16 text", line=1, hint="save it as UTF-8")
    if b"\0" in data:
        raise refused(file, "is a binary file", line=data[: data.index(b"\0")].count(b"\n") + 1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise refused(
            file, f"is not UTF-8 text: byte 0x{data[error.start]:02x}", line=line, hint="save it as UTF-8"
        ) from None


def compose(text: str, *, file: str) -> yaml.Node:
    """The root node of the one YAML document in `text`. Raises `InputError`; never recurses deeper than `MAX_DEPTH`."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        raise refused(file, f"is larger than {MAX_BYTES // 1024} kB; is it a suite?")
    if bad := _CONTROL.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        raise refused(file, f"holds the character U+{ord(bad[0]):04X}, which no text file should", line=line)
    try:
        _check_shape(text, file)
        root: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise InputError(f"{file} is not YAML", (syntax_problem(error, text, file),)) from None
    if root is None or (isinstance(root, yaml.ScalarNode) and root.tag.endswith(":null")):
        raise refused(file, "is empty: a suite needs name, dataset, judge and metrics", hint=_BEGIN)
    return root


def refused(file: str, message: str, *, line: int | None = None, hint: str | None = None) -> InputError:
    """The error that the whole file is wrong."""
    return InputError("this is not a suite", (Problem(message, file, line, hint=hint),))


_BEGIN = "`evalfactory init` writes one that works"


def _check_shape(text: str, file: str) -> None:
    """Walk the events, which costs no recursion: one document, not too deep."""
    depth = documents = 0
    event: Any
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1
        match event:
            case yaml.CollectionStartEvent():
                depth += 1
                if depth > MAX_DEPTH:
                    raise refused(file, f"is nested deeper than {MAX_DEPTH} levels", line=line)
            case yaml.CollectionEndEvent():
                depth -= 1
            case yaml.DocumentStartEvent():
                documents += 1
                if documents > 1:
                    raise refused(file, "holds several documents", line=line, hint="one suite a file: remove the `---`")
