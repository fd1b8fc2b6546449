from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.analysis.comparison import Sides, compare
from evalfactory.analysis.gate import apart, judge_gate
from evalfactory.analysis.summary import SHOWN_MUST_RUN, Summarizer
from evalfactory.records.gate import GateSpec, MetricGate, TargetGate
from evalfactory.records.measurement import Measurement, Output, Slot, Usage
from evalfactory.records.plan import MetricRecipe
from evalfactory.records.report import BaselineInfo, Comparison, GateCheck, Verdict
from evalfactory.records.suite import OnInconclusive
from results_given import METRICS, RECIPES, errored, frozen, recipe, scored, skipped

FIRST, SECOND = METRICS
ONE = (recipe(FIRST),)


def verdict(
    word: str,
    gate: GateSpec | None = None,
    *,
    then: str = "",
    must_run: str = "",
    recipes: Sequence[MetricRecipe] = ONE,
) -> Verdict:
    """The verdict of a run whose slots are spelt: `9` scored 0.9, `e` errored, `s` skipped, `m` missing."""
    summarizer = Summarizer(recipes)
    for letters, is_must_run in ((word, False), (must_run, True)):
        for number, letter in enumerate(letters):
            case = frozen(f"{'must' if is_must_run else 'case'}-{number}", must_run=is_must_run)
            slot = Slot(case.case.id, FIRST)
            if letter == "m":
                summarizer.add_missing(slot, case)
            else:
                summarizer.add(line_of(slot, letter), case)
    gate = gate or GateSpec()
    return judge_gate(gate, summarizer.summary(), beside(word, then, gate) if then else None)


def line_of(slot: Slot, letter: str) -> Measurement:
    match letter:
        case "e":
            return errored(slot)
        case "s":
            return skipped(slot)
        case _:
            return scored(slot, int(letter) / 10)


def beside(word: str, then: str, gate: GateSpec) -> Comparison:
    here, there = ([line_of(Slot(f"case-{n}", FIRST), x) for n, x in enumerate(w) if x != "m"] for w in (word, then))
    sides = Sides(here, there, [FIRST])
    return compare(sides, run_id="now", baseline=BaselineInfo(asked="main"), gate=gate)


def rules(some: Sequence[GateCheck]) -> list[str]:
    return [check.rule for check in some]


floor = GateSpec(metrics={FIRST: MetricGate(mean=0.7)})
share = GateSpec(metrics={FIRST: MetricGate(pass_rate=0.75)})
lenient = GateSpec(max_errored=1.0)
drop_only = GateSpec(metrics={FIRST: MetricGate(allowed_drop=0.2)})
supporting = GateSpec(metrics={FIRST: MetricGate(tier="supporting")})
advisory = GateSpec(metrics={FIRST: MetricGate(tier="advisory", mean=0.9)})
required = GateSpec(require_baseline=True)
MANY = 150  # cases: enough that what is the same in all of them excludes a drop of 0.03


@pytest.mark.parametrize(
    ("word", "gate", "then", "must_run", "outcome", "because"),
    [
        # the metric's own threshold (0.5) is the floor of its mean without gate.metrics
        ("99", None, "", "", "PASS", []),
        ("55", None, "", "", "PASS", []),
        ("45", None, "", "", "FAIL", ["mean"]),
        ("19", None, "", "", "PASS", []),
        # floors of the gate
        ("77", floor, "", "", "PASS", []),
        ("76", floor, "", "", "FAIL", ["mean"]),
        ("9994", share, "", "", "PASS", []),
        ("9944", share, "", "", "FAIL", ["pass_rate"]),
        # missing slots: nothing else matters
        ("99m", None, "", "", "INCOMPLETE", ["complete"]),
        ("11m", None, "99", "", "INCOMPLETE", ["complete"]),
        ("m", None, "", "", "INCOMPLETE", ["complete"]),
        ("9", None, "", "m", "INCOMPLETE", ["complete", "must_run"]),
        # errored slots
        ("9" * 98 + "ee", None, "", "", "PASS", []),
        ("9" * 97 + "eee", None, "", "", "INCONCLUSIVE", ["errored"]),
        ("9" * 98 + "ee" + "s" * 50, None, "", "", "PASS", []),
        ("9" * 97 + "ee" + "s" * 50, None, "", "", "INCONCLUSIVE", ["errored"]),
        ("1" * 90 + "e" * 10, None, "", "", "FAIL", ["mean"]),
        ("9e", lenient, "", "", "PASS", []),
        ("ee", lenient, "", "", "INCONCLUSIVE", ["scored", "scored"]),
        # nothing was scored
        ("ss", None, "", "", "INCONCLUSIVE", ["scored", "scored"]),
        ("", None, "", "", "INCONCLUSIVE", ["scored", "scored"]),
        # must-run slots, one by one
        ("9", None, "", "99", "PASS", []),
        ("9", None, "", "94", "FAIL", ["must_run"]),
        ("9", None, "", "9e", "INCONCLUSIVE", ["must_run", "errored"]),
        ("9", lenient, "", "9e", "INCONCLUSIVE", ["must_run"]),
        ("9", lenient, "", "9s", "INCONCLUSIVE", ["must_run"]),
        ("9", lenient, "", "e4", "FAIL", ["must_run"]),
        ("", None, "", "99", "PASS", []),
        ("", None, "", "ss", "INCONCLUSIVE", ["scored", "must_run", "must_run", "scored"]),
        # against the baseline: a drop beyond 0.03 (unless the metric says otherwise) is excluded, shown, or neither
        (MANY * "8", None, MANY * "8", "", "PASS", []),
        ("88", None, "88", "", "INCONCLUSIVE", ["drop"]),
        (MANY * "8", None, MANY * "9", "", "FAIL", ["drop"]),
        ("79", None, "99", "", "INCONCLUSIVE", ["drop"]),
        (MANY * "9", None, MANY * "8", "", "PASS", []),
        (MANY * "7", drop_only, MANY * "9", "", "INCONCLUSIVE", ["drop"]),
        (MANY * "8", drop_only, MANY * "9", "", "PASS", []),
        (MANY * "5", drop_only, MANY * "9", "", "FAIL", ["drop"]),
        ("9", None, "e", "", "INCONCLUSIVE", ["comparable"]),
        # supporting: only a shown drop counts; advisory: nothing does
        ("88", supporting, "88", "", "PASS", []),
        (MANY * "8", supporting, MANY * "9", "", "FAIL", ["drop"]),
        ("9", supporting, "e", "", "INCONCLUSIVE", ["comparable"]),
        ("9", advisory, "e", "", "PASS", []),
        (MANY * "1", advisory, MANY * "9", "", "PASS", []),
        ("9", advisory, "", "94", "PASS", []),
        ("9", advisory, "", "9s", "PASS", []),
        ("9", advisory, "", "9m", "INCOMPLETE", ["complete"]),
        ("m9", None, "99", "", "INCOMPLETE", ["complete"]),
        # a baseline may be required
        ("9", required, "", "", "INCONCLUSIVE", ["comparable"]),
        ("4", required, "", "", "FAIL", ["mean"]),
        (MANY * "8", required, MANY * "8", "", "PASS", []),
    ],
)
def test_the_verdict_follows_the_table(
    word: str, gate: GateSpec | None, then: str, must_run: str, outcome: str, because: list[str]
) -> None:
    seen = verdict(word, gate, then=then, must_run=must_run)
    assert seen.outcome == outcome
    decisive = tuple(check for check in seen.reasons if check.outcome == seen.outcome)
    assert rules(decisive) == because
    assert decisive == seen.reasons[: len(decisive)]
    assert {check.rule for check in seen.checks if check.outcome != "PASS"} == {check.rule for check in seen.reasons}


@pytest.mark.parametrize(
    ("limits", "answers_s", "outcome", "seen"),
    [
        ({"p95_s": 2.0}, [1.0] * 19 + [9.0], "PASS", ["1 s over 20 answers"]),
        ({"p95_s": 2.0}, [1.0] * 18 + [9.0] * 2, "FAIL", ["9 s over 20 answers"]),
        ({"p50_s": 0.5, "p95_s": 20.0}, [1.0] * 9, "FAIL", ["1 s over 9 answers", "1 s over 9 answers"]),
        ({"tokens": 110.0}, [1.0], "PASS", ["110 tokens over 1 answer"]),
        ({"tokens": 109.0}, [1.0], "FAIL", ["110 tokens over 1 answer"]),
        ({"cost_usd": 0.01}, [1.0], "INCONCLUSIVE", ["nobody counted dollars"]),
        ({"p95_s": 2.0}, [], "PASS", ["not asked"]),
        ({}, [9.0], "PASS", []),
    ],
)
def test_the_target_is_gated_on_its_speed_and_cost_when_it_was_asked(
    limits: dict[str, float], answers_s: list[float], outcome: str, seen: list[str]
) -> None:
    summarizer = Summarizer(ONE)
    summarizer.add(scored(Slot("a", FIRST), 1.0), frozen("a"))
    for number, active_s in enumerate(answers_s):
        used = Usage(calls=1, input_tokens=100, output_tokens=10)
        summarizer.add_output(Output(case_id=str(number), active_s=active_s, usage=used))
    found = judge_gate(GateSpec(target=TargetGate(**limits)), summarizer.summary())
    assert found.outcome == outcome
    assert [check.seen for check in found.checks if check.rule == "target"] == seen


words = st.text("0159esm", max_size=8)


@given(words, words, words)
def test_the_verdict_is_the_first_word_of_the_precedence_that_a_rule_came_to(word: str, then: str, must: str) -> None:
    seen = verdict(word, then=then, must_run=must)
    outcomes = [check.outcome for check in seen.checks]
    order = ["INCOMPLETE", "FAIL", "INCONCLUSIVE", "PASS"]
    assert seen.outcome == min(outcomes, key=order.index)
    assert bool(seen.reasons) == (seen.outcome != "PASS")


@given(words, words, words)
def test_what_is_missing_is_never_anything_but_incomplete(word: str, then: str, must: str) -> None:
    assert (verdict(word, then=then, must_run=must).outcome == "INCOMPLETE") == ("m" in word + must)


@given(st.text("es", max_size=8), st.text("es", max_size=8))
def test_a_run_without_a_score_never_passes(word: str, must: str) -> None:
    assert verdict(word, lenient, must_run=must).outcome == "INCONCLUSIVE"


def test_every_rule_is_listed_with_what_it_wanted_and_saw() -> None:
    seen = verdict("88", then="99", must_run="93")
    told = [(c.rule, c.metric, c.case_id, c.outcome, c.wanted, c.seen) for c in seen.checks]
    assert told == [
        ("complete", None, None, "PASS", "all 4 planned slots", "4 present"),
        ("mean", FIRST, None, "PASS", "at least 0.50", "0.80 over 2 scored"),
        (
            "drop",
            FIRST,
            None,
            "INCONCLUSIVE",
            "a drop beyond 0.03 excluded",
            "−0.100 (95% interval −0.858 to +0.826) over 2 pairs, all 2 differences are the same; "
            "about 53 cases would settle it",
        ),
        ("must_run", FIRST, "must-1", "FAIL", "at least 0.50", "0.30"),
        ("must_run", None, None, "PASS", "every must-run slot, one by one", "1 of 2 met"),
        ("errored", None, None, "PASS", "at most 2.0% errored", "0 of 4 (0.0%)"),
    ]


def test_dust_of_floats_does_not_fail_a_run() -> None:
    gate = GateSpec(metrics={FIRST: MetricGate(mean=0.1 + 0.2)})
    assert verdict("3", gate).outcome == "PASS"


def test_a_shown_drop_says_how_large_it_is_and_how_well_that_is_known() -> None:
    (check,) = (check for check in verdict("8" * MANY, then="9" * MANY).checks if check.rule == "drop")
    assert check.wanted == "no drop beyond 0.03"
    assert check.seen == (
        f"−0.100 (95% interval −0.122 to −0.073) over {MANY} pairs, all {MANY} differences are the same"
    )


@pytest.mark.parametrize(
    ("word", "on_inconclusive", "taken_as"),
    [
        ("88", "pass", "PASS"),
        ("88", "fail", "FAIL"),
        ("88", "inconclusive", None),
        ("88e", "pass", None),  # errors are no reason to pass
        ("88e", "fail", "FAIL"),
        ("88m", "pass", None),
        ("11", "pass", None),
    ],
)
def test_a_tier_may_take_an_open_drop_for_a_pass_or_a_failure_in_the_exit_code_alone(
    word: str, on_inconclusive: OnInconclusive, taken_as: str | None
) -> None:
    summarizer = Summarizer(ONE)
    for number, letter in enumerate(word):
        slot = Slot(f"case-{number}", FIRST)
        if letter == "m":
            summarizer.add_missing(slot, frozen(slot.case_id))
        else:
            summarizer.add(line_of(slot, letter), frozen(slot.case_id))
    compared = beside(word, "88", GateSpec())
    seen = judge_gate(GateSpec(), summarizer.summary(), compared, on_inconclusive)
    assert seen.taken_as == taken_as
    assert seen.outcome == judge_gate(GateSpec(), summarizer.summary(), compared).outcome


@pytest.mark.parametrize(
    ("gate", "outcome"), [(GateSpec(), "INCONCLUSIVE"), (supporting, "INCONCLUSIVE"), (advisory, "PASS")]
)
def test_a_metric_that_another_judge_measured_back_then_is_no_pass_unless_it_is_advisory(
    gate: GateSpec, outcome: str
) -> None:
    summarizer = Summarizer(ONE)
    summarizer.add(scored(Slot("case-0", FIRST), 0.95), frozen("case-0"))
    sides = Sides([line_of(Slot("case-0", FIRST), "9")], [], [FIRST], refused={FIRST: "another judge"})
    compared = compare(sides, run_id="now", baseline=BaselineInfo(asked="main"), gate=gate)
    seen = judge_gate(gate, summarizer.summary(), compared)
    assert seen.outcome == outcome
    assert [check.seen for check in seen.reasons] == ["the baseline has another judge"] * (outcome != "PASS")


def test_an_old_baseline_is_inconclusive_where_the_gate_limits_its_age() -> None:
    gate = GateSpec(max_baseline_age_days=30)
    summarizer = Summarizer(ONE)
    summarizer.add(scored(Slot("case-0", FIRST), 0.9), frozen("case-0"))
    compared = beside("9", "9", gate)
    for age_days, outcome in ((29.0, "PASS"), (31.0, "INCONCLUSIVE")):
        aged = compared.model_copy(
            update={"baseline": compared.baseline.model_copy(update={"age_days": age_days}), "metrics": ()}
        )
        seen = judge_gate(gate, summarizer.summary(), aged)
        assert seen.outcome == outcome
        assert [check.rule for check in seen.checks if check.outcome == "INCONCLUSIVE"] == ["baseline_age"][
            : age_days > 30
        ]


def test_a_metric_without_threshold_has_no_floor_and_the_check_says_so() -> None:
    bare = scored(Slot("a", FIRST), 0.0).model_copy(update={"threshold": None, "success": None})
    summarizer = Summarizer([recipe(FIRST, threshold=None)])
    summarizer.add(bare, frozen("a"))
    summarizer.add(bare.model_copy(update={"case_id": "b"}), frozen("b", must_run=True))
    seen = judge_gate(GateSpec(), summarizer.summary())
    assert seen.outcome == "PASS"
    assert "0.000 over 1 scored; no floor: no threshold" in [check.seen for check in seen.checks]


def two_metrics(gate: GateSpec, *scores: float) -> Verdict:
    summarizer = Summarizer(RECIPES)
    for name, score in zip(METRICS, scores, strict=False):
        summarizer.add(scored(Slot("a", name), score), frozen("a"))
    return judge_gate(gate, summarizer.summary())


@pytest.mark.parametrize(
    "other",
    [
        {},
        {SECOND: MetricGate(tier="supporting")},
        {SECOND: MetricGate(allowed_drop=0.02)},
        {SECOND: MetricGate(mean=0.1)},
        {FIRST: MetricGate(allowed_drop=0.02)},
        {FIRST: MetricGate(tier="supporting"), SECOND: MetricGate(pass_rate=0.1)},
        {FIRST: MetricGate(pass_rate=0.0, mean="threshold")},
    ],
)
def test_a_metric_without_a_floor_of_its_own_keeps_its_threshold_whoever_is_named(other: dict[str, MetricGate]) -> None:
    failed = two_metrics(GateSpec(metrics=other), 0.4, 0.9)
    assert [(check.rule, check.metric, check.outcome) for check in failed.reasons] == [("mean", FIRST, "FAIL")]
    assert two_metrics(GateSpec(metrics=other), 0.5, 0.9).outcome == "PASS"


@pytest.mark.parametrize(
    "rule", [MetricGate(mean=None), MetricGate(pass_rate=0.0), MetricGate(mean=0.4), MetricGate(tier="advisory")]
)
def test_the_thresholds_floor_is_gone_where_another_one_is_set_or_none_is_wanted(rule: MetricGate) -> None:
    gate = GateSpec(metrics={FIRST: rule})
    assert two_metrics(gate, 0.4, 0.9).outcome == "PASS"
    assert GateSpec.model_validate_json(gate.model_dump_json()) == gate


def test_every_metric_is_gated_and_named_ones_that_the_suite_does_not_have_too() -> None:
    assert two_metrics(GateSpec(), 0.9).outcome == "INCONCLUSIVE"
    assert two_metrics(floor, 0.9).outcome == "INCONCLUSIVE"
    unknown = GateSpec(metrics={"nobody": MetricGate(mean=0.1)})
    assert verdict("9", unknown).outcome == "INCONCLUSIVE"


@pytest.mark.parametrize(("tail", "outcome"), [("4", "FAIL"), ("e", "INCONCLUSIVE"), ("s", "INCONCLUSIVE")])
def test_must_run_slots_beyond_those_listed_still_count(tail: str, outcome: str) -> None:
    listed = "e" * SHOWN_MUST_RUN if tail == "4" else "s" * SHOWN_MUST_RUN
    summarizer = Summarizer(ONE)
    summarizer.add(scored(Slot("z", FIRST), 1.0), frozen("z"))
    for number, letter in enumerate(listed + tail):
        case = frozen(f"{number:04d}", must_run=True)
        summarizer.add(line_of(Slot(case.case.id, FIRST), letter), case)
    seen = judge_gate(lenient, summarizer.summary())
    assert seen.outcome == outcome
    assert seen.checks[-2].seen == "0 of 101 met, 1 more are not listed"


def test_unmet_must_run_slots_of_an_advisory_metric_hide_none_of_a_gated_one() -> None:
    summarizer = Summarizer(RECIPES)
    for name in METRICS:
        summarizer.add(scored(Slot("z", name), 1.0), frozen("z"))
    for number in range(SHOWN_MUST_RUN):
        case = frozen(f"{number:04d}", must_run=True)
        summarizer.add(scored(Slot(case.case.id, FIRST), 0.0), case)
    last = frozen("9999", must_run=True)
    summarizer.add(scored(Slot("9999", SECOND), 0.0), last)
    summary = summarizer.summary()
    assert {result.metric for result in summary.must_run} == {FIRST}
    seen = judge_gate(advisory, summary)
    assert seen.outcome == "FAIL"
    assert [check.seen for check in seen.reasons] == ["0 of 1 met, 1 more are not listed"]


@pytest.mark.parametrize(
    ("seen", "wanted", "words"),
    [
        (0.7, 0.8, ("0.70", "0.80")),
        (0.7996, 0.8, ("0.7996", "0.80")),
        (0.805, 0.805, ("0.805", "0.805")),
        (0.8, 0.8, ("0.80", "0.80")),
        (0.1 + 0.2, 0.3, ("0.30", "0.30")),
        (1.0, 5, ("1.00", "5.00")),
        (None, 0.8, ("–", "0.80")),
        (2 / 3, None, ("0.667", "–")),
        (-37.667, -37.5, ("−37.67", "−37.50")),
    ],
)
def test_two_numbers_that_differ_never_look_the_same(
    seen: float | None, wanted: float | None, words: tuple[str, str]
) -> None:
    assert apart(seen, wanted) == words
