"""Keys from the environment are in no file, no log, no error and no list of processes, whatever is sent back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import pytest

from line_tools import Bench, Ran, Started, children_of, command_line, made_up_cases, simulator

JUDGE_KEY = "sk-planted-Zq7Xw0Vb3Nm9"
TARGET_KEY = "tk-planted-Hd5Rk2Lp8Yc4"
CASES = 12


class _Echo(BaseHTTPRequestHandler):
    """Sends every header back, in an answer, an error, or a page."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Echo)
        seen = " ".join(f"{name}: {value}" for name, value in self.headers.items())
        status, body = self._said(seen, next(self.server.turns) % 5)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _said(self, seen: str, dice: int) -> tuple[int, bytes]:
        if self.path == "/target":
            return 200, json.dumps({"output": f"You sent {seen}", "context": [seen]}).encode()
        message: Mapping[str, Any] = {"role": "assistant", "content": f"I was sent {seen}"}
        choices: Mapping[str, Any] = {"choices": [{"message": message, "finish_reason": "stop"}]}
        page = f"<!DOCTYPE html>{'.' * 250}{seen}"
        answers = [(400, {"error": {"message": seen}}), (200, choices), (413, seen), (422, [seen])]
        return (400, page.encode()) if dice == 4 else (answers[dice][0], json.dumps(answers[dice][1]).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


class Echo(ThreadingHTTPServer):
    """Answers in one way after the other."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.turns = count()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of our business."""


@contextmanager
def echo() -> Iterator[str]:
    server = Echo()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def keyed(bench: Bench) -> Bench:
    bench.cases(made_up_cases(CASES))
    bench.env |= {"JUDGE_KEY": JUDGE_KEY, "TEAM": f"team-{JUDGE_KEY}", "TARGET_KEY": TARGET_KEY}
    return bench


def judged(bench: Bench, **suite: Any) -> None:
    bench.suite(judge={"api_key_env": "JUDGE_KEY", "headers": {"X-Team": "${TEAM}"}}, **suite)


def watched(running: Started, seen: set[str]) -> Ran:
    """What the command left behind; its processes' words meanwhile go into `seen`."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            every = [running.pid, *children_of(running.pid)]
            seen.update(command_line(each) for pid in every for each in (pid, *children_of(pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return running.ended()
    finally:
        ended.set()
        watcher.join()


def hidden(bench: Bench, *commands: Ran) -> None:
    """No key is in any file of the folder, nor in what the commands said."""
    files = [path for path in bench.folder.rglob("*") if path.is_file()]
    assert any("logs" in path.parts for path in files)
    for key in (JUDGE_KEY, TARGET_KEY):
        assert not [path for path in files if key.encode() in path.read_bytes()]
        assert not [each for each in commands if key in each.out + each.err]


def test_a_key_is_in_no_file_no_output_and_no_list_of_processes(keyed: Bench) -> None:
    seen: set[str] = set()
    with simulator("--expect-key", JUDGE_KEY, "--fault", "server_error=0.1", "--fault", "filtered=0.05") as judge:
        keyed.base_url = judge.base_url
        judged(keyed)
        ran = watched(keyed.start("run", "suite.yaml", "--run-id", "secret"), seen)
        assert ran.code in (0, 10, 11), ran.err
        explained = keyed("explain", "case-0003", "--run", "secret", "--store", "store", "--json")
    with simulator("--expect-key", "another") as judge:
        keyed.base_url = judge.base_url
        judged(keyed)
        refused = keyed("run", "suite.yaml", "--run-id", "refused", "--fresh")
    assert refused.code == 77
    hidden(keyed, ran, explained, refused)
    assert any("evalfactory.worker" in words for words in seen)
    assert not [words for words in seen if JUDGE_KEY in words]


def test_keys_that_are_sent_back_are_kept_nowhere(keyed: Bench) -> None:
    with echo() as url:
        keyed.base_url = f"{url}/v1"
        keyed.cases([{"id": f"case-{n:02}", "input": "What did I send?" + "?" * n} for n in range(CASES)])
        target = {
            "url": f"{url}/target", "request": {"input": "{{input}}"}, "api_key_env": "TARGET_KEY",
            "output": "output", "retrieval_context": "context",
        }  # fmt: skip
        judged(keyed, target=target)
        ran = keyed("run", "suite.yaml", "--run-id", "echoed", "--quiet")
        assert ran.code == 11, ran.err
        explained = keyed(
            "explain", "case-03", "--run", "echoed", "--store", "store", "--suite", "suite.yaml", "--json"
        )
        shown = [keyed.here("report", "echoed", "--store", "store", *words) for words in ((), ("--format", "junit"))]
    lines = keyed.measurements("echoed").values()
    assert {line["failure"]["error_class"] for line in lines} >= {"server", "context_length"}
    assert any("[key]" in line["failure"]["message"] for line in lines)
    hidden(keyed, ran, explained, *shown)
