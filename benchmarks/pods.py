"""Pods against processes: the same plan on 1, 2 and 4 of each, and what a pod does before its first judge call.

It needs what `make e2e` needs, on the machine whose cluster it is: its clock is compared with that of the pods.

python benchmarks/pods.py [--cases N] [--shards N] [--starts N]
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)
sys.path += [str(HERE.parent / "tests"), str(HERE.parent / "tests/e2e")]

from cluster_bench import ClusterBench, missing, namespace_with_judge  # noqa: E402

from evalfactory.settings import environment  # noqa: E402
from line_tools import Bench, Simulator, eventually, simulator  # noqa: E402

LATENCY = ("--latency", "constant", "--latency-mean-s", "0.25")
COUNTS = (1, 2, 4)
SAYS_WHEN = {
    "name": "worker",
    "command": ["sh", "-c", 'date +%s.%N; exec evalfactory "$@"', "sh"],
}


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=240)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--starts", type=int, default=7)
    wanted = parser.parse_args()
    if why := missing():
        sys.exit(why)
    with _benches() as cluster:
        found = {"starts_s": starts(cluster, wanted.starts), "walls": walls(cluster, wanted.cases, wanted.shards)}
    print(json.dumps(found, indent=1))


@contextmanager
def _benches() -> Iterator[ClusterBench]:
    """A bench whose judge is on this machine, at an address that pods reach too: both sides ask the same one."""
    with (
        tempfile.TemporaryDirectory() as folder,
        namespace_with_judge() as namespace,
        simulator("--host", _address(), *LATENCY) as judge,
    ):
        bench = Bench(Path(folder), judge.base_url)
        yield ClusterBench(bench, namespace, judge)
        bench.close()


def _address() -> str:
    """This machine's address towards the bucket, which pods see as well."""
    host = environment()["AWS_ENDPOINT_URL"].rpartition("/")[2].partition(":")[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as towards:
        towards.connect((host, 9))
        return str(towards.getsockname()[0])


def starts(cluster: ClusterBench, count: int) -> dict[str, Any]:
    """Seconds from a container's first instruction to the judge's first request, one pod after the other."""
    template = {"spec": {"containers": [SAYS_WHEN]}}
    placement = {"pods": 1, "shards_per_pod": 1, "addresses": {}, "pod_template": template}
    cluster.suite(cases=4, placement=placement)
    found = [_start(cluster, f"start-{number}", cluster.judge) for number in range(count)]
    return {"all": found, "median": sorted(found)[count // 2], "count": count}


def _start(cluster: ClusterBench, run_id: str, judge: Simulator) -> float:
    judge.reset()
    running = cluster.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", run_id, "--fresh", "--json")
    running.until(lambda: judge.requests, "the first request")
    first_s = time.time()
    running.ended()
    pod = eventually(lambda: cluster.pods(run_id, "Succeeded"), "a pod that has ended")[0]
    return round(first_s - float(cluster.kubectl("logs", pod).splitlines()[0]), 3)


def walls(cluster: ClusterBench, cases: int, shards: int) -> list[dict[str, Any]]:
    """Seconds of the whole command, and of the work in it, for so many pods and so many processes."""
    placement = {"pods": 1, "addresses": {}}
    cluster.suite(cases=cases, placement=placement, execution={"shards": shards}, judge={"max_in_flight": 32})
    rows = []
    for count in COUNTS:
        for where, words in (("pods", ("--on", "kubernetes")), ("processes", ())):
            began_s = time.monotonic()
            ran = cluster.bench("run", "suite.yaml", "--workers", str(count), "--fresh", "--json", *words)
            rows.append({
                "where": where,
                "count": count,
                "wall_s": round(time.monotonic() - began_s, 2),
                "judge_calls": ran.json["judge"]["calls"],
                "results_digest": ran.json["results_digest"][:12],
            })  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
