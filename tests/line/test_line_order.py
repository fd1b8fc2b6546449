"""A metric that lists a set asks the same in every worker, however that was started."""

from __future__ import annotations

import subprocess
import sys

from line_tools import Bench, made_up_cases

ORDER = """
from deepeval.metrics import BaseMetric


class Order(BaseMetric):
    def __init__(self, threshold=0.5, **_):
        self.threshold = threshold

    async def a_measure(self, case, **_):
        self.score, self.success = 1.0, True
        self.reason = " ".join({"statements", "verdicts", "claims", "truths", "reasons", "opinions"})
        return self.score

    def is_successful(self):
        return True
"""
PRINT_IT = 'print(*{"statements", "verdicts", "claims", "truths", "reasons", "opinions"})'


def test_a_set_has_the_same_order_in_every_worker(bench: Bench) -> None:
    bench.cases(made_up_cases(6))
    bench.module("own", ORDER)
    bench.suite(judge="offline", metrics=[{"own:Order": {"name": "order"}}], execution={"workers": 2, "shards": 2})
    bench.run("--run-id", "local")
    by_hand = ("work", "suite.yaml", "--run-id", "hand", "--shard-index", "0", "--total-shards", "1", "--fresh")
    assert bench(*by_hand, "--store", str(bench.store)).code == 0
    assert bench("collect", "hand", "--store", str(bench.store)).code == 0
    said = {line["reason"] for run in ("local", "hand") for line in bench.measurements(run).values()}
    printing = [sys.executable, "-c", PRINT_IT]
    expected = subprocess.run(printing, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True)
    assert said == {expected.stdout.strip()}
