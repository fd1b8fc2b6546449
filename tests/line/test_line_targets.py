"""A system under test in the line: every output is produced once, and one that cannot be costs its own case alone."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from line_tools import Bench

BOT = '''
import os
from pathlib import Path

CALLS = Path(__file__).parent / "calls"


def answer(case):
    """Writes down that it was asked, and does what the question wants."""
    with CALLS.open("a") as calls:
        calls.write(case["input"] + "\\n")
    match case["input"].partition(":")[0]:
        case "raise":
            raise RuntimeError("no idea")
        case "die":
            os._exit(1)
        case "nothing":
            return None
    return {"actual_output": f"It is said that {case['input']}", "retrieval_context": [case["input"] + " is well known."]}
'''


@pytest.fixture
def asked(judged: Bench) -> Bench:
    """A suite whose twelve cases have no output yet."""
    judged.module("bot", BOT)
    questions(judged, {})
    target(judged)
    return judged


def questions(bench: Bench, instead: dict[int, str]) -> None:
    bench.cases(
        [
            {"id": f"case-{number:04}", "input": instead.get(number, f"water number {number} is wet")}
            for number in range(12)
        ]
    )


def target(bench: Bench, **suite: Any) -> None:
    bench.suite(**{"target": {"python": "bot:answer"}, **suite})


def calls(bench: Bench) -> Counter[str]:
    """How often the target was asked what, since the last look."""
    path = bench.folder / "calls"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return Counter(lines)


def test_each_output_is_produced_once_and_each_slot_measured_once(asked: Bench) -> None:
    target(asked, execution={"repeats": 2})
    done = asked.run("--run-id", "first")
    assert (done["planned"], done["scored"]) == (48, 48)
    assert set(calls(asked).values()) == {1}
    assert len(asked.kept("first")) == 48
    assert done["judge"]["calls"] == sum(line["usage"]["calls"] for line in asked.kept("first"))
    again = asked.run()
    assert (again["reused"], again["judge"]["calls"], calls(asked)) == (48, 0, Counter())
    assert again["results_digest"] == done["results_digest"]


def test_a_new_metric_judges_the_outputs_that_are_there(asked: Bench) -> None:
    asked.run()
    calls(asked)
    target(asked, metrics=["answer_relevancy", "faithfulness", "toxicity"])
    done = asked.run()
    assert (done["planned"], done["scored"], done["reused"], calls(asked)) == (36, 36, 24, Counter())


def test_a_case_whose_output_cannot_be_produced_is_errored_alone_and_retried(asked: Bench) -> None:
    questions(asked, {3: "raise: it", 7: "nothing: at all"})
    done = asked.run("--run-id", "first")
    assert (done["scored"], done["errored"], done["missing"]) == (20, 4, 0)
    errored = {line["case_id"]: line["failure"] for line in asked.kept("first") if line["state"] == "errored"}
    assert {case: failure["where"] for case, failure in errored.items()} == dict.fromkeys(errored, "target")
    assert "no idea" in errored["case-0003"]["message"]
    assert calls(asked).total() == 12
    retried = json.loads(
        asked("retry", "first", "--errored", "--store", "store", "--suite", "suite.yaml", "--json").out
    )
    assert (retried["planned"], retried["scored"], retried["errored"]) == (24, 20, 4)
    assert calls(asked) == {"raise: it": 1, "nothing: at all": 1}


def test_a_target_that_kills_its_worker_costs_that_case_alone(asked: Bench) -> None:
    questions(asked, {5: "die: now"})
    done = asked.run("--run-id", "deadly", "--workers", "1")
    assert (done["scored"], done["errored"], done["missing"]) == (22, 2, 0)
    errored = [line for line in asked.measurements("deadly").values() if line["state"] == "errored"]
    assert {(line["case_id"], line["failure"]["error_class"]) for line in errored} == {("case-0005", "crash")}


class _Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, HttpBot)
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["question"]
        with server.lock:
            server.asked[question] += 1
        fails = question.startswith("raise")
        said = {"error": "no idea"} if fails else {"reply": {"text": f"Yes, {question}", "found": [{"text": question}]}}
        body = json.dumps(said).encode()
        self.send_response(400 if fails else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


class HttpBot(ThreadingHTTPServer):
    """A system under test that counts what it is asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Http)
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of our business."""


@contextmanager
def http_bot() -> Iterator[HttpBot]:
    bot = HttpBot()
    thread = threading.Thread(target=bot.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield bot
    finally:
        bot.shutdown()
        thread.join()
        bot.server_close()


def test_an_http_target_is_asked_once_a_case_and_its_outputs_are_reused(asked: Bench, tmp_path: Path) -> None:
    questions(asked, {2: "raise: it"})
    with http_bot() as bot:
        spec = {
            "url": f"http://127.0.0.1:{bot.server_port}/ask", "request": {"question": "{{input}}"},
            "output": "reply.text", "retrieval_context": "reply.found.*.text",
        }  # fmt: skip
        target(asked, target=spec)
        done = asked.run("--run-id", "first")
        assert (done["scored"], done["errored"]) == (22, 2)
        assert set(bot.asked.values()) == {1}
        failed = asked.measurements("first")["case-0002", "faithfulness", 0]["failure"]
        assert failed["where"] == "target"
        bot.asked.clear()
        again = asked.run("--run-id", "second")
        assert again["reused"] == 22
        assert bot.asked == {"raise: it": 1}
        bot.asked.clear()
        assert asked.run("--fresh")["reused"] == 0
        assert bot.asked.total() == 12
