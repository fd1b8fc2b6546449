"""What every record shares, and the canonical form that digests are made of."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record; unknown keys are refused so that a misspelt one is never silently dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    def to_json(self) -> str:
        """One line of JSON, fields in declared order, defaults left out."""
        return self.model_dump_json(exclude_defaults=True)


def is_moment(text: str) -> bool:
    """Whether a record's time can be read: ISO 8601, or none at all."""
    try:
        return not text or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def canonical_json(value: Any) -> str:
    """The one text of a JSON value: keys sorted, no spaces, Unicode as it is, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: Any) -> str:
    """SHA-256 (hexadecimal) of a JSON value's canonical text."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
