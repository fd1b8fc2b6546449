"""Runs on a real S3 server that loses replies, refuses, resets, dawdles and ignores conditions."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

import pytest

from evalfactory.app.planning import read_plan
from evalfactory.engine.commits import commit_body
from evalfactory.settings import environment
from evalfactory.storage.layout import RunKeys
from evalfactory.storage.open import open_store
from fakes.fault_proxy import Chooser, Fault, FaultProxy, fault_proxy
from line_tools import Bench, verdict

pytestmark = pytest.mark.skipif(
    "EVALFACTORY_TEST_S3_ENDPOINT" not in environment(),
    reason="no S3 to break: set EVALFACTORY_TEST_S3_ENDPOINT and AWS_* credentials",
)
FAULTS: tuple[Fault, ...] = get_args(Fault)
LOST: tuple[Fault, ...] = ("drop", "late 500", "reset")


@contextmanager
def broken(bench: Bench, choose: Chooser, *, ignores_conditions: bool = False) -> Iterator[FaultProxy]:
    """The bench's commands see the bucket through a proxy, and their store is a prefix of its own."""
    given = environment()
    keys = given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"]
    bench.store_name = f"s3://{given.get('EVALFACTORY_TEST_S3_BUCKET', 'evalfactory-test')}/faults/{uuid.uuid4().hex}"
    endpoint = given["EVALFACTORY_TEST_S3_ENDPOINT"]
    with fault_proxy(endpoint, keys, choose, ignores_conditions=ignores_conditions) as proxy:
        bench.env |= {"AWS_ENDPOINT_URL": proxy.endpoint, "AWS_SKIP_SIGNATURE": "true", "AWS_ALLOW_HTTP": "true"}
        bench.suite(execution={"workers": 2, "shards": 3, "flush_s": 0.2})
        yield proxy


def commits(proxy: FaultProxy) -> list[str]:
    return [path for path in proxy.seen if path.startswith("PUT ") and path.endswith("/commit.json")]


def test_a_run_whose_every_fourth_request_meets_a_fault_finds_what_an_undisturbed_run_finds(
    judged: Bench, truth: str
) -> None:
    dice = random.Random(20261123)

    def choose(method: str, path: str, before: int) -> Fault | None:
        return dice.choice(FAULTS) if before < 3 and dice.random() < 0.25 else None

    with broken(judged, choose) as proxy:
        done = judged.run("--run-id", "shaken", "--fresh")
        assert (done["scored"], done["missing"], done["results_digest"]) == (48, 0, truth)
        assert judged("verify", "shaken", "--store", judged.store_name).code == 0
        assert len(commits(proxy)) == 3
    assert set(proxy.met) == set(FAULTS)


@pytest.mark.parametrize("fault", LOST)
def test_a_commit_whose_answer_is_lost_is_ones_own(judged: Bench, truth: str, fault: Fault) -> None:
    def choose(method: str, path: str, before: int) -> Fault | None:
        return fault if method == "PUT" and path.endswith("/commit.json") and before < 2 else None

    with broken(judged, choose) as proxy:
        ran = judged("run", "suite.yaml", "--run-id", "lost", "--fresh", "--json")
        done = verdict(ran)
        assert (done["missing"], done["results_digest"]) == (0, truth)
        assert "another worker" not in ran.err
        report = judged("report", "lost", "--store", judged.store_name, "--json").json
        assert (report["proof"]["duplicates_dropped"], report["proof"]["late_attempts"]) == (0, 0)
    assert proxy.met[fault] == 6


def test_where_conditions_are_ignored_twins_agree_on_one_attempt_and_the_plan_says_why(
    judged: Bench, truth: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with broken(judged, lambda *_: None, ignores_conditions=True) as proxy:
        store = ("--store", judged.store_name)
        assert judged("plan", "suite.yaml", "--write", "--run-id", "twins").code == 0
        work = ("work", *store, "--run-id", "twins", "--shard-index")
        started = [judged.start(*work, str(shard)) for shard in (0, 1, 1, 1, 2)]
        assert [each.ended().code for each in started] == [0] * 5
        done = verdict(judged("collect", "twins", *store, "--json"))
        assert (done["scored"], done["missing"], done["results_digest"]) == (48, 0, truth)
        assert judged("verify", "twins", *store).code == 0
        for name, value in judged.env.items():
            monkeypatch.setenv(name, value)
        opened, keys = open_store(judged.store_name), RunKeys("line", "twins")
        plan = read_plan(opened, keys)
        assert plan.commits_are_chosen
        for shard in range(3):
            assert commit_body(opened, keys, plan, shard) == opened.read(keys.commit(shard))
        assert judged("work", *store, "--run-id", "twins", "--shard-index", "1").code == 0
        assert judged("verify", "twins", *store).code == 0
    assert len(commits(proxy)) == 3
