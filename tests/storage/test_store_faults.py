"""A bucket that loses replies, refuses, resets, dawdles or ignores conditions: what was asked of it has happened once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import get_args

import pytest

from evalfactory.settings import environment
from evalfactory.storage.cloud import open_cloud_store
from evalfactory.storage.probe import probe
from fakes.fault_proxy import Chooser, Fault, FaultProxy, fault_proxy
from fakes.s3_stub import s3_stub

Proxied = Callable[..., AbstractContextManager[FaultProxy]]
NO_S3 = pytest.mark.skip(reason="no S3 to break: set EVALFACTORY_TEST_S3_ENDPOINT and AWS_* credentials")
REAL = pytest.param("s3", marks=() if environment().get("EVALFACTORY_TEST_S3_ENDPOINT") else NO_S3)
FAULTS: tuple[Fault, ...] = get_args(Fault)


def first(fault: Fault, method: str = "PUT") -> Chooser:
    """The first request of that kind to each key meets the fault."""
    return lambda its, _, before: fault if its == method and before == 0 else None


@pytest.fixture(params=["stub", REAL])
def proxied(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Proxied:
    """Opens a proxy in front of a server, where the environment points then."""

    @contextmanager
    def opened(choose: Chooser, **options: bool) -> Iterator[FaultProxy]:
        with behind(request.param) as (url, keys), fault_proxy(url, keys, choose, **options) as proxy:
            monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
            monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
            monkeypatch.setenv("AWS_REGION", "us-east-1")
            monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
            yield proxy

    return opened


@contextmanager
def behind(kind: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """A server, and the keys that it wants."""
    given = environment()
    if kind == "s3":
        keys = given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"]
        yield given["EVALFACTORY_TEST_S3_ENDPOINT"], keys
    else:
        with s3_stub() as stub:
            yield stub.endpoint, ("me", "hush")


def url() -> str:
    return f"s3://{environment().get('EVALFACTORY_TEST_S3_BUCKET', 'evalfactory-test')}/faults/{uuid.uuid4().hex}"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_write_that_meets_a_fault_has_happened_once_and_is_known_as_ones_own(proxied: Proxied, fault: Fault) -> None:
    with proxied(first(fault)) as proxy:
        store = open_cloud_store(url(), patience_s=20)
        assert store.create("a/commit.json", b"mine")
        assert not store.create("a/commit.json", b"another's")
        assert store.read("a/commit.json") == b"mine"
        assert [entry.key for entry in store.list("a/")] == ["a/commit.json"]
        store.delete("a/commit.json")
    assert proxy.met[fault] >= 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_read_or_a_listing_that_meets_a_fault_is_whole(proxied: Proxied, fault: Fault) -> None:
    with proxied(first(fault, "GET")) as proxy:
        store = open_cloud_store(url(), patience_s=20)
        store.put("a/part.jsonl", b"line\n" * 1000)
        assert store.read("a/part.jsonl") == b"line\n" * 1000
        assert [entry.size for entry in store.list("a/")] == [5000]
        store.delete("a/part.jsonl")
    assert proxy.met[fault] >= 1


@pytest.mark.parametrize("fault", FAULTS)
def test_of_writers_that_all_meet_a_fault_exactly_one_wins_and_every_one_knows_who(
    proxied: Proxied, fault: Fault
) -> None:
    with proxied(lambda method, _, before: fault if method == "PUT" and before < 4 else None):
        where = url()
        stores = [open_cloud_store(where, patience_s=20) for _ in range(4)]
        bodies = [b"by %d" % number for number in range(4)]
        with ThreadPoolExecutor(4) as writers:
            won = list(
                writers.map(lambda pair: pair[0].create("commit.json", pair[1]), zip(stores, bodies, strict=True))
            )
        assert won.count(True) == 1
        assert stores[0].read("commit.json") == bodies[won.index(True)]
        stores[0].delete("commit.json")


def test_a_service_that_ignores_conditions_is_found_out_over_http(proxied: Proxied) -> None:
    for ignores in (True, False):
        with proxied(lambda *_: None, ignores_conditions=ignores):
            facts = probe(open_cloud_store(url(), patience_s=20))
        assert facts.creates_once is not ignores
        assert facts.reads_back
        assert facts.lists_at_once
        assert facts.deletes
