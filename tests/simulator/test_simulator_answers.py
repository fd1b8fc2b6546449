from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.judge.simulator.answer import answer
from evalfactory.judge.simulator.bucket import Bucket
from evalfactory.judge.simulator.chat import BadRequest, read_chat, schema_in
from evalfactory.judge.simulator.fault import Fault, fault_of
from evalfactory.judge.simulator.latency import Latency, Shape, latency_s
from evalfactory.judge.simulator.telling import Doubted, Odds

VERDICT = {
    "type": "object",
    "properties": {"verdict": {"enum": ["yes", "no"]}, "reason": {"type": "string"}},
    "required": ["verdict"],
}
VERDICTS = {"type": "object", "properties": {"verdicts": {"type": "array", "items": VERDICT}}, "required": ["verdicts"]}
SCORE = {"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"]}


def chat(prompt: str, schema: Any = VERDICTS, *, more: tuple[tuple[str, str], ...] = (), **fields: Any) -> bytes:
    messages = [{"role": role, "content": text} for role, text in (("user", prompt), *more)]
    wanted = {"type": "json_schema", "json_schema": {"name": "A", "schema": schema}}
    return json.dumps({"model": "m", "messages": messages, "response_format": wanted, **fields}).encode()


def told(body: bytes, seed: int = 0, **odds: float) -> Any:
    return json.loads(answer(read_chat(body), seed, Odds(**odds)))


REASK = (("assistant", "{not json"), ("user", "That was no JSON: try again."))


@given(st.text(max_size=200), st.integers(0, 5))
def test_a_re_ask_is_answered_like_the_original_request(prompt: str, seed: int) -> None:
    original, again = read_chat(chat(prompt)), read_chat(chat(prompt, more=REASK, temperature=1.0))
    assert (original.digest, original.reask, again.reask) == (again.digest, False, True)
    assert answer(original, seed, Odds()) == answer(again, seed, Odds())


def test_model_prompt_system_message_and_schema_make_the_original_request() -> None:
    system = json.dumps(
        {"model": "m", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "p"}]}
    )
    bodies = [chat("p"), chat("q"), chat("p", SCORE), chat("p", model="n"), system.encode()]
    assert len({read_chat(body).digest for body in bodies}) == len(bodies)


def test_another_seed_gives_other_scores() -> None:
    scores = [
        [told(chat(f"case {n}, give an integer between 0 and 10", SCORE), seed)["score"] for n in range(40)]
        for seed in (1, 2)
    ]
    assert sum(one != other for one, other in zip(*scores, strict=True)) > 20
    assert all(0 <= score <= 10 and score == int(score) for row in scores for score in row)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_the_schema_is_found_where_the_prompt_tells_it(things: list[str]) -> None:
    prompt = f'Example: {{"verdicts": []}}\nClaims:\n{things!r}\n\nJSON:\n\nSchema: {json.dumps(VERDICTS)}'
    for response_format in ({"type": "json_object"}, {"type": "text"}, None):
        asked = read_chat(chat(prompt, response_format=response_format))
        assert asked.schema == VERDICTS
        assert len(json.loads(answer(asked, 0, Odds()))["verdicts"]) == len(things)


def test_without_a_schema_the_answer_is_a_sentence_and_in_json_mode_an_object() -> None:
    plain = answer(read_chat(chat("Why?", response_format=None)), 0, Odds())
    assert plain.endswith(".")
    assert "{" not in plain
    assert isinstance(told(chat("Why?", response_format={"type": "json_object"})), dict)


def test_a_schema_wrapped_in_another_object_is_found_and_broken_text_is_none() -> None:
    assert schema_in(f"use {json.dumps({'json_schema': {'schema': SCORE}})} please") == SCORE
    assert schema_in('{"properties": ') is None
    assert schema_in('{"properties": "of matter"}') is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no JSON object"),
        (b'{"messages": 3}', "messages"),
        (b'{"messages": [3]}', "message"),
        (b'{"messages": [{"role": "user", "content": 3}]}', "content"),
        (b'{"messages": [{"role": "system", "content": "x"}]}', "no user message"),
        (chat("p", stream=True), "stream"),
        (chat("p", "no schema"), "schema"),
    ],
)
def test_a_request_that_no_judge_answers_is_refused_with_the_reason(body: bytes, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        read_chat(body)


def test_a_schema_of_nonsense_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="cannot be filled"):
        told(chat("p", {"type": "object", "properties": ["a"]}))


def test_a_claim_that_quotes_a_doubted_text_is_doubted_with_the_stated_odds() -> None:
    odds = Odds(bad_share=0.0, pass_if_good=1.0, doubt=0.8)
    doubted = Doubted(["Mumbai is the capital. It is big."])

    def share(thing: str) -> float:
        bodies = [chat(f"{n}\nClaims:\n{[thing]}\n\nJSON:") for n in range(300)]
        verdicts = [json.loads(answer(read_chat(body), 7, odds, doubted))["verdicts"] for body in bodies]
        return [some[0]["verdict"] for some in verdicts].count("no") / len(verdicts)

    assert share("It is said that “Delhi is the capital.”") == 0
    assert 0.7 < share("It is said that “Mumbai is the capital.”") < 0.9


def test_a_whole_doubted_text_in_the_prompt_lowers_the_score() -> None:
    odds, doubted = Odds(bad_share=0.0, pass_if_good=1.0, doubt=1.0), Doubted(["It opens at ten.\nOn Mondays at noon."])
    asked = "Give a score between 0 and 1.\n\nActual Output:\nIt opens at {}.\nOn Mondays at noon.\n\nJSON:"

    def score(hour: str) -> float:
        return float(json.loads(answer(read_chat(chat(asked.format(hour), SCORE)), 0, odds, doubted))["score"])

    assert score("ten") < 0.5 < score("nine")


@given(st.integers(0, 9), st.binary(min_size=16, max_size=16), st.integers(0, 9), st.integers(0, 9))
def test_faults_depend_on_seed_request_and_try_and_end_in_time(
    seed: int, digest: bytes, nth_try: int, most: int
) -> None:
    shares = ((Fault.SERVER_ERROR, 0.5), (Fault.HTML, 0.5))
    once, again = (fault_of(shares, seed, digest, nth_try, max_faults_a_request=most) for _ in range(2))
    assert once == again
    assert (once is None) == (nth_try >= most)


def test_each_fault_has_its_share_of_the_tries() -> None:
    shares = ((Fault.SERVER_ERROR, 0.2), (Fault.HTML, 0.05))
    seen = [fault_of(shares, 1, n.to_bytes(16, "big"), 0, max_faults_a_request=3) for n in range(4000)]
    assert 0.18 < seen.count(Fault.SERVER_ERROR) / len(seen) < 0.22
    assert 0.04 < seen.count(Fault.HTML) / len(seen) < 0.06


def test_lognormal_latencies_have_the_stated_mean_and_depend_on_the_try() -> None:
    shape = Latency(Shape.LOGNORMAL, 0.3, 0.5)
    drawn = [latency_s(shape, 0, n.to_bytes(16, "big"), 0) for n in range(4000)]
    assert 0.28 < sum(drawn) / len(drawn) < 0.32
    assert latency_s(shape, 0, b"a", 0) == latency_s(shape, 0, b"a", 0) != latency_s(shape, 0, b"a", 1)
    assert latency_s(Latency(Shape.CONSTANT, 2.0), 0, b"a", 0) == 2.0
    assert latency_s(Latency(), 0, b"a", 0) == 0.0


@given(
    st.floats(0.1, 100),
    st.floats(1, 50),
    st.lists(st.tuples(st.floats(0, 5), st.floats(0.01, 1)), min_size=1, max_size=60),
)
def test_a_bucket_never_grants_more_than_burst_and_rate_allow_and_serves_who_waits_as_told(
    rate_per_s: float, burst: float, asked: list[tuple[float, float]]
) -> None:
    bucket, now_s, granted = Bucket(rate_per_s, burst, 0.0), 0.0, [(0.0, 0.0)]
    for pause_s, share in asked:
        now_s += pause_s
        wait_s = bucket.wait_s(now_s, share * burst)
        assert wait_s >= 0
        if wait_s > 0:
            now_s += wait_s + 1e-6
            assert bucket.wait_s(now_s, share * burst) == 0
        bucket.take(share * burst)
        granted.append((now_s, granted[-1][1] + share * burst))
    for start, (from_s, before) in enumerate(granted):
        for to_s, after in granted[start + 1 :]:
            assert after - before <= burst + rate_per_s * (to_s - from_s) + 1e-6 * burst


def test_more_than_a_whole_burst_is_granted_in_the_end_and_paid_for_afterwards() -> None:
    bucket = Bucket(1.0, 5.0, 0.0)
    assert bucket.wait_s(0.0, 20.0) == 0.0
    bucket.take(20.0)
    waits = [bucket.wait_s(now_s, 1.0) for now_s in (0.0, 10.0, 16.0)]
    assert waits == pytest.approx([16.0, 6.0, 0.0])
    assert all(earlier > later for earlier, later in pairwise(waits))
