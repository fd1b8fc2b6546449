"""Several who collect one run at the same time: each report is whole, whoever writes when, and whoever dies at it."""

from __future__ import annotations

import hashlib
import json

import pytest

from command_line import Desk
from evalfactory.app.collecting import CollectOptions, collect
from evalfactory.app.telling import Told, collect_and_write, write_report
from evalfactory.app.verifying import verify
from evalfactory.storage.layout import RunKeys
from evalfactory.storage.local import LocalStore
from evalfactory.storage.port import Store
from fakes.memory_store import Stopped, WatchedStore

KEYS = RunKeys("support-bot", "first")
OPERATIONS = 7  # of writing a report


def proven(store: Store, told: Told, wall_s: float) -> None:
    """The folder is one report's, all of it."""
    assert json.loads(store.read(f"{told.folder}report.json"))["wall_s"] == wall_s
    for name, digest in json.loads(store.read(f"{told.folder}files.json")).items():
        assert hashlib.sha256(store.read(told.folder + name)).hexdigest() == digest


@pytest.mark.parametrize("moment", range(OPERATIONS))
def test_two_who_collect_at_once_write_a_folder_each(desk: Desk, moment: int) -> None:
    inner = LocalStore(desk.folder / ".evalfactory")
    told: list[Told] = []

    def another(operation: int) -> None:
        if operation == moment:
            told.append(write_report(inner, KEYS, second))

    with (
        collect(inner, KEYS, CollectOptions(wall_s=11.0)) as first,
        collect(inner, KEYS, CollectOptions(wall_s=222.0)) as second,
    ):
        first_told = write_report(WatchedStore(inner, another), KEYS, first)
    assert first_told.folder != told[0].folder
    proven(inner, first_told, 11.0)
    proven(inner, told[0], 222.0)
    assert verify(inner, KEYS).holds


@pytest.mark.parametrize("moment", range(OPERATIONS))
def test_whoever_dies_while_a_report_is_written_leaves_the_one_before(desk: Desk, moment: int) -> None:
    inner = LocalStore(desk.folder / ".evalfactory")

    def die(operation: int) -> None:
        if operation == moment:
            raise Stopped

    with collect(inner, KEYS) as collected, pytest.raises(Stopped):
        write_report(WatchedStore(inner, die), KEYS, collected)
    assert verify(inner, KEYS).holds
    told = collect_and_write(inner, KEYS, CollectOptions(wall_s=33.0)).told
    proven(inner, told, 33.0)
    assert verify(inner, KEYS).holds
