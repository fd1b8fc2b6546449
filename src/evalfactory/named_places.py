"""Places whose names are text."""

from __future__ import annotations

from pathlib import Path

from .errors import UsageError


def named_in_unicode(place: Path) -> Path:
    """`place`, if its whole name is text.

    Raises:
        UsageError: Some folder's name is bytes of another encoding: no report or message to a worker could name it.
    """
    try:
        str(place.absolute()).encode()
    except UnicodeEncodeError:
        shown = bytes(place.absolute()).decode(errors="replace")
        raise UsageError(
            f"the name of {shown} is not UTF-8",
            hint="rename the folder, or set LC_ALL=C.UTF-8 if it looks right to you",
        ) from None
    return place
