"""The answer to an original request: a pure function of seed, odds and request."""

from __future__ import annotations

import json
import re

from .chat import Asked, BadRequest
from .dice import Dice
from .fill import Unfillable, fill
from .reading import Reading
from .telling import Doubted, JudgeTeller, Odds

NOTHING_DOUBTED = Doubted()


def answer(asked: Asked, seed: int, odds: Odds, doubted: Doubted = NOTHING_DOUBTED) -> str:
    """The text of the answer: JSON that fits the request's schema, or a sentence where none is wanted.

    Raises `BadRequest` for a schema that nothing fits.
    """
    reading = Reading(asked.prompt)
    teller = JudgeTeller(reading, Dice("answer", seed, asked.digest), odds, doubted)
    if asked.schema is None:
        mood = teller.start()
        return teller.text("reason", mood)
    try:
        return json.dumps(fill(asked.schema, teller), ensure_ascii=False)
    except (Unfillable, TypeError, AttributeError, KeyError, ValueError, re.error) as problem:
        raise BadRequest(f"the schema cannot be filled: {problem}") from problem
