"""The results digest of all entries at once."""

from __future__ import annotations

from collections.abc import Iterable

from evalfactory.analysis.digest import ResultsDigest
from evalfactory.analysis.merge import Entry


def results_digest(entries: Iterable[Entry]) -> str:
    """The digest of entries that are in slot order."""
    digest = ResultsDigest()
    for entry in entries:
        digest.add(entry)
    return digest.hexdigest()
