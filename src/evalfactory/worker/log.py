"""What an attempt said, kept in the store beside its results."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
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
    """Collect the product's log lines and put them into the run's `logs/` when the work ends; with the shard, if it is one."""
    handler = _Lines(station, shard)
    logger = logging.getLogger("evalfactory")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        body = "".join(f"{line}\n" for line in handler.lines).encode()
        with suppress(UnavailableError):  # a log that cannot be kept takes nothing from what is committed
            await asyncio.to_thread(station.store.put, station.keys.log(station.attempt), body)
