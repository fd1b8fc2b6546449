"""The results digest: one number for what a run found out, the same however and wherever it was found out."""

from __future__ import annotations

import hashlib
import json

from ..records.measurement import Measurement, Slot
from .merge import Entry

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class ResultsDigest:
    r"""SHA-256 over the planned slots, built up slot by slot.

    Anyone can compute it again from `measurements.jsonl` and the list of missing slots:

    1. Sort the slots by case id, then metric name (both by Unicode code point), then repeat (as a number).
    2. For each slot write one line: the JSON array `[case_id, metric, repeat, state, score, word]`, UTF-8, no spaces,
       non-ASCII characters as they are, and in texts only `"`, `\\` and the characters below U+0020 escaped (`\n`,
       `\r`, `\t`, `\f`, `\b`, else `\u00XX` in lower case); then a line feed (0x0A).
       - `state` is `scored`, `errored`, `skipped` or `missing`.
       - `score` is a number when scored (the shortest decimal text that reads back as the same 64-bit float, always
         with a point or an exponent, as Python prints it: `1.0`, `0.1`, `1e-05`; zero is `0.0`), else `null`.
       - `word` is the reason when scored or skipped (`null` without one), the error class when errored, `null` when
         missing.
    3. The digest is the SHA-256 of all lines, as 64 lower-case hexadecimal digits. No slots: that of no bytes.

    Times, attempts, tokens, costs, thresholds, fingerprints and where a measurement was reused from are left out.
    """

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self._last: tuple[str, str, int] = ("", "", -1)

    def add(self, entry: Entry) -> None:
        """Take the next slot. Raises `ValueError` for one that is not after the last one, or has no finite score."""
        if isinstance(entry, Slot):
            self._line(entry, "missing", None, None)
        else:
            self._line(entry.slot, entry.state, _score(entry), _word(entry))

    def hexdigest(self) -> str:
        """The digest of what was added so far."""
        return self._sha.hexdigest()

    def _line(self, slot: Slot, state: str, score: float | None, word: str | None) -> None:
        if slot <= self._last:
            raise ValueError(f"slots must come in order and once: {slot} after {self._last}")
        self._last = slot
        self._sha.update(_ENCODER.encode([*slot, state, score, word]).encode() + b"\n")


def _score(measurement: Measurement) -> float | None:
    # Adding zero turns -0.0 into 0.0: they are equal, so they must not differ here.
    return None if measurement.score is None else float(measurement.score) + 0.0


def _word(measurement: Measurement) -> str | None:
    if measurement.state == "errored":
        return measurement.failure.error_class if measurement.failure else None
    return measurement.reason
