"""Proxies and private certificates from the environment, and one session for many endpoints."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from evalfactory.errors import InputError, UnavailableError
from evalfactory.judge.client import open_judge
from evalfactory.judge.port import Judge
from evalfactory.judge.transport import Transport
from evalfactory.records.suite import JudgeSpec
from scripted_endpoint import QUICK, Action, Asked, ScriptedEndpoint, in_turn, say, with_judge

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def ask(judge: Judge) -> str:
    return str(await judge.ask("p", None))


def test_a_proxy_from_the_environment_is_used_with_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> Asked:
        async with ScriptedEndpoint(in_turn(say("through"))) as proxy:
            monkeypatch.setenv("http_proxy", f"http://me:pass%20word@127.0.0.1:{proxy.port}")
            judge = open_judge(JudgeSpec(model="m", base_url="http://judge.invalid/v1"), policy=QUICK)
            assert await ask(judge) == "through"
            await judge.close()
            return proxy.asked[0]

    asked = asyncio.run(run())
    assert asked.headers["host"] == "judge.invalid"
    assert asked.headers["proxy-authorization"] == "Basic bWU6cGFzcyB3b3Jk"


def test_a_host_that_needs_no_proxy_is_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert with_judge(ScriptedEndpoint(in_turn(say("direct"))), ask) == "direct"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def test_a_private_certificate_from_the_environment_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    assert with_judge(ScriptedEndpoint(in_turn(say("trusted")), serving(certificate)), ask) == "trusted"


def test_a_certificate_that_nobody_vouches_for_says_where_to_name_one(certificate: Path) -> None:
    with pytest.raises(UnavailableError, match=r"certificate is not trusted .* SSL_CERT_FILE"):
        with_judge(ScriptedEndpoint(in_turn(say("never")), serving(certificate)), ask, outage_s=0.05)


def test_two_endpoints_may_share_one_session_and_outlive_each_other() -> None:
    def script(asked: Asked) -> Action:
        return say(asked.headers["x-judge"])

    async def run() -> list[str]:
        async with ScriptedEndpoint(script) as endpoint:
            transport = Transport()
            first, second = (
                open_judge(
                    JudgeSpec(model="m", base_url=endpoint.url, headers={"X-Judge": name}), policy=QUICK, transport=transport
                )
                for name in ("first", "second")
            )  # fmt: skip
            answers = [await ask(first)]
            await first.close()
            answers.append(await ask(second))
            await transport.close()
            return answers

    assert asyncio.run(run()) == ["first", "second"]


def test_an_address_that_is_none_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(InputError, match="is no address"):
        open_judge(JudgeSpec(model="m", base_url="http://judge:port/v1"))
