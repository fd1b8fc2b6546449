"""What is made of the pairs: corrections over metrics, whole clusters, slices that only show."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from evalfactory.analysis.evidence import Columns, Evidence, Found, evidence
from evalfactory.analysis.grouping import CaseFacts
from evalfactory.records.gate import GateSpec, MetricGate
from evalfactory.records.report import Difference, DropTest, MetricComparison

GATE = GateSpec()


def found(name: str, pairs: Sequence[tuple[float, float]], *, cases: int | None = None) -> Found:
    """The pairs (before, now) of a metric; `cases` different ones, each as often as it takes."""
    columns = Columns()
    for number, (then, now) in enumerate(pairs):
        columns.case_ids.append(f"case-{number % (cases or len(pairs)):04d}")
        columns.here.append(now)
        columns.there.append(then)
        columns.passed.append((now >= 0.5, then >= 0.5))
    mean = sum(now - then for then, now in pairs) / len(pairs)
    return Found(MetricComparison(name=name, pairs=len(pairs), mean_difference=mean), columns)


def fallen(number: int, of: int) -> list[tuple[float, float]]:
    """So many cases fell from 1 to 0, the others stayed."""
    return [(1.0, 0.0)] * number + [(1.0, 1.0)] * (of - number)


def told(seen: Evidence, place: int = 0) -> tuple[Difference, DropTest]:
    difference, drop = seen.metrics[place].difference, seen.metrics[place].drop
    assert difference is not None
    assert drop is not None
    return difference, drop


def documents(cases: int, size: int) -> dict[str, CaseFacts]:
    return {f"case-{n:04d}": CaseFacts("", f"document-{n // size}", ()) for n in range(cases)}


def test_a_drop_that_is_shown_alone_must_be_clearer_among_many_metrics() -> None:
    dropped = fallen(15, 200)  # alone beyond 0.03 with p = 0.010
    _, alone = told(evidence([found("a", dropped)], {}, GATE))
    assert alone.decision == "shown"
    others = [found(name, fallen(0, 200)) for name in "bcd"]
    _, among = told(evidence([found("a", dropped), *others], {}, GATE))
    assert among.decision == "open"
    assert among.p_larger == pytest.approx(4 * (alone.p_larger or 0), rel=1e-6)


def test_an_advisory_metric_makes_no_other_one_less_clear() -> None:
    advisory = GateSpec(metrics={name: MetricGate(tier="advisory") for name in "bcd"})
    others = [found(name, fallen(0, 200)) for name in "bcd"]
    _, drop = told(evidence([found("a", fallen(15, 200)), *others], {}, advisory))
    assert drop.decision == "shown"


def test_excluding_a_drop_takes_no_correction() -> None:
    steady = fallen(0, 130)
    _, alone = told(evidence([found("a", steady)], {}, GATE))
    among = evidence([found(name, steady) for name in "abcdef"], {}, GATE)
    assert {each.drop.decision for each in among.metrics if each.drop} == {"excluded"}
    assert told(among)[1].p_smaller == alone.p_smaller


def test_the_cases_that_would_settle_it_do_so_for_scores_of_any_range() -> None:
    gate = GateSpec(allowed_drop=1.0)
    _, few = told(evidence([found("a", [(20.0, 20.0), (60.0, 60.0)] * 10)], {}, gate))
    assert few.decision == "open"
    assert few.settling_cases is not None
    _, settled = told(evidence([found("a", [(20.0, 20.0), (60.0, 60.0)] * (few.settling_cases // 2 + 1))], {}, gate))
    assert settled.decision == "excluded"


def test_cases_of_one_document_are_no_independent_draws() -> None:
    pairs = found("a", fallen(40, 400))
    apart, shown = told(evidence([pairs], {}, GATE))
    grouped, drop = told(evidence([pairs], documents(400, 20), GATE))
    assert (apart.clusters, grouped.clusters) == (400, 20)
    assert (shown.decision, drop.decision) == ("shown", "open")
    assert grouped.interval.low < apart.interval.low
    assert grouped.interval.high > apart.interval.high
    assert grouped.p_passed is not None
    assert apart.p_passed is not None
    assert grouped.p_passed > 0.4 > 1e-6 > apart.p_passed  # two documents that fell may be chance; forty cases not
    share = evidence([pairs], documents(400, 20), GATE).metrics[0].passed
    assert share is not None
    assert share.interval.method == "clustered wilson"


def test_repeats_of_a_case_are_one_draw() -> None:
    once, _ = told(evidence([found("a", fallen(10, 100))], {}, GATE))
    thrice, _ = told(evidence([found("a", fallen(10, 100) * 3, cases=100)], {}, GATE))
    assert (thrice.cases, thrice.clusters) == (100, 100)
    assert thrice.interval.low == pytest.approx(once.interval.low, abs=1e-6)
    assert thrice.interval.high == pytest.approx(once.interval.high, abs=1e-6)


def test_slices_change_no_decision_however_bad_they_are() -> None:
    pairs = [found("a", fallen(5, 1000))]
    facts = {f"case-{n:04d}": CaseFacts("", "", (("tags", "bad" if n < 5 else "good"),)) for n in range(1000)}
    plain, sliced = evidence(pairs, {}, GATE), evidence(pairs, facts, GATE)
    assert sliced.metrics == plain.metrics
    assert [(part.value, part.pairs, part.mean_difference) for part in sliced.slices] == [
        ("good", 995, 0.0),
        ("bad", 5, -1.0),
    ]


def test_an_open_question_says_how_many_cases_would_settle_it_and_so_many_do() -> None:
    seen, drop = told(evidence([found("a", fallen(5, 100) + [(0.0, 1.0)] * 4)], {}, GATE))
    assert drop.decision == "open"
    assert drop.settling_cases is not None
    times = -(-drop.settling_cases // 109)
    _, settled = told(evidence([found("a", (fallen(5, 100) + [(0.0, 1.0)] * 4) * times)], {}, GATE))
    assert settled.decision == "excluded"
    assert (seen.detectable_drop or 0) > 0.03
