"""The simulated judge on HTTP: sends what the desk decides, when it says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from ...errors import UnavailableError
from .desk import Desk
from .options import NAME, How, Outage, SimulatorOptions
from .replies import JSON_TYPE, Ending, Reply

BACKLOG = 4096
LONGEST_BODY = 64 * 1024 * 1024  # bytes
PIECE_BYTES = 64 * 1024  # of a body that never ends
GRACE_S = 1.0  # for requests on their way when the server stops
HEADERS = {"x-simulated": "true"}


@asynccontextmanager
async def serving(options: SimulatorOptions, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Simulator]:
    """A simulated judge that listens while the context is open; port 0 takes any free one.

    Raises `UnavailableError` when it cannot listen.
    """
    simulator = Simulator(options, host)
    await simulator.start(port)
    outages = asyncio.create_task(simulator.keep_outages())
    try:
        yield simulator
    finally:
        outages.cancel()
        with suppress(asyncio.CancelledError):
            await outages
        await simulator.stop()


class Simulator:
    """One desk behind one listening socket."""

    def __init__(self, options: SimulatorOptions, host: str) -> None:
        self._options = options
        self._host = host
        self._port = 0
        self._site: web.TCPSite | None = None
        self.desk = Desk(options, asyncio.get_running_loop().time)
        # A client that leaves ends its handler: hanging requests must not pile up.
        server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, access_log=None, shutdown_timeout=GRACE_S)

    @property
    def base_url(self) -> str:
        """What a client's base_url is set to."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/v1"

    async def start(self, port: int) -> None:
        await self._runner.setup()
        self._port = port
        await self._listen()
        self._port = self._runner.addresses[0][1]
        if any(outage.from_s <= 0 for outage in self._refusing()):
            await self._stop_listening()  # at once: a connection that is being accepted while this stops would hang

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def keep_outages(self) -> None:
        """Stop listening for every outage in which connections are refused."""
        for outage in self._refusing():
            await asyncio.sleep(outage.from_s - self.desk.now_s)
            await self._stop_listening()
            await asyncio.sleep(outage.to_s - self.desk.now_s)
            await self._listen()

    def _refusing(self) -> list[Outage]:
        refusing = (outage for outage in self._options.outages if outage.how is How.REFUSED)
        return sorted(refusing, key=lambda outage: outage.from_s)

    async def _stop_listening(self) -> None:
        if self._site is not None:
            await self._site.stop()
            self._site = None

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, self._host, self._port, backlog=BACKLOG, reuse_address=True)
        try:
            await self._site.start()
        except OSError as problem:
            await self._runner.cleanup()
            raise UnavailableError(
                f"the simulated judge cannot listen on {self._host}:{self._port} ({problem.strerror})",
                hint="--port 0 takes any free port",
            ) from problem

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        match request.method, request.path:
            case "POST", path if path.endswith("/chat/completions"):
                return await self._chat(request)
            case "GET", path if path.endswith("/models"):
                return _json(
                    {"object": "list", "data": [{"id": NAME, "object": "model", "created": 0, "owned_by": NAME}]}
                )
            case "GET", "/healthz":
                return _json({"status": "ok", "simulated": True})
            case "GET", "/counters":
                return _json({"uptime_s": round(self.desk.now_s, 3), **self.desk.counters.as_json()})
            case "POST", "/reset":
                self.desk.reset()
                return _json({"status": "reset"})
            case _:
                return _json({"error": {"message": "no such endpoint", "code": "not_found"}}, status=404)

    async def _chat(self, request: web.BaseRequest) -> web.StreamResponse:
        self.desk.arrived()
        sent: Reply | None = None
        try:
            body = await _body(request)
            reply = self.desk.decide(body, _key(request))
            if reply.after_s > 0:
                await asyncio.sleep(reply.after_s)
            response = await _sent(request, reply)
            sent = reply
            return response
        finally:
            self.desk.left(sent)


async def _sent(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """The response of a reply, sent as far as it goes."""
    response = web.Response(status=reply.status, body=reply.body, headers=HEADERS, content_type=reply.content_type)
    response.headers.extend(reply.headers)
    match reply.ending:
        case Ending.WHOLE:
            return response
        case Ending.CUT:
            return await _cut(request, reply)
        case Ending.CLOSED:
            _hang_up(request)
            return response
        case Ending.ENDLESS:
            return await _endless(request)
        case Ending.BROKEN:
            _send_broken_chunks(request)
            return response
        case Ending.NEVER:
            await asyncio.Event().wait()
            return response


async def _cut(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Half of a body under the whole one's length."""
    response = web.StreamResponse(headers=HEADERS)
    response.content_type = reply.content_type
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: len(reply.body) // 2])
    _hang_up(request)
    return response


async def _endless(request: web.BaseRequest) -> web.StreamResponse:
    """A body that goes on until the client has had enough."""
    response = web.StreamResponse(headers=HEADERS)
    response.content_type = JSON_TYPE
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(b"[" * PIECE_BYTES)
            await asyncio.sleep(0)  # for the other requests
    return response


def _send_broken_chunks(request: web.BaseRequest) -> None:
    if request.transport is not None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n"
        request.transport.write(head.encode() + b'8\r\n{"choice\r\nmany\r\n')
    _hang_up(request)


def _hang_up(request: web.BaseRequest) -> None:
    if request.protocol is not None:
        request.protocol.force_close()


async def _body(request: web.BaseRequest) -> bytes:
    """The request's body, up to a length at which it is no request any more."""
    chunks = bytearray()
    async for chunk in request.content.iter_any():
        chunks += chunk
        if len(chunks) > LONGEST_BODY:
            break
    return bytes(chunks)


def _key(request: web.BaseRequest) -> str | None:
    """The key as OpenAI or as Azure sends it."""
    bearer: str = request.headers.get("Authorization", "")
    return bearer.removeprefix("Bearer ").strip() or request.headers.get("api-key")


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(value).encode(), content_type="application/json", headers=HEADERS
    )


async def serve(
    options: SimulatorOptions,
    *,
    host: str,
    port: int,
    ready: Callable[[str], None],
    say: Callable[[str], None],
    stop: asyncio.Event,
) -> dict[str, object]:
    """Serve until `stop` is set; the counters as they stand then. `ready` is told the base URL, `say` the progress."""
    async with serving(options, host=host, port=port) as simulator:
        progress = asyncio.create_task(_progress(simulator.desk, options.progress_s, say))
        ready(simulator.base_url)
        await stop.wait()
        progress.cancel()
        return simulator.desk.counters.as_json()


async def _progress(desk: Desk, every_s: float | None, say: Callable[[str], None]) -> None:
    while every_s is not None:
        await asyncio.sleep(every_s)
        say(desk.counters.line(desk.now_s))
