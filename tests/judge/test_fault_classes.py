from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.judge.chat import read_completion
from evalfactory.judge.faults import classify
from evalfactory.judge.outcomes import Answered, Barred, Denied, Fault, Outcome, Reply, Throttled
from evalfactory.records.suite import Price


def seen(status: int, body: Any = None, headers: dict[str, str] | None = None) -> Outcome[Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return classify(Reply(status, headers or {}, content), 0.0, is_model=True)


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (400, {"error": {"message": "bad", "code": "context_length_exceeded"}}, Denied("context_length", "")),
        (400, {"error": {"message": "This model's maximum context length is 8192 tokens"}}, Denied("context_length", "")),
        (400, {"object": "error", "message": "The prompt is too long: 9000 > 8192", "code": 400}, Denied("context_length", "")),
        (413, b"<html>Request Entity Too Large</html>", Denied("context_length", "")),
        (400, {"error": {"code": "content_filter", "message": "filtered"}}, Denied("content_filter", "")),
        (400, {"error": {"message": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, Denied("content_filter", "")),
        (403, {"error": {"message": "your input was flagged by moderation"}}, Denied("content_filter", "")),
        (400, {"error": {"message": "temperature is not supported"}}, Denied("server", "")),
        (422, {"detail": [{"loc": ["body"], "msg": "wrong"}]}, Denied("server", "")),
        (429, {"error": {"message": "Request too large for m on tokens per min"}}, Denied("rate_limit", "")),
        (429, {"error": {"code": "insufficient_quota", "message": "no money"}}, Fault("rate_limit", "")),
        (402, {"error": {"message": "pay"}}, Fault("rate_limit", "")),
        (429, {"error": {"message": "slow down"}}, Throttled("")),
        (429, b"", Throttled("")),
        (401, {"error": {"message": "wrong key"}}, Barred("auth", "")),
        (403, {"error": {"message": "not for you"}}, Barred("auth", "")),
        (404, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, Barred("server", "")),
        (400, {"error": {"message": "model 'gpt-4.1' not found, try pulling it"}}, Barred("server", "")),
        (404, b"<html>default backend</html>", Fault("server", "")),
        (302, b"", Barred("server", "")),
        (408, b"", Fault("timeout", "")),
        (409, {"error": "busy"}, Fault("server", "")),
        (425, b"", Fault("server", "")),
        (407, b"", Fault("network", "")),
        (500, {"error": {"message": "boom"}}, Fault("server", "")),
        (503, b"<html>", Fault("server", "")),
        (529, {"error": {"message": "overloaded"}}, Fault("server", "")),
    ],
)  # fmt: skip
def test_every_status_has_its_class_and_its_remedy(status: int, body: Any, wanted: Outcome[Any]) -> None:
    outcome = seen(status, body)
    assert type(outcome) is type(wanted)
    assert getattr(outcome, "error_class", None) == getattr(wanted, "error_class", None)


def test_a_system_under_test_may_not_know_one_thing_without_being_gone() -> None:
    reply = Reply(404, {}, b'{"detail": "no such customer"}')
    assert classify(reply, 0.0, is_model=False) == Denied("server", "HTTP 404: no such customer")


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("Invalid parameter: 'response_format' of type 'json_schema' is not supported", "json_object"),
        (
            "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            "`max_completion_tokens` instead",
        ),
        ("Unsupported value: 'temperature' does not support 0.0", "temperature: null"),
    ],
)
def test_what_an_endpoint_does_not_know_comes_with_the_suites_way_around_it(words: str, remedy: str) -> None:
    outcome = seen(400, {"error": {"message": words}})
    assert isinstance(outcome, Denied)
    assert remedy in outcome.message
    assert outcome.message.endswith(words)


def test_a_wait_is_read_from_a_server_fault_too() -> None:
    assert seen(503, {"error": "later"}, {"retry-after": "3"}) == Fault("server", "HTTP 503: later", 3.0)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "boom", "code": "x", "type": "y"}}, "HTTP 500: boom · x · y"),
        ({"error": "boom"}, "HTTP 500: boom"),
        ({"message": "boom"}, "HTTP 500: boom"),
        ({"detail": [{"msg": "boom"}]}, 'HTTP 500: [{"msg": "boom"}]'),
        (["boom"], 'HTTP 500: ["boom"]'),
        (b"boom", "HTTP 500: boom"),
        (b"", "HTTP 500 without a word"),
    ],
)
def test_an_errors_words_are_found_in_every_shape_in_use(body: Any, words: str) -> None:
    outcome = seen(500, body)
    assert isinstance(outcome, Fault)
    assert outcome.message == words


@given(st.integers(300, 999), st.binary(max_size=60))
def test_no_reply_breaks_the_reading(status: int, body: bytes) -> None:
    outcome = classify(Reply(status, {}, body), 0.0, is_model=True)
    assert isinstance(outcome, Denied | Fault | Throttled | Barred)


def completion(body: Any) -> Outcome[Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_completion(Reply(200, {}, content), Price(input=2.0, output=10.0), 0.0)


def choice(**more: Any) -> dict[str, Any]:
    return {"choices": [{"finish_reason": "stop", "message": {"content": "hi"}, **more}]}


def test_a_completion_tells_its_words_and_what_they_cost() -> None:
    outcome = completion(choice() | {"usage": {"prompt_tokens": 1000, "completion_tokens": 100}})
    assert isinstance(outcome, Answered)
    assert outcome.value == ("hi", False)
    assert outcome.spent.input_tokens == 1000
    assert outcome.spent.output_tokens == 100
    assert outcome.spent.cost_usd == pytest.approx(0.003)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"", Fault("server", "")),
        (b"  <!doctype html><p>sign in", Fault("server", "")),
        (b'{"choices": [{"mess', Fault("bad_json", "")),
        (b"[" * 100_000, Fault("bad_json", "")),
        ([1], Fault("bad_json", "")),
        ({"choices": []}, Fault("bad_json", "")),
        ({"choices": [{"message": None}]}, Fault("bad_json", "")),
        ({"error": {"message": "busy", "code": 429}}, Throttled("")),
        ({"error": {"message": "upstream", "code": 502}}, Fault("server", "")),
        ({"error": {"message": "upstream", "code": "odd"}}, Fault("server", "")),
        (choice(finish_reason="content_filter"), Denied("content_filter", "")),
        (choice(message={"content": None, "refusal": "I will not."}), Denied("content_filter", "")),
    ],
)
def test_a_success_without_words_is_taken_for_what_it_is(body: Any, wanted: Outcome[Any]) -> None:
    outcome = completion(body)
    assert type(outcome) is type(wanted)
    assert getattr(outcome, "error_class", None) == getattr(wanted, "error_class", None)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a", "a"),
        (None, ""),
        ([{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}], "ab"),
        (7, ""),
        ("\ud83d\x00", "\ufffd\ufffd"),
    ],
)
def test_contents_in_every_shape_become_storable_text(content: Any, words: str) -> None:
    outcome = completion(choice(message={"content": content}))
    assert isinstance(outcome, Answered)
    assert outcome.value.text == words


@pytest.mark.parametrize("usage", [None, [], {"prompt_tokens": "many"}, {"prompt_tokens": -5}, {"prompt_tokens": True}])
def test_odd_usage_counts_nothing(usage: Any) -> None:
    outcome = completion(choice() | {"usage": usage})
    assert isinstance(outcome, Answered)
    assert outcome.spent.input_tokens == outcome.spent.output_tokens == 0
    assert not outcome.spent.known
