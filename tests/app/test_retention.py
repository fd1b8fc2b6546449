"""Which runs stay: whatever a kept run needs to be proven stays with it, and the rest may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from evalfactory.app.retention import RunFacts, Wish, retention

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@st.composite
def histories(draw: st.DrawFn) -> list[RunFacts]:
    """Runs, each of which may supplement and be compared with earlier ones, or with ones that are gone."""
    runs: list[RunFacts] = []
    for number in range(draw(st.integers(0, 12))):
        earlier = st.sampled_from([None, "long-gone", *(run.run_id for run in runs)])
        runs.append(
            RunFacts(
                run_id=f"run-{number}",
                suite=draw(st.sampled_from("ab")),
                tier=draw(st.sampled_from(["smoke", "full"])),
                created_at=(NOW - timedelta(days=draw(st.integers(0, 60)))).isoformat(),
                parent=draw(earlier),
                compared_with=draw(earlier),
                because=draw(st.sampled_from(["", "", "the baseline main"])),
            )
        )
    return runs


wishes = st.builds(
    Wish,
    st.none() | st.integers(0, 5),
    st.none() | st.integers(0, 60).map(lambda days: timedelta(days=days)),
    st.just(NOW),
)


@given(histories(), wishes)
def test_every_run_has_one_fate_and_what_a_whole_run_needs_is_there(runs: list[RunFacts], wish: Wish) -> None:
    found = retention(runs, wish)
    known = {run.run_id: run for run in runs}
    assert sorted([*found.whole, *found.reports, *found.gone]) == sorted(known)
    for run_id in found.whole:
        run = known[run_id]
        assert run.parent not in known or run.parent in found.whole
        assert run.compared_with not in known or run.compared_with not in found.gone
    for run_id in found.reports:
        assert known[run_id].parent not in found.gone


@given(histories(), wishes)
def test_what_is_kept_has_a_reason_and_nothing_that_was_wished_for_goes(runs: list[RunFacts], wish: Wish) -> None:
    found = retention(runs, wish)
    assert all([*found.whole.values(), *found.reports.values()])
    for run in runs:
        young = wish.older_than is not None and NOW - datetime.fromisoformat(run.created_at) <= wish.older_than
        assert run.run_id in found.whole or not (young or run.because)
    for tier in {(run.suite, run.tier) for run in runs}:
        newest = sorted((r for r in runs if (r.suite, r.tier) == tier), key=lambda r: (r.created_at, r.run_id))[::-1]
        assert all(run.run_id in found.whole for run in newest[: wish.keep or 0])


@given(histories(), wishes)
def test_cleaning_what_is_left_takes_no_whole_run(runs: list[RunFacts], wish: Wish) -> None:
    first = retention(runs, wish)
    left = [run for run in runs if run.run_id not in first.gone]
    assert set(first.whole) <= set(retention(left, wish).whole)


def test_a_chain_of_runs_that_were_each_compared_with_the_one_before_does_not_stay_for_ever() -> None:
    runs = [RunFacts(f"r{n}", "s", "full", f"2026-11-0{n}T00:00:00+00:00", None, f"r{n - 1}") for n in range(1, 8)]
    found = retention(runs, Wish(2, None, NOW))
    assert (sorted(found.whole), sorted(found.reports)) == (["r6", "r7"], ["r5"])
