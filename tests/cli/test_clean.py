"""Old runs go, and what a kept one needs stays, on a folder and on a bucket."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evalfactory.app.cleaning import clean
from evalfactory.app.retention import Wish
from evalfactory.settings import environment
from evalfactory.storage.layout import RunKeys
from evalfactory.storage.open import open_store
from fakes.memory_store import Stopped, WatchedStore
from line_tools import Bench, made_up_cases

RUNS = ("one", "two", "three")
BUCKET = environment().get("EVALFACTORY_TEST_S3_BUCKET", "evalfactory-test")
NO_S3 = pytest.mark.skip(
    reason="no S3 to clean: set EVALFACTORY_TEST_S3_ENDPOINT, AWS_ENDPOINT_URL and AWS_* credentials"
)
S3 = pytest.param("s3", marks=() if environment().get("EVALFACTORY_TEST_S3_ENDPOINT") else NO_S3)


def three_nights(folder: Path, store_name: str) -> Bench:
    """Three runs, each compared with the one before; only the first has measured anything."""
    bench = Bench(folder, store_name=store_name)
    bench.cases(made_up_cases(6))
    bench.suite(judge="offline")
    for run_id in RUNS:
        done = bench("run", "suite.yaml", "--run-id", run_id, "--baseline", "previous", "--json")
        assert done.code in (0, 10, 11), done.err
    return bench


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return three_nights(tmp_path_factory.mktemp("nights"), "store")


@pytest.fixture(params=["folder", S3])
def bench(request: pytest.FixtureRequest, nights: Bench, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "s3":
        yield three_nights(tmp_path, f"s3://{BUCKET}/clean/{uuid.uuid4().hex}")
    else:
        shutil.copytree(nights.folder, tmp_path, dirs_exist_ok=True)
        yield Bench(tmp_path)


def fates(bench: Bench, *words: str) -> dict[str, str]:
    ran = bench.here("clean", "--store", bench.store_name, "--json", *words)
    assert ran.code == 0, ran.err
    return {run["run_id"]: run["fate"] for run in ran.json["runs"]}


LEFT = {"three": "kept", "two": "report kept", "one": "removed"}


def test_what_is_kept_is_proven_and_what_it_was_compared_with_is_kept_as_a_report(bench: Bench) -> None:
    store = ("--store", bench.store_name)
    assert fates(bench, "--keep", "1", "--dry-run") == LEFT
    assert bench.here("verify", "one", *store).code == 0
    assert fates(bench, "--keep", "1") == LEFT
    assert bench.here("verify", "three", *store).code == 0
    assert bench.here("compare", "three", "two", *store).code == 0
    opened = open_store(str(bench.store) if bench.store_name == "store" else bench.store_name)
    assert opened.list(RunKeys("line", "one").root) == []
    assert bench.here("status", "one", *store).code == 64
    for words in (("verify", "two"), ("collect", "two"), ("resume", "two")):
        ran = bench(*words, *store)
        assert ran.code == 64, ran.err
        assert "was cleaned" in ran.err


def test_what_only_a_removed_run_had_measured_is_still_paid_for_once(bench: Bench) -> None:
    fates(bench, "--keep", "1")
    again = bench("run", "suite.yaml", "--run-id", "four", "--json")
    assert (again.json["reused"], again.json["missing"]) == (again.json["scored"], 0), again.err
    assert bench.here("verify", "four", "--store", bench.store_name).code == 0


def test_a_baseline_stays_whatever_its_age(bench: Bench) -> None:
    assert bench.here("bless", "one", "--name", "main", "--store", bench.store_name).code == 0
    assert fates(bench, "--keep", "0") == {"three": "removed", "two": "removed", "one": "kept"}
    assert bench.here("verify", "one", "--store", bench.store_name).code == 0


def test_a_run_that_may_be_at_work_stays_and_a_young_one_does(bench: Bench) -> None:
    assert bench.here("plan", "suite.yaml", "--write", "--run-id", "begun").code == 0
    assert fates(bench, "--keep", "0", "--dry-run")["begun"] == "kept"
    assert set(fates(bench, "--older-than", "1h").values()) == {"kept"}
    assert fates(bench, "--older-than", "0h")["two"] == "removed"


@pytest.mark.parametrize("words", [(), ("--older-than", "3"), ("--older-than", "3y"), ("--keep", "-1")])
def test_a_wish_that_says_nothing_or_nonsense_is_refused(nights: Bench, words: tuple[str, ...]) -> None:
    assert nights.here("clean", "--store", "store", *words).code == 64


@pytest.mark.parametrize("moment", range(0, 140, 9))
def test_cleaning_that_dies_at_any_point_is_finished_by_the_next(nights: Bench, tmp_path: Path, moment: int) -> None:
    shutil.copytree(nights.store, tmp_path / "store")
    store = open_store(str(tmp_path / "store"))
    wish = Wish(1, None, datetime.now(UTC))

    def die(number: int) -> None:
        if number >= moment:
            raise Stopped

    try:
        clean(WatchedStore(store, die), wish, dry_run=False)
    except Stopped:
        left = {run.run_id for run in clean(store, wish, dry_run=False)}
        assert {"three", "two"} <= left
    assert store.list(RunKeys("line", "one").root) == []
    assert store.list(RunKeys("line", "two").shard(0)) == []
    bench = Bench(tmp_path)
    assert bench.here("verify", "three", "--store", "store").code == 0
