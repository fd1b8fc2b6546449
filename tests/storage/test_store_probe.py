"""A store is asked for what results rely on, and found out when it only says that it does."""

from __future__ import annotations

from pathlib import Path

from evalfactory.app.doctoring import store_findings
from evalfactory.storage.local import LocalStore
from evalfactory.storage.probe import probe
from fakes.memory_store import MemoryStore


class Forgiving(MemoryStore):
    """Ignores the condition, as some services do that speak S3."""

    def create(self, key: str, body: bytes) -> bool:
        self.put(key, body)
        return True


def test_a_folder_does_everything_and_is_left_as_it_was(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, create=True)
    facts = probe(store)
    assert facts.model_dump(exclude={"ahead_s"}) == dict.fromkeys(
        ("creates_once", "knows_its_own", "reads_back", "lists_at_once", "deletes"), True
    )
    assert store.list("") == []


def test_a_store_that_ignores_conditions_is_found_out(tmp_path: Path) -> None:
    found = {finding.what: finding for finding in store_findings(Forgiving())}
    assert not found["create if absent"].is_well
    assert "overwrites" in found["create if absent"].said
    assert found["create if absent"].hint


def test_a_clock_of_another_time_is_told_of() -> None:
    found = {finding.what: finding for finding in store_findings(MemoryStore())}  # its clock began today at 0
    assert not found["clock"].is_well
    assert "behind this machine's" in found["clock"].said
