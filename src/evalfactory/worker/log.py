"""What an attempt said, kept in the store beside its results."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from ..engine.station import Station
from ..errors import UnavailableError


class _Lines(logging.Handler):
    def __init__(self, station: Station, shard: int | None) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self._place: dict[str, object] = {"run": station.keys.run_id, "attempt": station.attempt}
        if shard is not None:
            self._place["shard"] = shard

    def emit(self, record: logging.LogRecord) -> None:
        row = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **self._place,
            "logger": record.name,
            "message": record.getMessage(),
        }
        self.lines.append(json.dumps(row, ensure_ascii=False))


@asynccontextmanager
async def keep_log(station: Station, shard: int | None = None) -> AsyncIterator[None]:
    """Collect the product's log lines and keep them in the run's `logs/`, every `flush_s` and when the work ends.

    So that what a killed worker said is there too. With the shard, if it is one.
    """
    handler = _Lines(station, shard)
    logger = logging.getLogger("evalfactory")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    over = asyncio.Event()
    keeping = asyncio.create_task(_keep_regularly(station, handler.lines, over))
    try:
        yield
    finally:
        logger.removeHandler(handler)
        over.set()
        await keeping
        await _keep(station, handler.lines)


async def _keep_regularly(station: Station, lines: Sequence[str], over: asyncio.Event) -> None:
    kept = 0
    while not over.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), station.plan.execution.flush_s)
        if not over.is_set() and len(lines) > kept:
            kept = len(lines)
            await _keep(station, lines)


async def _keep(station: Station, lines: Sequence[str]) -> None:
    body = "".join(f"{line}\n" for line in lines).encode()
    with suppress(UnavailableError):  # a log that cannot be kept takes nothing from what is committed
        await asyncio.to_thread(station.store.put, station.keys.log(station.attempt), body)
