"""Where a store lets a second commit overwrite the first, all who read choose the same one, and go on choosing it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.engine.commits import commit_body, put_commit
from evalfactory.records.measurement import Commit
from evalfactory.records.plan import Plan
from evalfactory.storage.layout import RunKeys
from evalfactory.storage.port import Store
from evalfactory.storage.probe import probe
from fakes.memory_store import MemoryStore, WatchedStore
from results_given import plan as a_plan


class Forgiving(MemoryStore):
    """Ignores the condition, as some services do that speak S3."""

    def create(self, key: str, body: bytes) -> bool:
        self.put(key, body)
        return True


def planned(store: Store) -> tuple[Plan, RunKeys]:
    """A plan made on that store."""
    made = a_plan().model_copy(update={"store": probe(store)})
    return made, RunKeys(made.suite, made.run_id)


def commit(store: Store, attempt: str) -> bool:
    plan, keys = planned(Forgiving())
    made = Commit(
        run_id=plan.run_id, shard=0, plan_digest=plan.digest, attempt=attempt, parts=(), slots=1, scored=1, errored=0,
        skipped=0, reused=0, versions=plan.versions, finished_at="2026-11-23T02:00:00+00:00",
    )  # fmt: skip
    return put_commit(store, keys, plan, made)


def chosen(store: Store) -> str:
    plan, keys = planned(Forgiving())
    return Commit.model_validate_json(commit_body(store, keys, plan, 0)).attempt


@given(st.permutations(["a", "b", "c"]))
def test_the_first_of_several_attempts_counts_whatever_they_are_called(order: Sequence[str]) -> None:
    store = Forgiving()
    told = [commit(store, attempt) for attempt in order]
    assert told == [True, False, False]
    assert chosen(store) == order[0]
    _, keys = planned(Forgiving())
    assert Commit.model_validate_json(store.read(keys.commit(0))).attempt == order[0]


@pytest.mark.parametrize("moment", range(4))
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_an_attempt_that_comes_in_between_changes_nobodys_choice_afterwards(
    moment: int, names: tuple[str, str]
) -> None:
    store = Forgiving()
    told: dict[str, bool] = {}

    def meanwhile(number: int) -> None:
        if number == moment:
            told[names[1]] = commit(store, names[1])

    told[names[0]] = commit(WatchedStore(store, meanwhile), names[0])
    if names[1] not in told:
        told[names[1]] = commit(store, names[1])
    assert sorted(told.values()) == [False, True]
    winner = next(name for name, won in told.items() if won)
    assert chosen(store) == winner
    commit(store, "0-later")
    assert chosen(store) == winner


def test_a_shard_that_nobody_has_committed_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        chosen(Forgiving())
