"""Draws that depend on what is asked, never on when, in which order or how often."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

Choice = TypeVar("Choice")


class Dice:
    """A stream of draws, the same for the same parts on every machine and Python (only `Random.random` is used)."""

    def __init__(self, *parts: int | str | bytes) -> None:
        text = hashlib.blake2b(digest_size=16)
        for part in parts:
            raw = part if isinstance(part, bytes) else str(part).encode()
            text.update(len(raw).to_bytes(8, "big") + raw)
        self.roll = random.Random(int.from_bytes(text.digest(), "big")).random  # 0 <= roll() < 1

    def chance(self, odds: float) -> bool:
        """True with the given odds."""
        return self.roll() < odds

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.roll() * (high - low + 1))

    def pick(self, options: Sequence[Choice]) -> Choice:
        """One of the options, all equally likely."""
        return options[int(self.roll() * len(options))]
