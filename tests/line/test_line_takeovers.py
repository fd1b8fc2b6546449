"""However often a worker dies, what it had kept is taken over once, and a store does not grow with the deaths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from test_line_laws import KEYS, SHARD, SLOTS, measurement, slot_of, station

from evalfactory.engine.lines import records_of
from evalfactory.engine.shard import Shard
from evalfactory.records.measurement import Exchanges, Measurement
from evalfactory.storage.local import LocalStore

DEATHS = 12


def exchanges(number: int, attempt: str) -> Exchanges:
    slot = slot_of(number)
    return Exchanges(
        case_id=slot.case_id, metric=slot.metric, attempt=attempt, fingerprint="", calls=1, packed="x" * 100
    )


def last(folder: Path) -> Sequence[object]:
    """The records of the journal that was begun last."""
    return list(records_of(max(folder.iterdir(), key=lambda path: path.name).read_bytes()))[1:]


def test_what_is_taken_over_again_and_again_stays_as_much_as_it_was(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    for death in range(DEATHS):
        shard = Shard(station(store, f"attempt-{death:02}"), SHARD)
        shard.take_over()
        number = death % (SLOTS - 1)
        if shard.is_open(slot_of(number)):
            shard.keep(measurement(number, f"attempt-{death:02}"), exchanges(number, f"attempt-{death:02}"))
    kept, said = (last(tmp_path / folder) for folder in (KEYS.parts_folder(0), KEYS.exchanges_folder(0)))
    assert sorted(record.slot for record in kept if isinstance(record, Measurement)) == [slot_of(n) for n in range(4)]
    assert sorted(record.slot for record in said if isinstance(record, Exchanges)) == [slot_of(n) for n in range(4)]
    assert (len(kept), len(said)) == (4, 4)
