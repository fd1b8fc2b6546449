"""evalfactory collect."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ...app.collecting import CollectOptions
from ...app.registry import check_baseline
from ...app.telling import collect_and_write
from ...errors import Exit
from ...storage.layout import RunKeys
from ...storage.port import Store
from ..output import say_report, tell
from ..parser import Arguments
from ..places import run_of

if TYPE_CHECKING:
    from ...app.finishing import Finished


def execute(arguments: Arguments) -> int:
    """Merge, write the report, print the verdict."""
    store, keys = run_of(arguments, patient=bool(arguments.after_job))
    options = CollectOptions(baseline=arguments.baseline)
    if arguments.after_job:
        return _after_job(store, keys, arguments.after_job, options)
    check_baseline(store, arguments.baseline, keys.suite)
    report, told = collect_and_write(store, keys, options)
    return say_report(report, told, as_json=arguments.json)


def _after_job(store: Store, keys: RunKeys, job: str, options: CollectOptions) -> int:
    """Wait for a Job of this cluster, then report. 0 whatever the verdict is: the report is there."""
    from ...app.finishing import finish
    from ...runners.lightkube_cluster import connect

    async def waited() -> Finished:
        cluster = connect()
        try:
            return await finish(store, keys, cluster, job, options)
        finally:
            await cluster.close()

    finished = asyncio.run(waited())
    if finished.why:
        tell(finished.why)
    say_report(finished.report, finished.told, as_json=False)
    return Exit.PASS
