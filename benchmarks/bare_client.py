"""The limit: a bare aiohttp client that sends recorded request bodies, so many at once, and reads the answers.

python -m benchmarks.bare_client URL BODIES CALLS IN_FLIGHT [PROCESSES]
"""

from __future__ import annotations

import asyncio
import itertools
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import uvloop


async def send(url: str, bodies: list[bytes], calls: int, in_flight: int) -> dict[str, float]:
    """What the calls took, from the first to the last answer."""
    turns = iter(itertools.islice(itertools.cycle(bodies), calls))
    headers = {"Content-Type": "application/json"}

    async def one_place(session: aiohttp.ClientSession) -> None:
        for body in turns:
            async with session.post(f"{url}/chat/completions", data=body, headers=headers) as answer:
                await answer.json()

    begun_s = time.monotonic()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(one_place(session) for _ in range(in_flight)))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "calls": calls,
        "sending_s": time.monotonic() - begun_s,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_rss_mb": usage.ru_maxrss / 1024,
    }


def main() -> None:
    """Send, from one process or several side by side, and print each one's figures as a JSON object."""
    url, bodies, calls, in_flight = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    processes = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    if processes > 1:
        share = [*sys.argv[:3], str(calls // processes), str(in_flight // processes)]
        started = [
            subprocess.Popen([sys.executable, "-m", "benchmarks.bare_client", *share[1:]]) for _ in range(processes)
        ]
        sys.exit(max(process.wait() for process in started))
    lines = bodies.read_bytes().splitlines()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(send(url, lines, calls, in_flight))), flush=True)


if __name__ == "__main__":
    main()
