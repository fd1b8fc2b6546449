"""Systems under test over real HTTP."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from evalfactory.errors import EnvironmentProblem, InputError, RefusedError, UnavailableError
from evalfactory.judge.port import CallError, Paced
from evalfactory.records.case import Case, ToolCall, Turn
from evalfactory.records.suite import ChatTarget, HttpTarget, Price, TargetSpec
from evalfactory.target.opening import frozen_target, open_target
from evalfactory.target.port import Produced, Target, TargetError
from scripted_endpoint import QUICK, Action, Asked, Bytes, ScriptedEndpoint, error, in_turn, metered, say

CASE = Case(id="c1", input="how?", context=("a", "b"), metadata={"lang": "ja"})


def told(**answer: Any) -> Bytes:
    return Bytes(json.dumps(answer).encode())


def with_target(
    endpoint: ScriptedEndpoint,
    spec: Callable[[str], TargetSpec],
    do: Callable[[Target], Awaitable[Any]] | None = None,
    folder: Path = Path(),
    **more: Any,
) -> Any:
    """What `do` returns, given the target at the endpoint's address; by default its output for `CASE`."""

    async def run() -> Any:
        async with endpoint:
            target = open_target(spec(endpoint.url), folder=folder, policy=QUICK, rng=random.Random(1), **more)
            try:
                return await (do(target) if do else target.produce(CASE))
            finally:
                await target.close()

    return asyncio.run(run())


def test_any_http_endpoint_is_asked_and_read_as_the_suite_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_KEY", "bot-secret")
    monkeypatch.setenv("TENANT", "blue")
    answer = told(
        reply={"text": "so"},
        hits=[{"text": "x"}, {"text": "y"}],
        calls=[{"name": "search", "args": {"q": 1}}],
        usd=0.25,
    )
    endpoint = ScriptedEndpoint(in_turn(answer))

    async def do(target: Target) -> Any:
        with metered() as meter:
            return await target.produce(CASE), meter.usage

    produced, usage = with_target(
        endpoint,
        lambda url: HttpTarget(
            url=f"{url}/ask?v=1",
            request={"q": "{{input}}", "docs": "{{context}}", "opts": {"lang": "l={{metadata.lang}}", "n": 3}},
            headers={"X-Tenant": "${TENANT}"},
            api_key_env="BOT_KEY",
            output="reply.text",
            retrieval_context="hits.*.text",
            tools_called="calls",
            cost="usd",
        ),
        do,
    )
    assert produced == Produced("so", ("x", "y"), (ToolCall(name="search", input_parameters={"q": 1}),))
    assert (usage.calls, usage.cost_usd) == (1, 0.25)
    [asked] = endpoint.asked
    assert asked.path == "/v1/ask?v=1"
    assert asked.body == {"q": "how?", "docs": ["a", "b"], "opts": {"lang": "l=ja", "n": 3}}
    assert asked.headers["authorization"] == "Bearer bot-secret"
    assert asked.headers["x-tenant"] == "blue"


def test_a_get_sends_its_request_as_a_query() -> None:
    endpoint = ScriptedEndpoint(in_turn(told(output="so")))
    request = {"q": "{{input}} & more", "docs": "{{context}}", "gone": "{{scenario}}", "n": 3}
    with_target(endpoint, lambda url: HttpTarget(url=f"{url}/ask", method="GET", request=request))
    assert endpoint.asked[0].path == "/v1/ask?q=how?+%26+more&docs=%5B%22a%22,+%22b%22%5D&n=3"
    assert endpoint.asked[0].body is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (told(answer="so"), "the answer has no 'output', only 'answer'"),
        (told(output="  ", hits=[]), "the output is empty"),
        (told(output=None, hits=[]), "the output is empty"),
        (told(output="so"), "the answer has no 'hits'"),
        (told(output="so", hits=7), "the retrieval context is an int"),
    ],
)
def test_an_answer_without_what_is_due_is_an_error_and_no_output(answer: Action, words: str) -> None:
    endpoint = ScriptedEndpoint(in_turn(answer))
    with pytest.raises(TargetError, match=words) as caught:
        with_target(endpoint, lambda url: HttpTarget(url=url, retrieval_context="hits"))
    assert caught.value.error_class == "bad_json"
    assert caught.value.where == "target"
    assert isinstance(caught.value, CallError)
    assert len(endpoint.asked) == 1


def test_a_system_that_called_no_tools_may_leave_the_list_out() -> None:
    endpoint = ScriptedEndpoint(in_turn(told(output="so"), told(output="so", tools=None)))

    async def do(target: Target) -> Any:
        return [(await target.produce(CASE)).tools_called for _ in range(2)]

    assert with_target(endpoint, lambda url: HttpTarget(url=url, tools_called="tools", cost="usd"), do) == [(), ()]


def test_a_target_is_retried_like_a_judge_and_its_tries_are_charged_to_it() -> None:
    endpoint = ScriptedEndpoint(
        in_turn(error(503), error(429, headers={"Retry-After": "0.01"}), Bytes(b"<p>"), told(output="so"))
    )

    async def do(target: Target) -> Any:
        with metered(trace=True) as meter:
            produced = await target.produce(CASE)
            return produced.actual_output, meter.usage, [tell() for tell in meter.trace or ()]

    output, usage, trace = with_target(endpoint, lambda url: HttpTarget(url=url), do)
    assert (output, usage.calls, usage.retries) == ("so", 4, 3)
    assert [one["outcome"] for one in trace] == ["fault", "throttled", "fault", "answered"]
    assert trace[-1]["request"] == {"input": "how?"}
    assert trace[-1]["answer"] == '{"output": "so"}'


def test_a_thing_that_the_target_does_not_know_is_an_error_of_that_case_alone() -> None:
    def script(asked: Asked) -> Action:
        return error(404, "no such order") if asked.body["input"] == "p0" else told(output="so")

    async def do(target: Target) -> Any:
        cases = [Case(id=str(n), input=f"p{n}") for n in range(4)]
        return await asyncio.gather(*(target.produce(case) for case in cases), return_exceptions=True)

    first, *rest = with_target(ScriptedEndpoint(script), lambda url: HttpTarget(url=url, max_in_flight=1), do)
    assert isinstance(first, TargetError)
    assert "no such order" in str(first)
    assert [produced.actual_output for produced in rest] == ["so"] * 3


def test_a_target_that_is_gone_leaves_its_cases_pending() -> None:
    with pytest.raises(UnavailableError, match=r"the target at http.* last: HTTP 502"):
        with_target(ScriptedEndpoint(in_turn(error(502))), lambda url: HttpTarget(url=url, outage_s=0.05))


def test_a_target_that_refuses_the_key_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_KEY", "bot-secret")
    with pytest.raises(RefusedError, match=r"the target at .* refuses the key in BOT_KEY"):
        with_target(ScriptedEndpoint(in_turn(error(401))), lambda url: HttpTarget(url=url, api_key_env="BOT_KEY"))


def test_a_target_keeps_limits_of_its_own_and_its_share_of_them() -> None:
    endpoint = ScriptedEndpoint(in_turn(told(output="so")))

    async def do(target: Target) -> Any:
        assert isinstance(target, Paced)
        await asyncio.gather(*(target.produce(CASE) for _ in range(50)))
        return target.usage.calls

    assert with_target(endpoint, lambda url: HttpTarget(url=url, max_in_flight=6), do, share=0.5) == 50
    assert endpoint.peak <= 3


@pytest.mark.parametrize("kind", ["http", "chat"])
def test_a_conversation_and_a_case_without_a_wanted_field_are_refused_clearly(kind: str, tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("{{expected_output}}")
    conversation = Case(id="t", turns=(Turn(role="user", content="hi"),))

    def spec(url: str) -> TargetSpec:
        if kind == "http":
            return HttpTarget(url=url, request={"q": "x {{expected_output}}"})
        return ChatTarget(model="m", base_url=url, prompt="p.txt")

    async def do(target: Target) -> list[Any]:
        return [*await asyncio.gather(target.produce(conversation), target.produce(CASE), return_exceptions=True)]

    endpoint = ScriptedEndpoint(in_turn(say("x")))
    turns, lacking = with_target(endpoint, spec, do, tmp_path)
    assert isinstance(turns, TargetError)
    assert "single-turn" in str(turns)
    assert turns.error_class == "data"
    assert isinstance(lacking, TargetError)
    assert "the case has no expected_output" in str(lacking)
    assert lacking.error_class == "data"
    assert endpoint.asked == []


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    (tmp_path / "answer.txt").write_text("\ufeffUse this:\n{{context}}\nQ: {{input}}", encoding="utf-8")
    (tmp_path / "system.txt").write_text("Speak {{metadata.lang}}.", encoding="utf-8")
    return tmp_path


def test_a_chat_gets_the_engineers_prompt_and_says_what_it_cost(prompts: Path) -> None:
    endpoint = ScriptedEndpoint(in_turn(say("<think>hm</think>so")))

    async def do(target: Target) -> Any:
        with metered() as meter:
            return await target.produce(CASE), meter.usage

    price = Price(input=1.0, output=1.0)
    produced, usage = with_target(
        endpoint,
        lambda url: ChatTarget(
            model="m", base_url=url, prompt="answer.txt", system="system.txt", price=price, max_tokens=9
        ),
        do,
        prompts,
    )
    assert produced == Produced("so")
    assert (usage.calls, usage.input_tokens, usage.cost_usd) == (1, 100, pytest.approx(110e-6))
    assert endpoint.asked[0].path == "/v1/chat/completions"
    assert endpoint.asked[0].body == {
        "model": "m",
        "temperature": 0.0,
        "max_tokens": 9,
        "messages": [
            {"role": "system", "content": "Speak ja."},
            {"role": "user", "content": "Use this:\na\n\nb\nQ: how?"},
        ],
    }


def test_a_frozen_chat_needs_no_files_any_more(prompts: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    endpoint = ScriptedEndpoint(in_turn(say("so")))
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def spec(url: str) -> TargetSpec:
        return frozen_target(ChatTarget(model="m", base_url=url, prompt="answer.txt", system="system.txt"), prompts)

    assert with_target(endpoint, spec, folder=elsewhere) == Produced("so")
    assert endpoint.asked[0].body["messages"][0]["content"] == "Speak ja."


@pytest.mark.parametrize(
    ("answer", "error_class", "words"),
    [
        (say("  "), "bad_json", "the output is empty"),
        (say("<think>…", finish="length"), "bad_json", "raise max_tokens"),
        (say(None, refusal="I will not"), "content_filter", "I will not"),
        (error(400, "maximum context length"), "context_length", "maximum context"),
    ],
)
def test_a_chat_that_says_nothing_usable_is_an_error(
    prompts: Path, answer: Action, error_class: str, words: str
) -> None:
    with pytest.raises(TargetError, match=words) as caught:
        with_target(
            ScriptedEndpoint(in_turn(answer)),
            lambda url: ChatTarget(model="m", base_url=url, prompt="answer.txt"),
            folder=prompts,
        )
    assert caught.value.error_class == error_class


def test_what_a_chat_says_of_thinking_later_in_its_answer_is_left_alone(prompts: Path) -> None:
    text = "Models may write <think> first."
    spec = ChatTarget(model="m", prompt="answer.txt")
    endpoint = ScriptedEndpoint(in_turn(say(text)))
    produced = with_target(endpoint, lambda url: spec.model_copy(update={"base_url": url}), folder=prompts)
    assert produced.actual_output == text


def test_what_is_missing_is_told_when_the_target_is_opened(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="NO_SUCH_KEY"):
        open_target(HttpTarget(url="http://bot", api_key_env="NO_SUCH_KEY"), folder=tmp_path)
    with pytest.raises(InputError, match=r"gone\.txt"):
        open_target(ChatTarget(model="m", prompt="gone.txt"), folder=tmp_path)
