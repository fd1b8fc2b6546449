"""The offline judge in the socket of the real metrics: good answers pass, bad ones fail, the same way every time."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from deepeval_lab import METRICS, case_of, measure, resolve_template
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from evalfactory.judge.meter import Meter
from evalfactory.judge.offline import OfflineJudge
from evalfactory.judge.port import JudgeError, current_meter

ROOT = Path(__file__).parents[2]
HALUEVAL = ROOT.parent / "shared" / "data" / "halueval-qa.jsonl"

EN_CONTEXT = [
    "Unworn items can be returned within 30 days of delivery. The return label is free.",
    "Refunds are paid within 5 business days to the original payment method. Worn shoes cannot be returned.",
]
EN_ELSEWHERE = ["Our shop in Osaka opens at 10 on weekdays.", "Gift wrapping is offered for birthdays and weddings."]
EN: dict[str, Any] = {
    "input": "How many days do I have to return a pair of shoes?",
    "actual_output": "You can return unworn shoes within 30 days of delivery. The return label is free.",
    "expected_output": "Unworn items can be returned within 30 days of delivery, with a free return label.",
    "retrieval_context": EN_CONTEXT,
    "context": EN_CONTEXT,
}
JA_CONTEXT = [
    "未使用の商品は、到着後30日以内であれば返品できます。返送料は当店が負担いたします。",
    "返金は5営業日以内に、ご注文時のお支払い方法へ行います。使用済みの靴は返品できません。",
]
JA_ELSEWHERE = ["大阪店は平日10時に開店します。", "誕生日や結婚式のギフト包装を承っております。"]
JA: dict[str, Any] = {
    "input": "靴の返品は何日以内にすればよいですか。",
    "actual_output": "未使用の靴でしたら、到着後30日以内に返品できます。返送料は当店が負担いたします。",
    "expected_output": "未使用の商品は到着後30日以内に返品できる。返送料は当店負担。",
    "retrieval_context": JA_CONTEXT,
    "context": JA_CONTEXT,
}
CORRECTNESS: dict[str, Any] = {
    "criteria": "Is the actual output correct, given the expected output?",
    "evaluation_params": ["input", "actual_output", "expected_output"],
}
MANNERS: dict[str, Any] = {"criteria": "Is the answer polite (丁寧)?", "evaluation_params": ["input", "actual_output"]}

#: (language's good case, what makes it bad, metric, arguments)
BAD: list[tuple[dict[str, Any], dict[str, Any], str, dict[str, Any]]] = [
    (EN, {"actual_output": "We were founded in 1998 by two climbers. Visit the new café!"}, "answer_relevancy", {}),
    (EN, {"actual_output": "I'm sorry, I can't help with that."}, "answer_relevancy", {}),
    (EN, {"actual_output": "You can return unworn shoes within 90 days of delivery."}, "faithfulness", {}),
    (EN, {"actual_output": "Worn shoes can be returned."}, "faithfulness", {}),
    (EN, {"actual_output": "Refunds are paid in Bitcoin."}, "faithfulness", {}),
    (
        EN,
        {"actual_output": "Worn shoes can be returned within 60 days.", "context": EN_CONTEXT[1:]},
        "hallucination",
        {},
    ),
    (EN, {"retrieval_context": [*EN_ELSEWHERE, *EN_CONTEXT[:1]]}, "contextual_precision", {}),
    (EN, {"retrieval_context": EN_ELSEWHERE}, "contextual_recall", {}),
    (EN, {"retrieval_context": EN_ELSEWHERE[1:]}, "contextual_relevancy", {}),
    (EN, {"actual_output": "Shoes cannot be returned at all."}, "geval", CORRECTNESS),
    (EN, {"actual_output": "That is not my problem. Read the FAQ."}, "geval", MANNERS),
    (JA, {"actual_output": "当社は登山家が創業しました。新しいカフェにもお越しください。"}, "answer_relevancy", {}),
    (JA, {"actual_output": "申し訳ございませんが、お答えできかねます。"}, "answer_relevancy", {}),
    (JA, {"actual_output": "未使用の靴でしたら、到着後90日以内に返品できます。"}, "faithfulness", {}),
    (JA, {"actual_output": "使用済みの靴は返品できます。"}, "faithfulness", {}),
    (JA, {"actual_output": "使用済みの靴も60日以内なら返品できます。", "context": JA_CONTEXT[1:]}, "hallucination", {}),
    (JA, {"retrieval_context": [*JA_ELSEWHERE, *JA_CONTEXT[:1]]}, "contextual_precision", {}),
    (JA, {"retrieval_context": JA_ELSEWHERE}, "contextual_recall", {}),
    (JA, {"retrieval_context": JA_ELSEWHERE[1:]}, "contextual_relevancy", {}),
    (JA, {"actual_output": "靴は返品できません。"}, "geval", CORRECTNESS),
    (JA, {"actual_output": "そんなことは知りません。自分で調べて。"}, "geval", MANNERS),
]


@pytest.mark.parametrize("case", [EN, JA], ids=["en", "ja"])
@pytest.mark.parametrize("metric", METRICS)
def test_a_good_answer_scores_above_the_middle(metric: str, case: dict[str, Any]) -> None:
    measured = measure(metric, case_of(**case), **(CORRECTNESS if metric == "geval" else {}))
    assert measured.score > 0.5, measured.reason


@pytest.mark.parametrize("case", [EN, JA], ids=["en", "ja"])
def test_a_good_answer_meets_strict_criteria(case: dict[str, Any]) -> None:
    assert measure("geval", case_of(**case), **CORRECTNESS, strict_mode=True).score == 1


@pytest.mark.parametrize(("good", "change", "metric", "args"), BAD)
def test_a_bad_answer_scores_below_the_middle_and_says_why(
    good: dict[str, Any], change: dict[str, Any], metric: str, args: dict[str, Any]
) -> None:
    measured = measure(metric, case_of(**{**good, **change}), **args)
    assert measured.score < 0.5, measured.reason
    assert measured.reason.endswith("(offline judge: words only).")


def test_a_reason_names_what_is_wrong() -> None:
    wrong_number = case_of(**{**EN, "actual_output": "Unworn items can be returned within 90 days of delivery."})
    assert "number 90" in measure("faithfulness", wrong_number).reason
    strange_name = case_of(**{**EN, "actual_output": "Refunds are paid by Western Union."})
    assert "'western', 'union'" in measure("faithfulness", strange_name).reason


def test_a_number_of_another_kind_does_not_save_a_wrong_one() -> None:
    context = ["Standard shipping takes 3 days.", "Express shipping takes 1 day."]
    swapped = case_of(actual_output="Express shipping takes 3 days.", retrieval_context=context)
    assert measure("faithfulness", swapped).score == 0


SCRIPTS = st.sampled_from((
    "Return it. ", "返品できます。", "サポートに連絡", "可以退货。", "คืนสินค้าได้ ", "يمكن الإرجاع. ", "אפשר להחזיר. ",
    "반품할 수 있습니다. ", "वापसी संभव है। ", "Вернуть можно. ", "🙂🎉", "👩\u200d👧", "30日", "１２３", "٣ أيام ", "...", "？！", "\u200f",
    "\x00", "e\u0301", "\n",
))  # fmt: skip
TEXTS = (st.lists(SCRIPTS, min_size=1, max_size=5).map("".join) | st.text(min_size=1, max_size=30)).filter(str.strip)


@given(TEXTS, TEXTS, TEXTS)
@settings(max_examples=25, deadline=None)
def test_any_script_is_judged(question: str, output: str, context: str) -> None:
    case = case_of(
        input=question, actual_output=output, expected_output=output, retrieval_context=[context], context=[context]
    )
    for metric in METRICS:
        assert 0 <= measure(metric, case, **(CORRECTNESS if metric == "geval" else {})).score <= 1


@given(st.lists(TEXTS, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_an_answer_that_repeats_its_context_is_faithful(context: list[str]) -> None:
    case = case_of(actual_output="\n".join(context), retrieval_context=context, context=context)
    assert measure("faithfulness", case).score == 1
    assert measure("hallucination", case).score == 1


class Verdict(BaseModel):
    verdict: str
    reason: str | None = None


class Verdicts(BaseModel):
    verdicts: list[Verdict]


def relevancy_prompt(case: dict[str, Any]) -> str:
    stated = [case["actual_output"], "Über uns", "何か"]
    kind = ("metrics", "AnswerRelevancyMetric", "generate_verdicts")
    return str(resolve_template(*kind, input=case["input"], statements=stated))


IN_ANOTHER_PROCESS = """
import asyncio, hashlib, json, sys
from pydantic import BaseModel
from evalfactory.judge.offline import OfflineJudge
class Answer(BaseModel, extra="allow"): pass
answers = [asyncio.run(OfflineJudge().ask(prompt, Answer)).model_dump_json() for prompt in json.load(sys.stdin)]
assert "deepeval" not in sys.modules
print(hashlib.sha256("".join(answers).encode()).hexdigest())
"""


def test_every_process_gives_the_same_answers() -> None:
    prompts: list[str] = []
    for case in (EN, JA, *({**good, **change} for good, change, *_ in BAD)):
        for metric in METRICS:
            measure(metric, case_of(**case), keeping(prompts), **(CORRECTNESS if metric == "geval" else {}))
    digests = {
        subprocess.run(
            [sys.executable, "-c", IN_ANOTHER_PROCESS],
            input=json.dumps(prompts),
            env={"PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    assert len(prompts) > 300
    assert digests != {hashlib.sha256(b"").hexdigest()}


def keeping(prompts: list[str]) -> Any:
    async def ask(prompt: str, schema: Any) -> Any:
        prompts.append(prompt)
        return await OfflineJudge().ask(prompt, schema)

    return ask


def test_each_call_is_charged_and_costs_nothing() -> None:
    async def ask_twice() -> Meter:
        meter = Meter(0.0)
        meter.trace = []
        current_meter.set(meter)
        judge = OfflineJudge()
        for case in (EN, JA):
            await judge.ask(relevancy_prompt(case), Verdicts)
        await judge.close()
        return meter

    meter = asyncio.run(ask_twice())
    assert (meter.usage.calls, meter.usage.input_tokens, meter.usage.output_tokens) == (2, 0, 0)
    assert meter.usage.cost_usd == 0
    assert meter.trace is not None
    assert [tell()["prompt"] for tell in meter.trace] == [relevancy_prompt(EN), relevancy_prompt(JA)]


def test_an_answer_is_an_instance_of_the_wanted_schema() -> None:
    answered = asyncio.run(OfflineJudge().ask(relevancy_prompt(JA), Verdicts))
    assert isinstance(answered, Verdicts)
    assert [verdict.verdict for verdict in answered.verdicts] == ["yes", "borderline", "no"]


def test_a_schema_that_does_not_fit_is_refused() -> None:
    class Surprise(BaseModel):
        surprise: int

    with pytest.raises(JudgeError, match="no Surprise"):
        asyncio.run(OfflineJudge().ask(relevancy_prompt(EN), Surprise))
    with pytest.raises(JudgeError, match="given form"):
        asyncio.run(OfflineJudge().ask(relevancy_prompt(EN), None))


@pytest.mark.skipif(not HALUEVAL.exists(), reason="the HaluEval sample is not beside the repository")
def test_right_answers_are_told_from_hallucinated_ones_more_often_than_not() -> None:
    with HALUEVAL.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for _, line in zip(range(150), lines, strict=False)]
    right_way = wrong_way = 0
    for row in rows:
        scores = [
            measure("faithfulness", case_of(actual_output=row[kind], retrieval_context=[row["knowledge"]])).score
            for kind in ("right_answer", "hallucinated_answer")
        ]
        right_way += scores[0] > scores[1]
        wrong_way += scores[0] < scores[1]
    assert right_way > 5 * wrong_way
    assert right_way > len(rows) / 3
