"""One result, however the work is cut and dealt."""

from __future__ import annotations

import pytest

from line_tools import Bench


def test_the_results_do_not_depend_on_workers_shards_or_dealing(judged: Bench) -> None:
    first = judged.run("--workers", "1", "--run-id", "first")
    assert (first["planned"], first["scored"]) == (48, 48)
    ways = [
        (1, {"shards": 30, "dealing": "modulo"}),
        (2, {"shards": 3, "dealing": "range"}),
        (4, {"shards": 7, "dealing": "weight"}),
    ]
    for number, (workers, execution) in enumerate(ways):
        judged.suite(execution=execution)
        other = judged.run("--workers", str(workers), "--run-id", f"other-{number}", "--fresh")
        assert other["reused"] == 0
        assert other["results_digest"] == first["results_digest"]


@pytest.mark.parametrize("worker_count", [3])
def test_more_workers_than_shards_do_no_harm(judged: Bench, worker_count: int) -> None:
    judged.suite(execution={"shards": 2})
    done = judged.run("--workers", str(worker_count))
    assert (done["scored"], done["missing"]) == (48, 0)
