"""A proxy in front of an S3 server that breaks what it is told to, and signs what it passes on: clients need not sign."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

#: The reply is lost after the write; so it is by a 500; refused before it; late by a while; reset before it.
Fault = Literal["drop", "late 500", "503", "slow", "reset"]
Chooser = Callable[[str, str, int], Fault | None]  # by method, path, and how many of them came before

SLOW_S = 0.4
PASSED_ON = ("content-type", "content-length", "etag", "last-modified", "content-range", "accept-ranges")
TAKEN = ("content-type", "if-none-match", "if-match", "range", "content-md5", "x-amz-checksum-sha256")


class FaultProxy:
    """What goes through it. `conditions` are what it takes out of every request when they are ignored."""

    def __init__(self, behind: str, keys: tuple[str, str], choose: Chooser, *, ignores_conditions: bool) -> None:
        self.endpoint = ""
        self.seen: Counter[str] = Counter()  # "PUT /bucket/key"
        self.met: Counter[Fault] = Counter()
        self._behind, self._keys, self._choose = behind, keys, choose
        self._ignores_conditions = ignores_conditions
        self._session: aiohttp.ClientSession | None = None

    async def serve(self, ready: Callable[[], object], until: asyncio.Event) -> None:
        """Answer until then."""
        server = web.Server(self._answer)
        runner = web.ServerRunner(server, shutdown_timeout=0)
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
            ready()
            await until.wait()
            await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path.split("?")[0]
        what = f"{request.method} {path}"
        body = await request.read()
        fault = self._choose(request.method, path, self.seen[what])
        self.seen[what] += 1
        if fault is not None:
            self.met[fault] += 1
        match fault:
            case "503":
                return web.Response(status=503, body=b"<Error><Code>SlowDown</Code></Error>")
            case "reset":
                return _gone(request, rudely=True)
            case "slow":
                await asyncio.sleep(SLOW_S)
            case _:
                pass
        answer = await self._pass_on(request, body)
        if fault == "drop":
            return _gone(request)
        return (
            web.Response(status=500, body=b"<Error><Code>InternalError</Code></Error>")
            if fault == "late 500"
            else answer
        )

    async def _pass_on(self, request: web.BaseRequest, body: bytes) -> web.Response:
        assert self._session is not None
        url = URL(self._behind + request.raw_path, encoded=True)
        headers = {name: value for name in TAKEN if (value := request.headers.get(name))}
        if self._ignores_conditions:
            headers.pop("if-none-match", None)
            headers.pop("if-match", None)
        signed = signed_headers(request.method, url, body, headers, self._keys)
        async with self._session.request(request.method, url, data=body, headers=signed) as reply:
            kept = {name: value for name in PASSED_ON if (value := reply.headers.get(name))}
            content = await reply.read()
            if request.method != "HEAD":
                kept.pop("content-length", None)
            return web.Response(status=reply.status, body=content, headers=kept)


def _gone(request: web.BaseRequest, *, rudely: bool = False) -> web.Response:
    """No answer: the connection is closed, or reset."""
    transport = request.transport
    if transport is not None:
        if rudely:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


def signed_headers(
    method: str, url: URL, body: bytes, given: Mapping[str, str], keys: tuple[str, str]
) -> Mapping[str, str]:
    """Of a request to S3, those that are given among them, as AWS' Signature Version 4 wants them."""
    now, region = datetime.now(UTC), "us-east-1"
    day, moment = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}"
    content = hashlib.sha256(body).hexdigest()
    ours = {"host": urlsplit(str(url)).netloc, "x-amz-content-sha256": content, "x-amz-date": moment}
    headers = dict(sorted({**given, **ours}.items()))
    names = ";".join(headers)
    query = "&".join(sorted(part if "=" in part else f"{part}=" for part in url.raw_query_string.split("&") if part))
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    asked = "\n".join([method, url.raw_path, query, lines, names, content])
    scope = f"{day}/{region}/s3/aws4_request"
    told = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(asked.encode()).hexdigest()])
    key = f"AWS4{keys[1]}".encode()
    for word in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={keys[0]}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": credential}


@contextmanager
def fault_proxy(
    behind: str, keys: tuple[str, str], choose: Chooser, *, ignores_conditions: bool = False
) -> Iterator[FaultProxy]:
    """A proxy that runs while the context is open."""
    proxy = FaultProxy(behind, keys, choose, ignores_conditions=ignores_conditions)
    ready, until = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(proxy.serve(ready.set, until),))
    thread.start()
    try:
        assert ready.wait(30)
        yield proxy
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join()
        loop.close()
