"""evalfactory doctor."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ...app.doctoring import Finding, cluster_findings, reach_findings, store_findings
from ...app.places import store_for
from ...app.placing import connector, placement_of
from ...errors import Exit, UsageError
from ...storage.open import open_store
from ...storage.port import Store
from ...suites import load_suite
from ..output import say, say_json
from ..parser import Arguments
from ..places import suite_path
from .run import cluster_options


def execute(arguments: Arguments) -> int:
    """Try what a run needs; 78 if something is not as it must be."""
    path = suite_path(arguments.suite) if arguments.suite else None
    store = store_for(load_suite(path), arguments.store) if path else open_store(arguments.store or ".evalfactory")
    findings = store_findings(store)
    if arguments.reach:
        findings += asyncio.run(reach_findings(tuple(arguments.reach)))
    if arguments.on:
        if path is None:
            raise UsageError(
                "which suite? its placement says what to try", hint="evalfactory doctor suite.yaml --on kubernetes"
            )
        findings += asyncio.run(_in_cluster(path, store, arguments))
    _say(store, findings, as_json=arguments.json)
    return Exit.PASS if all(finding.is_well for finding in findings) else Exit.ENVIRONMENT


async def _in_cluster(path: Path, store: Store, arguments: Arguments) -> list[Finding]:
    options = cluster_options(arguments)
    placement = placement_of(path, options)
    suite = load_suite(path).suite
    judges = [suite.judge, *(metric.judge for metric in suite.metrics if metric.judge)]
    addresses = tuple(dict.fromkeys(judge.base_url for judge in judges if judge.kind == "openai"))
    cluster = await asyncio.to_thread(connector(placement, options))
    try:
        return [finding async for finding in cluster_findings(cluster, placement, store.url, addresses)]
    finally:
        await cluster.close()


def _say(store: Store, findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        say_json({"store": store.url, "findings": [finding._asdict() for finding in findings]})
        return
    say(f"store {store.url}")
    for finding in findings:
        say(f"  {'ok ' if finding.is_well else 'NOT'}  {finding.what}: {finding.said}")
        if finding.hint:
            say(f"       try: {finding.hint}")
