"""What strangers say, made safe to store and to show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MESSAGE_LIMIT = 300
HIDDEN = "[key]"  # in the place of a secret

#: Controls, and the marks that turn or hide the text around them in a terminal or a browser.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_UNSTORABLE = re.compile("[\ud800-\udfff\x00]")


def storable(text: str) -> str:
    """`text` without what UTF-8 or a database cannot hold: lone surrogates and NULs become U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def storable_json(value: Any) -> Any:
    """The JSON value with every text and key storable."""
    match value:
        case str():
            return storable(value)
        case list():
            return [storable_json(item) for item in value]
        case dict():
            return {storable(key): storable_json(item) for key, item in value.items()}
        case _:
            return value


def redacted(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, in case someone echoes them."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def clipped(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """At most `limit` characters of `text` on one visible line."""
    line = " ".join(_UNSEEN.sub(" ", storable(text[: limit * 8])).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
