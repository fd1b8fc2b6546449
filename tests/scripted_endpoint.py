"""A real HTTP server that does what a test tells it, request by request."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from evalfactory.judge.client import open_judge
from evalfactory.judge.meter import Meter
from evalfactory.judge.port import Judge, current_meter
from evalfactory.judge.retry import RetryPolicy
from evalfactory.records.suite import JudgeSpec

Answered = TypeVar("Answered")

#: Retries, probes and pauses in milliseconds.
QUICK = RetryPolicy(base_s=0.002, cap_s=0.01, away_after_s=0.03, probe_base_s=0.002, probe_cap_s=0.01)


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    number: int
    path: str
    headers: dict[str, str]
    body: Any
    at_s: float
    method: str = "POST"

    @property
    def prompt(self) -> str:
        return str(self.body["messages"][0]["content"])


@dataclass(frozen=True)
class Bytes:
    """An answer as it goes over the wire; `cut` promises more bytes than come."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    event: asyncio.Event | None = None  # wait for it first


class Hang:
    """Never answer."""


class Drop:
    """Close the connection without a word."""


Action = Bytes | Hang | Drop


def say(
    text: str | None, *, finish: str = "stop", tokens: tuple[int, int] | None = (100, 10), event: asyncio.Event | None = None,
    **message: Any,
) -> Bytes:  # fmt: skip
    """A completion."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
    usage = {"usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}} if tokens else {}
    return Bytes(json.dumps({"id": "x", "choices": [choice], **usage}).encode(), event=event)


def error(status: int, message: str = "no", headers: dict[str, str] | None = None, **more: Any) -> Bytes:
    """An error as OpenAI's endpoints send it."""
    return Bytes(json.dumps({"error": {"message": message, **more}}).encode(), status, headers or {})


class ScriptedEndpoint:
    """Serves while the `async with` block lasts. `script` gives the action for each request."""

    def __init__(self, script: Callable[[Asked], Action], tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self.asked: list[Asked] = []
        self.in_flight = self.peak = 0
        self._never = asyncio.Event()
        self._waiters: list[tuple[int, asyncio.Event]] = []

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.0, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._never.set()
        await self._runner.cleanup()

    async def has_been_asked(self, count: int) -> None:
        """Returns when the server has got `count` requests."""
        event = asyncio.Event()
        self._waiters.append((count, event))
        self._tell()
        await event.wait()

    def _tell(self) -> None:
        for count, event in self._waiters:
            if len(self.asked) >= count:
                event.set()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        asked = Asked(
            len(self.asked), request.path_qs, {name.lower(): value for name, value in request.headers.items()},
            json.loads(content) if content else None, asyncio.get_running_loop().time(), request.method,
        )  # fmt: skip
        self.asked.append(asked)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        self._tell()
        try:
            return await self._act(request, self._script(asked))
        finally:
            self.in_flight -= 1

    async def _act(self, request: web.Request, action: Action) -> web.StreamResponse:
        match action:
            case Hang():
                await self._never.wait()
                return web.Response()
            case Drop():
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case Bytes(body, status, headers, cut, event):
                if event is not None:
                    await event.wait()
                if not cut:
                    return web.Response(
                        body=body, status=status, headers={"Content-Type": "application/json", **headers}
                    )
                response = web.StreamResponse(status=status, headers={"Content-Length": str(len(body) + 100)})
                await response.prepare(request)
                await response.write(body)
                assert request.transport is not None
                request.transport.close()
                return response


def in_turn(*actions: Action) -> Callable[[Asked], Action]:
    """The actions one after the other; the last one for ever."""
    return lambda asked: actions[min(asked.number, len(actions) - 1)]


@contextmanager
def metered(*, rank: int = 0, trace: bool = False) -> Iterator[Meter]:
    """A meter that the calls inside the block are charged to."""
    meter = Meter(asyncio.get_running_loop().time(), order=rank)
    meter.trace = [] if trace else None
    token = current_meter.set(meter)
    try:
        yield meter
    finally:
        current_meter.reset(token)


def with_judge(
    endpoint: ScriptedEndpoint,
    do: Callable[[Judge], Awaitable[Answered]],
    *,
    policy: RetryPolicy = QUICK,
    share: float = 1.0,
    succeeded_before: bool = False,
    **spec: Any,
) -> Answered:
    """What `do` returns, given a judge at the endpoint; both live as long as `do` runs."""

    async def run() -> Answered:
        async with endpoint:
            judge = open_judge(
                JudgeSpec(**{"model": "m", "base_url": endpoint.url} | spec),
                share=share,
                succeeded_before=succeeded_before,
                policy=policy,
                rng=random.Random(7),
            )
            try:
                return await do(judge)
            finally:
                await judge.close()

    return asyncio.run(run())
