from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.analysis.digest import ResultsDigest
from evalfactory.analysis.merge import Entry, slot_of
from evalfactory.records.measurement import Slot, Usage
from results_given import errored, scored, skipped
from whole_digest import results_digest

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
slots = st.builds(Slot, texts, texts, st.integers(0, 3))
entries = st.one_of(
    slots,
    st.builds(scored, slots, st.floats(0, 1), st.none() | texts),
    st.builds(skipped, slots, texts),
    st.builds(errored, slots, st.sampled_from(["timeout", "bad_json"]), texts),
)
runs = st.lists(entries, unique_by=slot_of, max_size=12).map(lambda some: sorted(some, key=slot_of))


def by_the_book(run: list[Entry]) -> str:
    """The docstring's recipe, written again without a look at the code."""
    lines = []
    for entry in run:
        slot = slot_of(entry)
        state, score, word = "missing", None, None
        if not isinstance(entry, Slot):
            state, score, word = entry.state, entry.score, entry.reason
            if entry.failure is not None:
                word = entry.failure.error_class
        row = [slot.case_id, slot.metric, slot.repeat, state, score, word]
        lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()


@given(runs)
def test_the_digest_is_what_its_description_says(run: list[Entry]) -> None:
    assert results_digest(run) == by_the_book(run)


def test_the_digest_of_a_known_run_never_changes() -> None:
    run: list[Entry] = [
        scored(Slot("a", "faithfulness"), 1.0, 'say "yes"\n\x1b'),
        errored(Slot("a", "toxicity"), "timeout", "words do not count"),
        skipped(Slot("日本", "faithfulness"), "no context"),
        Slot("日本", "toxicity", 1),
    ]
    lines = (
        '["a","faithfulness",0,"scored",1.0,"say \\"yes\\"\\n\\u001b"]\n'
        '["a","toxicity",0,"errored",null,"timeout"]\n'
        '["日本","faithfulness",0,"skipped",null,"no context"]\n'
        '["日本","toxicity",1,"missing",null,null]\n'
    )
    assert results_digest(run) == hashlib.sha256(lines.encode()).hexdigest()
    assert results_digest([]) == hashlib.sha256().hexdigest()


def test_times_attempts_costs_and_reuse_do_not_touch_the_digest() -> None:
    one = scored(Slot("a", "faithfulness"), 0.5, "so")
    changes = {"seconds": 9.0, "attempt": "z", "usage": Usage(calls=99, cost_usd=9.0), "reused_from": "run-0"}
    other = one.model_copy(update={**changes, "threshold": 0.9, "success": False, "fingerprint": "f"})
    assert results_digest([one]) == results_digest([other])


@given(runs.filter(bool), st.data())
def test_any_change_of_a_state_a_score_or_a_word_changes_the_digest(run: list[Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(run) - 1))
    slot = slot_of(run[place])
    others: list[Entry] = [slot, scored(slot, 0.123), skipped(slot, "!!!!!!!!!"), errored(slot, "auth")]
    changed = data.draw(st.sampled_from(others))
    if by_the_book([changed]) != by_the_book([run[place]]):
        assert results_digest([*run[:place], changed, *run[place + 1 :]]) != results_digest(run)


def test_zero_is_zero_whatever_its_sign() -> None:
    slot = Slot("a", "faithfulness")
    assert results_digest([scored(slot, -0.0)]) == results_digest([scored(slot, 0.0)])


def test_slots_out_of_order_or_twice_are_refused() -> None:
    digest = ResultsDigest()
    digest.add(Slot("b", "faithfulness"))
    for wrong in (Slot("a", "faithfulness"), Slot("b", "faithfulness"), Slot("b", "answer_relevancy", 9)):
        with pytest.raises(ValueError, match="in order and once"):
            digest.add(wrong)
    digest.add(Slot("b", "faithfulness", 1))
