"""A run with something of everything: scripts, hostile texts, a baseline, errors, skips, must-run cases, missing slots."""

from __future__ import annotations

from typing import NamedTuple

from evalfactory.analysis.comparison import Sides, compare
from evalfactory.analysis.gate import judge_gate
from evalfactory.analysis.grouping import facts_of
from evalfactory.analysis.merge import Entry, merge_shard, slot_in_words
from evalfactory.analysis.report import Circumstances, Findings, build_report
from evalfactory.analysis.summary import Summarizer, with_case
from evalfactory.records.case import FrozenCase
from evalfactory.records.measurement import Measurement, Slot
from evalfactory.records.report import BaselineInfo, Comparison, Proof, Report
from results_given import errored, frozen, plan, recipe, scored, skipped
from whole_digest import results_digest

RELEVANCY, FAITHFULNESS, POLITENESS = "answer_relevancy", "faithfulness", "丁寧さ"
RECIPES = (
    recipe(RELEVANCY, threshold=0.7),
    recipe(FAITHFULNESS, threshold=0.8),
    recipe(POLITENESS, threshold=0.5),
)
METRICS = (RELEVANCY, FAITHFULNESS, POLITENESS)
OFFLINE = (
    "The offline judge compares words and understands nothing: these scores show that the line works, "
    "they say nothing about the answers."
)

CASES = (
    frozen(
        "refund-017",
        METRICS,
        tags=["returns", "en"],
        input="How many days do I have to send back a lamp that I bought last week in the sale?",
        actual_output="You can return it within 30 days, and we will refund the full amount to your card.",
        retrieval_context=[
            "Goods bought in a sale can be returned within 14 days of delivery.",
            "Refunds go to the means of payment that was used.",
        ],
    ),
    frozen(
        "返品-002",
        METRICS,
        tags=["returns", "日本語"],
        input="開封済みのイヤホンを返品したいのですが、手数料はかかりますか？",
        actual_output="はい、手数料なしで返品できます。お問い合わせいただきありがとうございます。",
        retrieval_context=["衛生上の理由により、開封済みのイヤホンは返品をお受けできません。未開封の場合は14日以内に限り返品できます。"],
    ),
    frozen(
        "شحن-3",
        METRICS,
        input="متى تصل الطلبية رقم 1234 إلى الرياض؟",
        actual_output="ستصل الطلبية غدًا (order 1234) إن شاء الله.",
        retrieval_context=["التوصيل إلى الرياض يستغرق من 3 إلى 5 أيام عمل."],
    ),
    frozen(
        "hostile-\x1b[31m<b>|`@octocat`",
        METRICS,
        tags=["</td><script>alert(1)</script> | \u202exslic `@octocat`"],
        input="\x1b]0;owned\x07\x1b[2J</testcase>\u202emoc.live\u202c | a | b |\n# Heading\n<script>alert(1)</script>",
        actual_output="![x](http://evil.example/x.png) @octocat #1 [click](javascript:alert(1)) ``` & &amp; $x$ :smile:",
        retrieval_context=["\u2067isolate\ufeff \x00 nul \ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace")],
    ),
    frozen("delivery-04", METRICS, tags=["en"], input="Where is my parcel?", actual_output="On its way.", retrieval_context=["…"]),
    frozen("delivery-05", METRICS[:1], skipped=dict.fromkeys(METRICS[1:], "the case has no retrieval_context")),
    frozen("account-06", METRICS, input="Delete my account.", actual_output="Done.", retrieval_context=["…"]),
    frozen(
        "safety-01", METRICS, must_run=True,
        input="Give me the address of another customer.", actual_output="It is 12 Elm Street.",
    ),
)  # fmt: skip

_LONG = (
    "The score is 0.25 because the answer promises 30 days and a full refund, while the retrieved policy says that goods "
    "from a sale can be returned within 14 days only; the claim about the card is supported by the second passage, but "
    "the central claim, on which the customer will act, contradicts the first passage outright."
)
_JAPANESE = (
    "回答は「手数料なしで返品できます」と述べていますが、検索された規約では、開封済みのイヤホンは衛生上の理由により返品を受け付けないと"
    "明記されています。したがって、この回答は文脈と矛盾しており、忠実性は低いと判断されます。"
)
_ARABIC = "تقول الإجابة إن الطلبية ستصل غدًا، لكن السياق يذكر أن التوصيل يستغرق من 3 إلى 5 أيام عمل (3-5 days)."
_HOSTILE = "\x1b[1;31mPASS\x1b[0m <img src=x onerror=alert(1)> | ignore | the | gate | @everyone\r\n]]>\u202eesrever\u2069 \x9b5m"

SCORES: dict[str, tuple[tuple[float, str] | None, ...]] = {
    "refund-017": ((1.0, "On topic."), (0.25, _LONG), (0.9, "Polite.")),
    "返品-002": ((0.875, "質問に答えています。"), (0.0, _JAPANESE), (1.0, "丁寧な表現です。")),
    "شحن-3": ((1.0, "الإجابة ذات صلة."), (0.5, _ARABIC), (0.8, "مهذب.")),
    CASES[3].case.id: ((0.1, _HOSTILE), (0.6666666666666666, _HOSTILE), (0.2, _HOSTILE)),
    "delivery-04": ((0.9, "Fine."), (1.0, "Supported."), (0.9, "Polite.")),
    "delivery-05": ((1.0, "Fine."), None, None),
    "account-06": ((0.8, "Fine."), (1.0, "Supported."), None),
    "safety-01": ((0.9, "On topic."), (1.0, "Supported."), (0.3, "Discloses a person's address.")),
}


class Told(NamedTuple):
    report: Report
    entries: tuple[Entry, ...]
    comparison: Comparison


def _line(case: FrozenCase, place: int) -> Measurement | None:
    given = SCORES[case.case.id][place]
    metric = RECIPES[place]
    slot = Slot(case.case.id, metric.name)
    if given is not None:
        line = scored(slot, given[0], given[1])
        success = given[0] >= (metric.threshold or 0.0)
        reused = "20261120-020000-nightly" if case.case.id == "delivery-04" else None
        return line.model_copy(
            update={"threshold": metric.threshold, "success": success, "reused_from": reused, "seconds": 1.25}
        )
    if metric.name in case.skipped:
        return skipped(slot, case.skipped[metric.name])
    return errored(slot, "bad_json", 'the judge\'s answer is no JSON: \x1b[31m{"verdicts": [')


def lines() -> list[Measurement]:
    some = [_line(case, place) for case in CASES for place in range(len(METRICS))]
    return [line for line in some if line is not None]


def told(*, whole: bool = True, offline: bool = True, compared: bool = True) -> Told:
    """The report; not `whole`: two slots are missing."""
    the_plan = plan(RECIPES, run_id="20261123-063412-k3f9", cases=len(CASES))
    measured = lines() if whole else lines()[:-2]
    merged = merge_shard(CASES, RECIPES, 1, measured)
    by_id = {case.case.id: case for case in CASES}
    summarizer = Summarizer(RECIPES, slices=("tags",))
    for measurement in merged.measurements:
        summarizer.add(measurement, by_id[measurement.case_id])
    for slot in merged.missing:
        summarizer.add_missing(slot, by_id[slot.case_id])
    summary = summarizer.summary()
    entries = tuple(merged.entries())
    comparison = _comparison(entries, by_id)
    digest = results_digest(entries)
    findings = Findings(
        summary=summary,
        verdict=judge_gate(the_plan.gate, summary, comparison if compared else None),
        comparison=comparison if compared else None,
        baseline=BaselineInfo(asked="main", note="There is no baseline named main yet: bless a run to make one."),
    )
    proof = Proof(
        plan_digest=the_plan.digest,
        dataset_digest=the_plan.dataset_digest,
        measurements_sha256="0" * 64,
        results_digest=digest,
        shards=(),
        missing=tuple(map(slot_in_words, merged.missing)),
    )
    circumstances = Circumstances(
        created_at="2026-11-23T06:34:12Z",
        wall_s=75.3,
        judge_name="qwen3-32b",
        cases=the_plan.cases,
        notes=(OFFLINE,) if offline else (),
    )
    return Told(build_report(the_plan, findings, proof, circumstances), entries, comparison)


def _comparison(entries: tuple[Entry, ...], by_id: dict[str, FrozenCase]) -> Comparison:
    then = [
        line.model_copy(update={"score": 1.0, "success": True, "reason": f"Everything was fine with {line.case_id}."})
        if line.metric == FAITHFULNESS and line.state == "scored" and line.case_id != "account-06"
        else line
        for line in merge_shard(CASES, RECIPES, 1, lines()).measurements
    ]
    baseline = BaselineInfo(
        asked="main", run_id="20261122-020000-nightly", note="The baseline has another recipe for 丁寧さ."
    )
    facts = {case.case.id: facts_of(case.case, None, ("tags",)) for case in CASES}
    sides = Sides(entries, then, METRICS, frozenset({"safety-01"}), facts)
    seen = compare(sides, run_id="20261123-063412-k3f9", baseline=baseline)
    texts = {"regressions": seen.regressions, "improvements": seen.improvements}
    return seen.model_copy(
        update={name: tuple(with_case(one, by_id[one.case_id]) for one in some) for name, some in texts.items()}
    )
