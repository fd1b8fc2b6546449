"""What a key may look like, and how any text becomes a part of one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable

MAX_KEY_BYTES = 800  # S3 allows 1,024 with the store's own prefix in front
MAX_PART_BYTES = 200  # a file name may have 255, and a file being written has a longer name
PARTIAL = ".partial"  # a journal that is still being written; hidden from listings

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_ESCAPED = 120  # bytes
_KEPT_OF_LONGER = 80  # bytes
_WORDS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})  # Unicode's categories of what words are written with
_MARKS = frozenset({"Mn", "Mc"})  # and of what stands on a letter
_MIDDLE_DOTS = "·・"
#: Letters and marks that nobody sees: fillers, joiners, variation selectors.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


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

    Letters and digits of any script, `_`, `-` and inner dots stay, all else (spaces, separators, what nobody sees or
    what reorders) becomes `%XX` of its UTF-8 bytes (composed first, so that the same word typed on two keyboards is one
    word). A long one is cut and ends in `~` and its digest.
    """
    return _escaped(text, _readably)


def escaped_to_ascii(text: str) -> str:
    """The same with nothing but ASCII in it: for the names of files that are named in other files."""
    return _escaped(text, _plainly)


def _escaped(text: str, escape: Callable[[str], str]) -> str:
    composed = unicodedata.normalize("NFC", text)
    if not composed:
        raise ValueError("an empty text has no key")
    part = escape(composed)
    if part.startswith("."):
        part = "%2E" + part[1:]
    if part.endswith(PARTIAL):
        part = part[: -len(PARTIAL)] + "%2E" + PARTIAL[1:]
    if len(part.encode()) <= _LONGEST_ESCAPED:
        return part
    beginning = part.encode()[:_KEPT_OF_LONGER].decode(errors="ignore")
    return f"{beginning}~{hashlib.sha256(composed.encode()).hexdigest()[:32]}"


def _plainly(composed: str) -> str:
    return _UNSAFE.sub(lambda found: _in_bytes(found[0]), composed)


def _readably(composed: str) -> str:
    if composed.isascii():
        return _plainly(composed)
    return "".join(
        letter if _is_word(letter, first=place == 0) else _in_bytes(letter) for place, letter in enumerate(composed)
    )


def _is_word(letter: str, *, first: bool) -> bool:
    if letter.isascii():
        return _UNSAFE.match(letter) is None
    category = unicodedata.category(letter)
    seen = category in _WORDS or letter in _MIDDLE_DOTS or (category in _MARKS and not first)
    return seen and not _UNSEEN.match(letter)


def _in_bytes(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())
