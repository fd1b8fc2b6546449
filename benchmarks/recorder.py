"""A proxy in front of the simulated judge that writes down every request body: what the bare client will send.

python -m benchmarks.recorder UPSTREAM FILE     # prints its own base URL
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp
from aiohttp import web


async def record(upstream: str, file: Path) -> None:
    """Serve until killed."""
    lines = file.open("ab")

    async with aiohttp.ClientSession() as session:

        async def forward(request: web.Request) -> web.Response:
            body = await request.read()
            lines.write(body.replace(b"\n", b" ") + b"\n")
            lines.flush()
            async with session.post(
                f"{upstream}/chat/completions", data=body, headers={"Content-Type": "application/json"}
            ) as answer:
                return web.Response(body=await answer.read(), status=answer.status, content_type="application/json")

        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/v1/chat/completions", forward)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        print(f"http://127.0.0.1:{port}/v1", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1], Path(sys.argv[2])))
