"""What can go wrong between us and a bucket, on real HTTP: conflicts with our own writes, and errors in words."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from evalfactory.errors import UnavailableError, UsageError
from evalfactory.storage.cloud import CloudStore, open_cloud_store
from evalfactory.storage.journal import open_journal, torn_journals
from evalfactory.storage.open import open_store
from fakes.s3_stub import Fault, S3Stub, s3_stub


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with credentials and nothing else of AWS."""
    for name in (
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ALLOW_HTTP",
        "http_proxy",
        "HTTP_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return monkeypatch


@pytest.fixture
def stub(aws: pytest.MonkeyPatch) -> Iterator[S3Stub]:
    with s3_stub() as stub:
        aws.setenv("AWS_ENDPOINT_URL", stub.endpoint)
        yield stub


def store_on(stub: S3Stub, **faults: Fault) -> CloudStore:
    stub.faults.update(faults)
    return open_cloud_store("s3://bucket/prefix", patience_s=0.3)


def test_a_service_that_refuses_conditions_is_a_store_that_ignores_them(stub: S3Stub) -> None:
    faults: dict[str, Fault] = {"commit.json": "501 to conditions"}
    store = store_on(stub, **faults)
    assert store.create("a/commit.json", b"first")
    assert store.create("a/commit.json", b"second")
    assert store.read("a/commit.json") == b"second"


def test_a_range_past_the_end_is_empty_also_where_a_service_does_not_refuse_it(stub: S3Stub) -> None:
    faults: dict[str, Fault] = {"lines": "206 past the end"}
    store = store_on(stub, **faults)
    assert store.create("a/lines", b"0123456789")
    assert [store.read("a/lines", offset, 4) for offset in (0, 8, 10)] == [b"0123", b"89", b""]


def test_keys_lie_below_the_prefix_of_the_url(stub: S3Stub) -> None:
    assert open_store("s3://bucket/some/prefix/").create("a/b", b"x")
    assert stub.objects == {"/bucket/some/prefix/a/b": b"x"}


@pytest.mark.parametrize("fault", ["drop after writing", "500 after writing"])
def test_a_conflict_with_our_own_retried_write_is_a_success(stub: S3Stub, fault: Fault) -> None:
    store = open_cloud_store("s3://bucket")
    stub.faults["key"] = fault
    assert store.create("key", b"mine")
    assert stub.requests["PUT /bucket/key"] == 2
    assert not store.create("key", b"theirs")


def test_a_conflict_with_a_writer_that_never_finishes_is_tried_again(stub: S3Stub) -> None:
    assert store_on(stub, key="409 while another writes").create("key", b"mine")
    assert stub.objects["/bucket/prefix/key"] == b"mine"


def test_a_conflict_with_whoever_works_beside_a_plain_write_is_tried_again(stub: S3Stub) -> None:
    store_on(stub, key="409 while another writes").put("key", b"mine")
    assert stub.objects["/bucket/prefix/key"] == b"mine"
    assert stub.requests["PUT /bucket/prefix/key"] == 2


def test_a_store_that_stays_overloaded_is_unavailable_and_says_what_to_do(stub: S3Stub) -> None:
    store = store_on(stub, key="503 always")
    for use in (store.read, lambda key: store.create(key, b""), lambda key: store.put(key, b"")):
        with pytest.raises(UnavailableError, match="503 Service Unavailable: SlowDown") as caught:
            use("key")
        assert "resume later" in (caught.value.hint or "")
    assert stub.requests["GET /bucket/prefix/key"] > 1


def test_a_store_that_has_answered_is_waited_for(stub: S3Stub) -> None:
    store = open_cloud_store("s3://bucket")
    store.put("first", b"")
    stub.faults |= {"read": "503 ten times", "made": "503 ten times"}
    assert store.create("made", b"mine")
    stub.objects["/bucket/read"] = b"there"
    assert store.read("read") == b"there"


def test_a_store_that_never_answered_is_waited_for_only_by_whoever_knows_that_it_is_there(stub: S3Stub) -> None:
    stub.faults["key"] = "503 ten times"
    stub.objects["/bucket/key"] = b"there"
    with pytest.raises(UnavailableError):
        open_cloud_store("s3://bucket").read("key")
    stub.requests.clear()
    assert open_cloud_store("s3://bucket", patient=True).read("key") == b"there"


def test_a_key_without_permission_is_unavailable_and_names_the_permissions(stub: S3Stub) -> None:
    with pytest.raises(UnavailableError, match="AccessDenied") as caught:
        store_on(stub, key="403").put("key", b"")
    assert "get, put, list and delete" in (caught.value.hint or "")
    assert "\x1b" not in str(caught.value)


def test_nonsense_from_a_server_is_shown_short_and_without_control_characters(stub: S3Stub) -> None:
    with pytest.raises(UnavailableError) as caught:
        store_on(stub, key="garbage").read("key")
    assert len(caught.value.message) < 500
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("key", ["none", "credentials/NoSuchBucket", "403 AccessDenied", "416 Range"])
def test_a_missing_object_is_a_file_not_found_whatever_its_name(stub: S3Stub, key: str) -> None:
    with pytest.raises(FileNotFoundError, match=f"s3://bucket/prefix: no object {key}"):
        store_on(stub).read(key)


def test_nobody_at_the_endpoint_is_unavailable_and_names_the_variable(aws: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        aws.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    store = open_cloud_store("s3://bucket", patience_s=0.05)
    with pytest.raises(UnavailableError, match="error sending request") as caught:
        store.list("")
    assert "AWS_ENDPOINT_URL" in (caught.value.hint or "")


def test_a_bucket_has_no_journals(stub: S3Stub) -> None:
    store = store_on(stub)
    assert open_journal(store, "key") is None
    assert torn_journals(store, "") == []


def test_an_azure_container_without_an_account_says_which_variable_is_missing(aws: pytest.MonkeyPatch) -> None:
    aws.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(UsageError, match="Account must be specified") as caught:
        open_store("az://container/prefix")
    assert "AZURE_STORAGE_ACCOUNT_NAME" in (caught.value.hint or "")
