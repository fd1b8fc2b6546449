from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from evalfactory.errors import UnavailableError
from evalfactory.judge.simulator import How, Outage, SimulatorOptions
from evalfactory.judge.simulator.fault import Fault
from evalfactory.judge.simulator.replies import HUGE_BYTES
from evalfactory.judge.simulator.server import serving

SCHEMA = {"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "A", "schema": SCHEMA}}
Session = aiohttp.ClientSession


@asynccontextmanager
async def judge(options: SimulatorOptions | None = None, *, connections: int = 100) -> AsyncIterator[Session]:
    """A client of a simulated judge on loopback."""
    async with (
        serving(options or SimulatorOptions()) as simulator,
        Session(simulator.base_url.removesuffix("v1"), connector=aiohttp.TCPConnector(limit=connections)) as session,
    ):
        yield session


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await story()

    asyncio.run(bounded())


def chat(prompt: str = "p", **fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": prompt}], "response_format": FORMAT, **fields}


async def posted(session: Session, prompt: str = "p", **fields: Any) -> tuple[int, str]:
    async with session.post("v1/chat/completions", json=chat(prompt, **fields)) as response:
        assert response.headers["x-simulated"] == "true"
        return response.status, await response.text()


async def counters(session: Session) -> dict[str, Any]:
    async with session.get("counters") as response:
        counted: dict[str, Any] = await response.json()
        return counted


def test_an_answer_is_a_chat_completion_that_says_what_it_is() -> None:
    async def story() -> None:
        async with judge() as session:
            status, text = await posted(session, "x" * 41)
            answer = json.loads(text)
            assert status == 200
            assert answer["object"] == "chat.completion"
            assert answer["system_fingerprint"] == answer["model"] == "evalfactory-judge-sim"
            assert answer["choices"][0]["finish_reason"] == "stop"
            assert set(json.loads(answer["choices"][0]["message"]["content"])) == {"score"}
            written = len(answer["choices"][0]["message"]["content"])
            assert answer["usage"]["prompt_tokens"] == 11
            assert answer["usage"]["completion_tokens"] == -(-written // 4)

    run(story)


def test_models_health_and_unknown_paths_are_answered() -> None:
    async def story() -> None:
        async with judge() as session:
            async with session.get("v1/models") as response:
                assert [each["id"] for each in (await response.json())["data"]] == ["evalfactory-judge-sim"]
            async with session.get("healthz") as response:
                assert (await response.json())["simulated"] is True
            async with session.get("nothing") as response:
                assert response.status == 404
            async with session.post("openai/deployments/x/chat/completions?api-version=1", json=chat()) as response:
                assert response.status == 200

    run(story)


def test_the_key_is_taken_as_openai_and_as_azure_send_it() -> None:
    async def story() -> None:
        async with judge(SimulatorOptions(expected_key="k")) as session:
            for headers, status in (({}, 401), ({"Authorization": "Bearer k"}, 200), ({"api-key": "k"}, 200)):
                async with session.post("v1/chat/completions", json=chat(), headers=headers) as response:
                    assert response.status == status

    run(story)


def answer_of(text: str) -> str:
    return str(json.loads(text)["choices"][0]["message"]["content"])


SEEN: dict[Fault, Callable[[int, str], bool]] = {
    Fault.SERVER_ERROR: lambda status, text: status == 500,
    Fault.UNAVAILABLE: lambda status, text: status == 503,
    Fault.RATE_LIMITED: lambda status, text: status == 429,
    Fault.FILTERED: lambda status, text: status == 400 and json.loads(text)["error"]["code"] == "content_filter",
    Fault.HTML: lambda status, text: status == 200 and text.startswith("<!DOCTYPE html>"),
    Fault.EMPTY: lambda status, text: status == 200 and text == "",
    Fault.HUGE: lambda status, text: status == 200 and len(text) == HUGE_BYTES,
    Fault.REFUSAL: lambda status, text: json.loads(text)["choices"][0]["finish_reason"] == "content_filter",
    Fault.TRUNCATED: lambda status, text: json.loads(text)["choices"][0]["finish_reason"] == "length",
    Fault.INVALID_JSON: lambda status, text: answer_of(text).endswith(",,"),
    Fault.WRONG_SCHEMA: lambda status, text: "score" not in json.loads(answer_of(text)),
    Fault.THINKING: lambda status, text: answer_of(text).startswith("<think>"),
    Fault.HANG: lambda status, text: status == 200 and "score" in json.loads(answer_of(text)),
}


@pytest.mark.parametrize("fault", SEEN)
def test_each_fault_looks_as_stated_and_the_next_try_is_answered(fault: Fault) -> None:
    async def story() -> None:
        options = SimulatorOptions(faults=((fault, 1.0),), max_faults_a_request=1, hang_s=0.01)
        async with judge(options) as session:
            status, text = await posted(session)
            assert SEEN[fault](status, text), text[:500]
            status, text = await posted(session)
            assert status == 200
            assert "score" in json.loads(answer_of(text))
            counted = await counters(session)
            assert counted["faults"] == {fault: 1}
            assert counted["answered"] == (2 if fault in (Fault.THINKING, Fault.HANG) else 1)

    run(story)


def test_every_fault_is_tried_here() -> None:
    assert {*SEEN, Fault.CLOSED, Fault.CUT, Fault.BROKEN_CHUNKS, Fault.ENDLESS} == set(Fault)


def test_an_endless_body_ends_when_its_client_has_had_enough() -> None:
    async def story() -> None:
        async with judge(SimulatorOptions(faults=((Fault.ENDLESS, 1.0),), max_faults_a_request=1)) as session:
            async with session.post("v1/chat/completions", json=chat()) as response:
                assert len(await response.content.readexactly(20_000_000)) == 20_000_000
                response.close()
            while (await counters(session))["in_flight"] > 0:
                pass
            assert (await posted(session))[0] == 200

    run(story)


@pytest.mark.parametrize("fault", [Fault.CLOSED, Fault.CUT, Fault.BROKEN_CHUNKS])
def test_a_closed_connection_a_cut_body_and_broken_chunks_are_errors_of_the_network(fault: Fault) -> None:
    async def story() -> None:
        async with judge(SimulatorOptions(faults=((fault, 1.0),), max_faults_a_request=1)) as session:
            with pytest.raises(aiohttp.ClientError):
                await posted(session)
            assert (await posted(session))[0] == 200
            assert (await counters(session))["answered"] == 1

    run(story)


def test_a_request_that_is_never_answered_ends_when_its_client_leaves() -> None:
    async def story() -> None:
        async with judge(SimulatorOptions(faults=((Fault.HANG, 1.0),), max_faults_a_request=1)) as session:
            asked = asyncio.create_task(posted(session))
            while (await counters(session))["in_flight"] == 0:
                assert not asked.done()
            asked.cancel()
            while (await counters(session))["in_flight"] > 0:
                pass
            assert (await counters(session))["abandoned"] == 1
            assert (await posted(session))[0] == 200

    run(story)


def test_in_an_outage_that_refuses_connections_nobody_listens_until_it_ends() -> None:
    async def story() -> None:
        async with judge(SimulatorOptions(outages=(Outage(0, 0.1, How.REFUSED),))) as session:
            refused = 0
            while True:
                try:
                    assert (await posted(session))[0] == 200
                    break
                except aiohttp.ClientError:
                    refused += 1
            assert refused > 0

    run(story)


def test_the_answers_do_not_depend_on_order_concurrency_or_faults() -> None:
    async def answers(options: SimulatorOptions, order: int) -> dict[str, str]:
        prompts = [f"case {n}" for n in range(40)]
        random.Random(order).shuffle(prompts)
        async with judge(options) as session:

            async def insistent(prompt: str) -> str:
                while True:
                    status, text = await posted(session, prompt)
                    if status == 200:
                        return answer_of(text)

            return dict(zip(prompts, await asyncio.gather(*map(insistent, prompts)), strict=True))

    async def story() -> None:
        calm = await answers(SimulatorOptions(), 1)
        faults = ((Fault.SERVER_ERROR, 0.3), (Fault.RATE_LIMITED, 0.3))
        assert await answers(SimulatorOptions(faults=faults), 2) == calm
        assert await answers(SimulatorOptions(seed=1), 1) != calm

    run(story)


def test_a_thousand_connections_are_served_at_once() -> None:
    async def story() -> None:
        async with judge(SimulatorOptions(faults=((Fault.HANG, 1.0),)), connections=0) as session:
            asked = [asyncio.create_task(posted(session, str(n))) for n in range(1000)]
            while (await counters(session))["in_flight"] < 1000:
                assert not any(each.done() for each in asked)
            for each in asked:
                each.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            assert (await counters(session))["peak_in_flight"] == 1000

    run(story)


def test_a_reset_over_http_starts_the_counters_again() -> None:
    async def story() -> None:
        async with judge() as session:
            await posted(session)
            async with session.post("reset") as response:
                assert response.status == 200
            counted = await counters(session)
            assert (counted["requests"], counted["in_flight"]) == (0, 0)

    run(story)


def test_a_port_that_is_taken_is_said_so() -> None:
    async def story() -> None:
        async with serving(SimulatorOptions()) as first:
            port = int(first.base_url.rsplit(":", 1)[1].removesuffix("/v1"))
            with pytest.raises(UnavailableError, match=f"127.0.0.1:{port}"):
                async with serving(SimulatorOptions(), port=port):
                    pass

    run(story)
