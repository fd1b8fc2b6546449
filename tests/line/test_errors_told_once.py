"""What ends a run is said once: what happened, and what to try; for a program the two apart."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from line_tools import Bench, Ran, simulator

KEY = "sk-right-4711"


def told_once(ran: Ran, *sentences: str) -> None:
    """The error stands on standard error as one message and one hint, and each sentence of it once."""
    assert ran.err.count("evalfactory: ") == 1, ran.err
    assert ran.err.count("try: ") == 1, ran.err
    assert [sentence for sentence in sentences if ran.err.count(sentence) != 1] == [], ran.err


def error_of(ran: Ran) -> Any:
    """The object of `--json`, its message and its hint apart."""
    error = ran.json["error"]
    assert error["exit_code"] == ran.code
    assert "try:" not in error["message"]
    assert error["hint"]
    assert error["hint"] not in error["message"]
    return error


class _Unknown(BaseHTTPRequestHandler):
    """Knows no path and no model."""

    def do_POST(self) -> None:  # its name is Python's
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"error": {"message": "no such model"}}'
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def knowing_nothing() -> Iterator[str]:
    """The address of a server that answers every request with 404."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Unknown) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def test_a_refused_key_is_told_once_with_what_to_mend_and_how_to_go_on(bench: Bench) -> None:
    bench.env["JUDGE_KEY"] = "sk-wrong-0815"
    with simulator("--expect-key", KEY) as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"api_key_env": "JUDGE_KEY"})
        ran = bench("run", "suite.yaml", "--run-id", "locked")
        as_json = bench("resume", "locked", "--store", "store", "--json")
        by_hand = bench("work", "--store", "store", "--run-id", "locked", "--shard-index", "0")
    told_once(
        ran, "refuses the key in JUDGE_KEY", "HTTP 401", "check the value of JUDGE_KEY", "evalfactory resume locked"
    )
    assert "0/48 measured" not in ran.err  # the key is what there is to say
    told_once(as_json, "refuses the key in JUDGE_KEY")
    assert "evalfactory resume locked" in error_of(as_json)["hint"]
    assert by_hand.code == 77
    told_once(by_hand, "refuses the key in JUDGE_KEY", "check the value of JUDGE_KEY")


def test_a_judge_that_is_gone_is_told_once_with_how_to_go_on(bench: Bench, nobody: str) -> None:
    bench.base_url = nobody
    bench.suite(judge={"outage_s": 0.5})
    ran = bench("run", "suite.yaml", "--run-id", "gone", "--json")
    assert ran.code == 69
    told_once(ran, f"the judge at {nobody} has answered nothing for", "evalfactory resume gone")
    assert "evalfactory resume gone" in error_of(ran)["hint"]
    by_hand = bench("work", "--store", "store", "--run-id", "gone", "--shard-index", "0", "--json")
    told_once(by_hand, "has answered nothing for", "the same command again")
    error_of(by_hand)


def test_a_model_that_nobody_knows_is_mended_in_the_suite_so_nobody_is_told_to_resume(bench: Bench) -> None:
    with knowing_nothing() as bench.base_url:
        bench.suite()
        ran = bench("run", "suite.yaml")
    assert ran.code == 69
    told_once(ran, "knows no such model or path", "check the model's name and the address in the suite")
    assert "evalfactory resume" not in ran.err


def test_a_missing_key_is_noticed_before_a_run_is_planned(bench: Bench) -> None:
    bench.suite(judge={"api_key_env": "KEY_THAT_IS_NOT_THERE"})
    ran = bench("run", "suite.yaml", "--json")
    assert ran.code == 78
    told_once(ran, "KEY_THAT_IS_NOT_THERE is not set")
    assert ran.err.startswith("evalfactory: ")
    error_of(ran)
    assert not bench.store.exists()


def test_a_key_that_one_metrics_judge_or_the_target_lacks_is_noticed_as_early(bench: Bench) -> None:
    own = {"model": "other", "base_url": bench.base_url, "api_key_env": "ITS_OWN_KEY"}
    bench.suite(judge="offline", metrics=["answer_relevancy", {"faithfulness": {"judge": own}}])
    assert "ITS_OWN_KEY is not set" in bench("run", "suite.yaml").err
    bench.suite(judge="offline", target={"url": "http://127.0.0.1:9/", "headers": {"X-Team": "${THE_TEAM}"}})
    assert "THE_TEAM is not set" in bench("run", "suite.yaml").err
    assert not list(bench.store.glob("line/runs/*"))


def test_a_shard_that_cannot_be_read_is_told_once_to_whoever_works_by_hand(bench: Bench) -> None:
    bench.suite(judge="offline")
    assert bench.here("plan", "suite.yaml", "--write", "--run-id", "cut").code == 0
    (cases,) = bench.root("cut").glob("cases/*")
    cases.write_bytes(cases.read_bytes()[:100])
    ran = bench("work", "--store", "store", "--run-id", "cut", "--shard-index", "0", "--json")
    assert ran.code == 65
    assert ran.err.count("evalfactory: ") == ran.err.count(cases.name) == 1
    assert "try:" not in ran.json["error"]["message"]


def test_a_worker_whose_suite_is_wrong_names_what_to_try_once(bench: Bench) -> None:
    (bench.folder / "suite.yaml").write_text("name: line\n", encoding="utf-8")
    ran = bench("work", "suite.yaml", "--run-id", "x", "--shard-index", "0", "--json")
    assert ran.code == 78
    assert "try:" not in ran.json["error"]["message"]
