"""The whole line at the level of processes: a simulated judge over HTTP, suites in files, commands, signals, /proc."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from evalfactory.cli import main
from evalfactory.settings import environment

DEADLINE_S = 120.0  # of anything that a test waits for; far beyond what it takes
PROGRAM = shutil.which("evalfactory", path=str(Path(sys.executable).parent))
COMMAND = (PROGRAM,) if PROGRAM else (sys.executable, "-m", "evalfactory")

SUBJECTS = (
    "The lighthouse", "Mount Fuji", "The old library", "A red kite", "The ferry", "Captain Rowe", "The glass bridge",
    "東京タワー", "The night train", "A copper mine",
)  # fmt: skip
FACTS = (
    "was built in 1844", "is 3776 metres high", "closes at nine", "lives in the valley", "leaves every hour",
    "was born in Cork", "carries forty people", "は赤と白に塗られている", "arrives before dawn", "fed the whole town",
)  # fmt: skip


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on standard output."""
        return json.loads(self.out)


def eventually(look: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """The first true value of `look`, which is called again and again until the deadline."""
    end_s = time.monotonic() + deadline_s
    pause = threading.Event()
    while not (value := look()):
        assert time.monotonic() < end_s, f"waited {deadline_s:g} s in vain: {what}"
        pause.wait(0.01)
    return value


@dataclass
class Started:
    """A command that runs, in a process group of its own like a shell's job."""

    process: subprocess.Popen[str]
    words: Sequence[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    def workers(self) -> list[int]:
        """Process ids of its worker processes."""
        nursery = self.nursery()
        started = [pid for pid in self._worker_programs() if pid != nursery]
        return started + (children_of(nursery) if nursery else [])

    def nursery(self) -> int | None:
        """Process id of what forks its workers."""
        return next((pid for pid in self._worker_programs() if command_line(pid).split()[-1].isdigit()), None)

    def _worker_programs(self) -> list[int]:
        return [pid for pid in children_of(self.pid) if "evalfactory.worker" in command_line(pid)]

    def until(self, look: Callable[[], Any], what: str) -> Any:
        """The first true value of `look`, while the command runs."""

        def alive() -> Any:
            value = look()
            assert value or self.process.poll() is None, f"it ended before {what}: {self.ended()}"
            return value

        return eventually(alive, what)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def interrupt(self) -> None:
        """What Ctrl-C does: a signal to every process of the job. Returns once it is taken."""
        os.killpg(self.pid, signal.SIGINT)
        eventually(lambda: not _is_pending(self.pid, signal.SIGINT), "the signal to be taken")

    def ended(self) -> Ran:
        """What it left behind, once it has ended."""
        out, err = self.process.communicate(timeout=DEADLINE_S)
        ran = Ran(self.process.returncode, out, err)
        return clean(ran, self.words)


def clean(ran: Ran, words: Sequence[str]) -> Ran:
    """`ran`, if it shows no traceback to its user."""
    shown = f"{' '.join(words)} -> {ran.code}\n{ran.err}"
    assert "Traceback" not in ran.err + ran.out, shown
    assert "a bug of ours" not in ran.err, shown
    return ran


def children_of(pid: int) -> list[int]:
    """Process ids of a process's living children."""
    every = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return [child for child in every if _parent_of(child) == pid]


def command_line(pid: int) -> str:
    """A process's words as `ps` shows them; empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether the process still runs; a zombie does not."""
    return _stat(pid)[0] not in ("", "Z", "X")


def _is_pending(pid: int, number: signal.Signals) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    waiting = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigPnd", "ShdPnd"))]
    return any(mask >> (number - 1) & 1 for mask in waiting)


def _parent_of(pid: int) -> int:
    return int(_stat(pid)[1])


def _stat(pid: int) -> tuple[str, str]:
    """State and parent."""
    try:
        rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return rest[0], rest[1]
    except OSError:
        return "", "0"


def made_up_cases(count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """So many cases like HaluEval's, the same ones for the same seed."""
    dice = random.Random(seed)
    cases = []
    for number in range(count):
        subject, right, other = dice.choice(SUBJECTS), dice.choice(FACTS), dice.choice(FACTS)
        cases.append(
            {
                "id": f"case-{number:04}",
                "input": f"What is known about {subject}, number {number}?",
                "actual_output": f"{subject} {right if dice.random() < 0.7 else other}.",
                "retrieval_context": [f"{subject} {right}. It is number {number}.", f"Nobody knows more than {other}."],
            }
        )
    return cases


@dataclass
class Bench:
    """A folder with a suite, its cases and its store, where a person runs commands."""

    folder: Path
    base_url: str = "http://127.0.0.1:9/v1"
    store_name: str = "store"
    env: dict[str, str] = field(default_factory=dict)
    started: list[Started] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.folder / self.store_name

    def cases(self, cases: Sequence[Mapping[str, Any]]) -> None:
        """Write `cases.jsonl`."""
        lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
        (self.folder / "cases.jsonl").write_text(lines, encoding="utf-8")

    def suite(
        self,
        *,
        metrics: Sequence[Any] = ("answer_relevancy", "faithfulness"),
        judge: Mapping[str, Any] | str | None = None,
        execution: Mapping[str, Any] | None = None,
        **keys: Any,
    ) -> Path:
        """Write `suite.yaml` with the simulated judge, and these keys laid over it."""
        asked = {"model": "simulated", "base_url": self.base_url, "max_in_flight": 8, "timeout_s": 20}
        suite = {
            "name": "line",
            "dataset": "cases.jsonl",
            "judge": judge if isinstance(judge, str) else {**asked, **(judge or {})},
            "metrics": list(metrics),
            "tiers": {"smoke": "all"},
            "execution": {"workers": 1, "grace_s": 5, **(execution or {})},
            "store": self.store_name,
            **keys,
        }
        path = self.folder / "suite.yaml"
        path.write_text(json.dumps(suite, ensure_ascii=False), encoding="utf-8")
        return path

    def module(self, name: str, source: str) -> None:
        """Write a module of one's own beside the suite."""
        (self.folder / f"{name}.py").write_text(source, encoding="utf-8")

    def start(self, *words: str | Path) -> Started:
        """The command, started in the background."""
        argv = [str(word) for word in words]
        process = subprocess.Popen(
            [*COMMAND, *argv],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self.started.append(Started(process, argv))
        return self.started[-1]

    def close(self) -> None:
        """End whatever a failed test has left running."""
        for running in self.started:
            if running.process.poll() is None:
                for pid in [*running.workers(), running.pid]:
                    os.kill(pid, signal.SIGKILL)
                running.process.communicate(timeout=DEADLINE_S)

    def __call__(self, *words: str | Path) -> Ran:
        """What the command left behind."""
        return self.start(*words).ended()

    def here(self, *words: str | Path) -> Ran:
        """What a command that only reads leaves behind, run in this process for speed."""
        argv = [str(word) for word in words]
        out, err = io.StringIO(), io.StringIO()
        with chdir(self.folder), redirect_stdout(out), redirect_stderr(err):
            code = main(argv)
        return clean(Ran(code, out.getvalue(), err.getvalue()), argv)

    def run(self, *words: str | Path) -> Any:
        """The object that `run --json` prints, of a run that came to a verdict."""
        return verdict(self("run", "suite.yaml", "--json", *words))

    def resume(self, run_id: str, *words: str | Path) -> Any:
        """The object that `resume --json` prints."""
        return verdict(self("resume", run_id, "--store", self.store_name, "--suite", "suite.yaml", "--json", *words))

    def root(self, run_id: str) -> Path:
        """The run's folder in the store."""
        return self.store / "line" / "runs" / run_id

    def kept(self, run_id: str) -> list[Any]:
        """Every measurement in the run's parts, sealed or not, twins included."""
        return list(_kept(self.root(run_id)))

    def measurements(self, run_id: str) -> dict[tuple[str, str, int], Any]:
        """The lines of the run's newest `measurements.jsonl`, by slot."""
        newest = max(self.root(run_id).glob("report/*/measurements.jsonl"))
        lines = map(json.loads, newest.read_text(encoding="utf-8").splitlines())
        return {(line["case_id"], line["metric"], line["repeat"]): line for line in lines}

    def report(self, run_id: str) -> Any:
        """The run's newest `report.json`."""
        return json.loads(max(self.root(run_id).glob("report/*/report.json")).read_text(encoding="utf-8"))

    def _environment(self) -> dict[str, str]:
        quiet = {name: value for name, value in environment().items() if not name.startswith(("PYTEST", "COV_"))}
        return {**quiet, "COLUMNS": "100", **self.env}


def verdict(ran: Ran) -> Any:
    """The JSON of a command that came to a verdict."""
    assert ran.code in (0, 10, 11, 12), f"exit {ran.code}\n{ran.out}\n{ran.err}"
    return ran.json


def _kept(root: Path) -> Iterator[Any]:
    for path in sorted(root.glob("shards/*/parts/*")):
        try:
            body = path.read_bytes()
        except FileNotFoundError:  # sealed this instant
            continue
        for line in body.splitlines(keepends=True):
            if line.endswith(b"\n"):
                record = json.loads(line)
                if record["kind"] == "measurement":
                    yield record


@dataclass
class Simulator:
    """A simulated judge in a process of its own."""

    base_url: str
    process: subprocess.Popen[str]

    @property
    def counters(self) -> Any:
        """What it has seen so far."""
        return self._ask("/counters")

    @property
    def requests(self) -> int:
        """How many requests it has seen."""
        return int(self.counters["requests"])

    def reset(self) -> None:
        """Begin to count, and the clock of outages, anew."""
        self._ask("/reset", b"")

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=DEADLINE_S)

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        with urllib.request.urlopen(self.base_url.removesuffix("/v1") + path, body, timeout=DEADLINE_S) as response:
            return json.load(response)


def port_of(judge: Simulator) -> int:
    """Where another one must listen to be taken for this one."""
    return int(judge.base_url.removesuffix("/v1").rpartition(":")[2])


@contextmanager
def simulator(*flags: str, port: int = 0) -> Iterator[Simulator]:
    """A simulated judge that serves while the context is open."""
    process = subprocess.Popen(
        [*COMMAND, "judge-sim", "--port", str(port), "--json", *flags],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.rstrip().endswith("}"), process.communicate(timeout=DEADLINE_S)
        yield Simulator(json.loads(line)["base_url"], process)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=DEADLINE_S)
