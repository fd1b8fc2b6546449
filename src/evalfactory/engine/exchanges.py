"""What a judge was asked and answered, kept for the measurements that somebody will ask about."""

from __future__ import annotations

import base64
import json
from typing import Literal, assert_never

from ..judge.meter import Trace
from ..records.measurement import Exchanges, Measurement

Call = dict[str, object]

MOST_CHARACTERS = 400_000  # kept of one measurement; a usual one has some ten thousand
LONGEST_TEXT = 64_000  # characters of one prompt or answer; of a longer one beginning and end


def is_kept(measurement: Measurement, keep: Literal["failed", "all", "none"]) -> bool:
    """Whether the suite wants to keep what led to the measurement."""
    match keep:
        case "failed":
            return measurement.state == "errored" or measurement.success is False
        case "all":
            return True
        case "none":
            return False
        case _:
            assert_never(keep)


def packed(measurement: Measurement, trace: Trace) -> Exchanges:
    """The requests of a measurement as they are stored, the first ones if they are too much."""
    import zstandard  # a measurement that passes needs none

    told: list[str] = []
    room = MOST_CHARACTERS
    for tell in trace:
        text = json.dumps(_shortened(_once(tell())), ensure_ascii=False)
        room -= len(text)
        if room < 0:
            break
        told.append(text)
    body = zstandard.ZstdCompressor(level=3).compress(f"[{','.join(told)}]".encode("utf-8", "replace"))
    return Exchanges(
        case_id=measurement.case_id,
        metric=measurement.metric,
        repeat=measurement.repeat,
        attempt=measurement.attempt,
        fingerprint=measurement.fingerprint,
        calls=len(told),
        left_out=len(trace) - len(told),
        packed=base64.b64encode(body).decode(),
    )


def unpacked(exchanges: Exchanges) -> list[Call]:
    """The requests again. Raises `ValueError` for what is none."""
    import zstandard

    try:
        body = zstandard.ZstdDecompressor().decompress(
            base64.b64decode(exchanges.packed), max_output_size=8 * MOST_CHARACTERS
        )
    except zstandard.ZstdError as error:
        raise ValueError(f"cannot be unpacked: {error}") from error
    calls = json.loads(body)
    if not isinstance(calls, list):
        raise ValueError("no list of requests")
    return [call for call in calls if isinstance(call, dict)]


def _once(call: Call) -> Call:
    """The request without a conversation that is nothing but its prompt."""
    messages = call.get("messages")
    alone = isinstance(messages, list) and len(messages) == 1 and messages[0].get("content") == call.get("prompt")
    return {name: value for name, value in call.items() if value is not None and not (alone and name == "messages")}


def _shortened(value: object) -> object:
    """A JSON value whose texts are no longer than is kept."""
    match value:
        case str() if len(value) > LONGEST_TEXT:
            half = LONGEST_TEXT // 2
            return f"{value[:half]} […{len(value) - 2 * half} characters left out…] {value[-half:]}"
        case list():
            return [_shortened(item) for item in value]
        case dict():
            return {name: _shortened(item) for name, item in value.items()}
        case _:
            return value
