"""What a key may look like, and how any text becomes a part of one."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_KEY_BYTES = 800  # S3 allows 1,024 with the store's own prefix in front
MAX_PART_BYTES = 200  # a file name may have 255, and a file being written has a longer name
PARTIAL = ".partial"  # a journal that is still being written; hidden from listings

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_ESCAPED = 120


def checked(key: str) -> str:
    """`key`, if every kind of store can hold it; `ValueError` otherwise.

    Parts between `/` are not empty, do not begin with a dot (which rules out `..` and hides our own files), have no
    backslash and no control character, and none ends in `.partial`.
    """
    parts = key.split("/")
    if len(key.encode()) > MAX_KEY_BYTES or any(len(part.encode()) > MAX_PART_BYTES for part in parts):
        raise ValueError(f"key too long: {key[:80]!r}…")
    if any(not part or part.startswith(".") or part.endswith(PARTIAL) for part in parts):
        raise ValueError(f"not a key: {key!r}")
    if "\\" in key or any(unicodedata.category(letter)[0] == "C" for letter in key):
        raise ValueError(f"a key cannot have a backslash or an invisible character: {key!r}")
    return key


def checked_prefix(prefix: str) -> str:
    """`prefix`, if some key could begin with it; `ValueError` otherwise."""
    folder = prefix.rpartition("/")[0]
    if folder:
        checked(folder)
    if prefix.startswith("/") or "\\" in prefix:
        raise ValueError(f"not the beginning of a key: {prefix!r}")
    return prefix


def escaped(text: str) -> str:
    """One safe part of a key for any non-empty text; different texts get different parts.

    Letters, digits, `_`, `-` and inner dots stay, all else becomes `%XX` of its UTF-8 bytes (composed first, so that
    the same word typed on two keyboards is one word). A long one is cut and ends in `~` and its digest.
    """
    composed = unicodedata.normalize("NFC", text)
    if not composed:
        raise ValueError("an empty text has no key")
    part = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), composed)
    if part.startswith("."):
        part = "%2E" + part[1:]
    if part.endswith(PARTIAL):
        part = part[: -len(PARTIAL)] + "%2E" + PARTIAL[1:]
    if len(part) <= _LONGEST_ESCAPED:
        return part
    return f"{part[:80]}~{hashlib.sha256(composed.encode()).hexdigest()[:32]}"
