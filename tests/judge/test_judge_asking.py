"""What a judge sends and how it takes the answers, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

from evalfactory.errors import EnvironmentProblem, InputError
from evalfactory.judge.client import open_judge
from evalfactory.judge.port import Judge, JudgeError, Paced
from evalfactory.records.suite import JudgeSpec, Price
from scripted_endpoint import QUICK, Asked, Bytes, ScriptedEndpoint, in_turn, metered, say, with_judge


class Score(BaseModel):
    score: float


class Other(BaseModel):
    text: str


def test_a_request_says_what_the_suite_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_API_KEY", " sk-secret\n")
    monkeypatch.setenv("TEAM", "blue")
    endpoint = ScriptedEndpoint(in_turn(say('{"score": 1}')))
    answer = with_judge(
        endpoint,
        lambda judge: judge.ask("how good?\ud800", Score),
        api_key_env="JUDGE_API_KEY",
        headers={"X-Team": "team ${TEAM}", "accept": "*/*"},
        query={"api-version": "2026-01-01"},
        temperature=0.5,
        seed=3,
        max_tokens=100,
        extra_body={"top_k": 1, "chat_template_kwargs": {"enable_thinking": False}},
    )
    assert answer == Score(score=1)
    [asked] = endpoint.asked
    assert asked.path == "/v1/chat/completions?api-version=2026-01-01"
    assert asked.headers["authorization"] == "Bearer sk-secret"
    assert asked.headers["x-team"] == "team blue"
    assert asked.headers["accept"] == "*/*"
    assert asked.headers["content-type"] == "application/json"
    assert asked.body == {
        "model": "m",
        "temperature": 0.5,
        "seed": 3,
        "max_tokens": 100,
        "top_k": 1,
        "chat_template_kwargs": {"enable_thinking": False},
        "messages": [{"role": "user", "content": "how good??"}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "Score",
                "strict": True,
                "schema": {
                    "type": "object",
                    "properties": {"score": {"type": "number"}},
                    "required": ["score"],
                    "additionalProperties": False,
                },
            },
        },
    }


def test_what_a_model_refuses_can_be_left_out() -> None:
    endpoint = ScriptedEndpoint(in_turn(say("words")))
    assert (
        with_judge(endpoint, lambda judge: judge.ask("p", None), temperature=None, max_completion_tokens=5) == "words"
    )
    assert endpoint.asked[0].body == {
        "model": "m", "max_completion_tokens": 5, "messages": [{"role": "user", "content": "p"}],
    }  # fmt: skip
    assert "authorization" not in endpoint.asked[0].headers


@pytest.mark.parametrize(("kind", "sent"), [("json_object", {"type": "json_object"}), ("none", None)])
def test_a_schema_that_is_not_sent_is_told(kind: str, sent: object) -> None:
    endpoint = ScriptedEndpoint(in_turn(say('```json\n{"score": 1}\n```')))
    assert with_judge(endpoint, lambda judge: judge.ask("p", Score), response_format=kind) == Score(score=1)
    asked = endpoint.asked[0]
    assert asked.body.get("response_format") == sent
    assert asked.prompt.startswith("p\n\n")
    assert '"required":["score"]' in asked.prompt
    assert "JSON" in asked.prompt


def test_a_response_format_of_the_users_own_is_kept_and_the_schema_told() -> None:
    endpoint = ScriptedEndpoint(in_turn(say('{"score": 1}')))
    with_judge(endpoint, lambda judge: judge.ask("p", Score), extra_body={"response_format": {"type": "grammar"}})
    assert endpoint.asked[0].body["response_format"] == {"type": "grammar"}
    assert '"required":["score"]' in endpoint.asked[0].prompt


@pytest.mark.parametrize("end", ["", "/", "/chat/completions"])
def test_a_base_url_may_end_in_any_usual_way(end: str) -> None:
    async def ask_at() -> str:
        async with ScriptedEndpoint(in_turn(say("hi"))) as endpoint:
            judge = open_judge(JudgeSpec(model="m", base_url=endpoint.url + end), policy=QUICK)
            await judge.ask("p", None)
            await judge.close()
            return endpoint.asked[0].path

    assert asyncio.run(ask_at()) == "/v1/chat/completions"


def test_an_unfit_answer_is_asked_for_again_with_what_is_wrong() -> None:
    endpoint = ScriptedEndpoint(in_turn(say('{"score": "high"}'), say("<think>hm"), say('{"score": 0.25}')))

    async def do(judge: Judge) -> tuple[Any, Any]:
        with metered() as meter:
            return await judge.ask("p", Score), meter.usage

    answer, usage = with_judge(endpoint, do, price=Price(input=1.0, output=2.0))
    assert answer == Score(score=0.25)
    assert (usage.calls, usage.retries, usage.reasks) == (3, 0, 2)
    assert (usage.input_tokens, usage.output_tokens) == (300, 30)
    assert usage.cost_usd == pytest.approx(360e-6)
    again = endpoint.asked[1].body["messages"]
    assert [message["role"] for message in again] == ["user", "assistant", "user"]
    assert again[0] == endpoint.asked[0].body["messages"][0]
    assert again[1]["content"] == '{"score": "high"}'
    assert "score: Input should be a valid number" in again[2]["content"]
    assert '"required":["score"]' in again[2]["content"]
    assert len(endpoint.asked[2].body["messages"]) == 3  # the last answer only, not a growing heap


def test_an_answer_that_never_fits_is_an_error_of_that_call() -> None:
    endpoint = ScriptedEndpoint(in_turn(say("no idea" * 10_000)))
    with pytest.raises(JudgeError, match="4 times: it holds no complete JSON object") as caught:
        with_judge(endpoint, lambda judge: judge.ask("p", Score))
    assert caught.value.error_class == "bad_json"
    assert caught.value.where == "judge"
    assert len(endpoint.asked) == 4
    assert len(endpoint.asked[1].body["messages"][1]["content"]) == 4000


def test_an_answer_that_is_cut_short_names_the_remedy() -> None:
    endpoint = ScriptedEndpoint(in_turn(say('{"scor', finish="length")))
    with pytest.raises(JudgeError, match=r"cut short.*max_tokens") as caught:
        with_judge(endpoint, lambda judge: judge.ask("p", Score))
    assert caught.value.error_class == "bad_json"
    assert "Be brief" in endpoint.asked[1].body["messages"][1]["content"]


def test_a_cut_answer_that_fits_all_the_same_is_taken() -> None:
    endpoint = ScriptedEndpoint(in_turn(say('{"score": 1}', finish="length")))
    assert with_judge(endpoint, lambda judge: judge.ask("p", Score)) == Score(score=1)


def test_empty_words_are_no_answer_either() -> None:
    endpoint = ScriptedEndpoint(in_turn(say("<think>…</think>"), say("steps")))
    assert with_judge(endpoint, lambda judge: judge.ask("p", None)) == "steps"


@pytest.mark.parametrize("filtered", [say(None, refusal="I cannot help."), say("", finish="content_filter")])
def test_a_model_that_declines_is_a_content_filter_and_is_not_asked_again(filtered: Bytes) -> None:
    endpoint = ScriptedEndpoint(in_turn(filtered))
    with pytest.raises(JudgeError) as caught:
        with_judge(endpoint, lambda judge: judge.ask("p", Score))
    assert caught.value.error_class == "content_filter"
    assert len(endpoint.asked) == 1


def test_nothing_unstorable_reaches_anybody() -> None:
    endpoint = ScriptedEndpoint(in_turn(say("a\ud83d b\x00")))
    assert with_judge(endpoint, lambda judge: judge.ask("p", None)) == "a\ufffd b\ufffd"


def test_each_call_is_charged_to_the_measurement_that_caused_it() -> None:
    endpoint = ScriptedEndpoint(lambda asked: say("x", tokens=(len(asked.prompt), 1)))

    async def do(judge: Judge) -> tuple[list[Any], Any]:
        async def measure(size: int) -> Any:
            with metered() as meter:
                await asyncio.gather(*(judge.ask("p" * size, None) for _ in range(3)))
                return meter.usage, len(meter.tasks)

        charged = await asyncio.gather(*(measure(size) for size in (1, 10, 100)))
        await judge.ask("outside of any measurement", None)
        assert isinstance(judge, Paced)
        return charged, judge.usage

    charged, total = with_judge(endpoint, do)
    assert [usage.input_tokens for usage, _ in charged] == [3, 30, 300]
    assert [(usage.calls, tasks) for usage, tasks in charged] == [(3, 3)] * 3
    assert total.calls == 10


def test_an_answer_without_usage_counts_as_a_call_without_tokens() -> None:
    async def do(judge: Judge) -> Any:
        with metered() as meter:
            await judge.ask("p", None)
            return meter.usage

    usage = with_judge(ScriptedEndpoint(in_turn(say("x", tokens=None))), do)
    assert (usage.calls, usage.input_tokens, usage.output_tokens) == (1, 0, 0)


def test_a_traced_call_shows_every_prompt_and_every_raw_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "sk-very-secret")
    script = in_turn(Bytes(b"sk-very-secret is down", 502), say("<think>a</think> no"), say('{"score": 1}'))
    endpoint = ScriptedEndpoint(script)

    async def do(judge: Judge) -> Any:
        with metered(trace=True) as meter:
            await judge.ask("how good?", Score)
            return [tell() for tell in meter.trace or ()]

    trace = with_judge(endpoint, do, api_key_env="KEY")
    assert [told["outcome"] for told in trace] == ["fault", "answered", "answered"]
    assert [told["status"] for told in trace] == [502, 200, 200]
    assert [told["answer"] for told in trace] == ["HTTP 502: [key] is down", "<think>a</think> no", '{"score": 1}']
    assert all(told["prompt"] == "how good?" and told["schema"] == "Score" for told in trace)
    assert [len(told["messages"]) for told in trace] == [1, 1, 3]
    assert all(told["seconds"] >= 0 for told in trace)
    assert "very-secret" not in json.dumps(trace)


def test_a_missing_key_is_named_before_anything_is_sent() -> None:
    with pytest.raises(EnvironmentProblem, match="NO_SUCH_KEY"):
        open_judge(JudgeSpec(model="m", api_key_env="NO_SUCH_KEY"))


def test_a_header_that_would_break_the_request_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWO_LINES", "a\nb: c")
    with pytest.raises(InputError, match="X-Odd"):
        open_judge(JudgeSpec(model="m", headers={"X-Odd": "${TWO_LINES}"}))


@pytest.mark.parametrize("name", ["messages", "stream", "n"])
def test_an_extra_body_that_changes_the_conversation_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"extra_body.{name}"):
        open_judge(JudgeSpec(model="m", extra_body={name: [2]}))


def test_the_offline_judge_is_opened_by_the_same_door() -> None:
    judge = open_judge(JudgeSpec(kind="offline", model="offline"))
    assert not isinstance(judge, Paced)
    asyncio.run(judge.close())


def test_many_schemas_in_one_judge_do_not_get_mixed_up() -> None:
    def script(asked: Asked) -> Bytes:
        wanted = asked.body["response_format"]["json_schema"]["name"]
        return say('{"score": 1}' if wanted == "Score" else '{"text": "t"}')

    async def do(judge: Judge) -> list[Any]:
        return [await judge.ask("p", schema) for schema in (Score, Other, Score, Other)]

    answers = with_judge(ScriptedEndpoint(script), do)
    assert [type(answer).__name__ for answer in answers] == ["Score", "Other", "Score", "Other"]
