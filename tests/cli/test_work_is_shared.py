from __future__ import annotations

import json

from command_line import Desk, process

#: Scores nothing before two processes have begun to measure.
TOGETHER = """
import asyncio, os, pathlib
from deepeval.metrics import BaseMetric

class Together(BaseMetric):
    def __init__(self, threshold=0.5):
        self.threshold = threshold

    async def a_measure(self, test_case):
        here = pathlib.Path(__file__).parent / "begun"
        here.mkdir(exist_ok=True)
        (here / str(os.getpid())).touch()
        while len(list(here.iterdir())) < 2:
            await asyncio.sleep(0.02)
        self.score, self.success = 1.0, True
        return self.score

    def is_successful(self):
        return self.success

    @property
    def __name__(self):
        return "Together"
"""


def test_no_worker_takes_a_second_shard_while_another_has_none(new_desk: Desk) -> None:
    (new_desk.folder / "together.py").write_text(TOGETHER)
    execution = {"workers": 2, "shards": 2, "deadline_s": 600, "hang_s": 600}
    new_desk.suite(metrics=[{"together:Together": {"version": "1"}}], execution=execution)
    assert process("plan", "suite.yaml", "--write", "--run-id", "shared", cwd=new_desk.folder).code == 0
    ran = process("resume", "shared", "--json", cwd=new_desk.folder)
    assert ran.code == 0, ran.err
    assert ran.json["scored"] == 20
    commits = new_desk.folder.glob(".evalfactory/*/runs/shared/shards/*/commit.json")
    assert len({json.loads(path.read_text())["attempt"] for path in commits}) == 2


def test_more_shards_than_workers_are_all_worked_on(desk: Desk) -> None:
    desk.suite(execution={"workers": 2, "shards": 7})
    run = desk.run("--run-id", "many")
    assert (run["planned"], run["scored"], run["missing"]) == (40, 40, 0)


def test_more_workers_than_shards_end_all_the_same(desk: Desk) -> None:
    desk.suite(execution={"workers": 3, "shards": 1})
    assert desk.run()["scored"] == 40
