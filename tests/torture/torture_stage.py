"""Where a round is played: the suite and its cases, the judge, the store, and what the measurements come to in peace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from torture_disk import small_disk
from torture_processes import MARK
from torture_script import Script
from torture_watch import Watch

from fakes.s3_stub import S3Stub, s3_stub
from line_tools import Bench, Simulator, made_up_cases, port_of, simulator

RUN = "tortured"

BOT = '''
def answer(case):
    """The same answer to the same question."""
    text = case["input"].removesuffix("?")
    return {"actual_output": f"It is said that {text} is so.", "retrieval_context": [f"{text} is well known."]}
'''


class Broken(Exception):
    """A law of the round was broken; says which, and how it showed."""


@dataclass(frozen=True)
class Truth:
    """What a script's measurements come to in peace."""

    digest: str
    slots: int
    answered: int  # calls that the judge answered


@dataclass
class Tally:
    """What a round did and cost."""

    commands: int = 0
    blows: Counter[str] = field(default_factory=Counter)
    kills: int = 0  # processes that got a SIGKILL
    lost_workers: int = 0  # that could not finish what they had in flight
    lost_lines: int = 0  # of files that were damaged
    extra_runs: int = 0  # by others, on the same run
    repeated: int = 0  # calls that were answered more than once
    allowed: int = 0
    named: int = 0  # damages that a command found and named
    blamed: int = 0  # slots that were quarantined for deaths that were none of their doing
    seconds: float = 0.0


@dataclass
class Stage:
    """The round's place while it is played."""

    bench: Bench
    script: Script
    judge: Simulator | None = None
    bucket: S3Stub | None = None
    watch: Watch | None = None
    answered_before: int = 0  # by judges that are gone
    judges: ExitStack = field(default_factory=ExitStack)

    @property
    def root(self) -> Path:
        """The run's folder, in a store that is one."""
        return self.bench.root(RUN)

    @property
    def answered(self) -> int:
        """Calls that were answered so far."""
        return self.answered_before + (self.judge.counters["answered"] if self.judge else 0)

    def replace_judge(self) -> bool:
        """Let the judge's process die, and another one come that has forgotten everything; whether there is one."""
        if self.judge is None:
            return False
        self.answered_before += self.judge.counters["answered"]
        port = port_of(self.judge)
        self.judge.stop()
        self.judge = self.judges.enter_context(simulator(*self.script.judge_flags, port=port))
        return True


@contextmanager
def stage(script: Script, folder: Path, token: str) -> Iterator[Stage]:
    """The place, set up for the time of the block."""
    place = Stage(_bench(script, folder, token), script)
    bench = place.bench
    with ExitStack() as stack:
        if script.place == "bucket":
            place.bucket = stack.enter_context(s3_stub())
            bench.store_name = "s3://bucket/store"
            bench.env |= {
                "AWS_ENDPOINT_URL": place.bucket.endpoint, "AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "hush",
                "AWS_REGION": "us-east-1", "NO_PROXY": "127.0.0.1",
            }  # fmt: skip
        elif script.place == "small disk":
            stack.enter_context(small_disk(bench.store))
        if place.bucket is None:
            place.watch = stack.enter_context(Watch(bench.store))
        stack.enter_context(place.judges)
        if script.judge == "simulated":
            place.judge = place.judges.enter_context(simulator(*script.judge_flags))
            bench.base_url = place.judge.base_url
        _write_suite(script, bench)
        yield place


def truth_of(script: Script, folder: Path) -> Truth:
    """The script's measurements, made in peace."""
    bench = _bench(script, folder, "truth")
    with ExitStack() as stack:
        judge = stack.enter_context(simulator()) if script.judge == "simulated" else None
        bench.base_url = judge.base_url if judge else bench.base_url
        _write_suite(script, bench, calm=True)
        done = bench.run("--run-id", RUN)
        if done["scored"] != done["planned"]:
            raise Broken(f"the truth itself is not whole: {done}")
        return Truth(done["results_digest"], done["planned"], judge.counters["answered"] if judge else 0)


def _bench(script: Script, folder: Path, token: str) -> Bench:
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(folder, env={MARK: token})
    cases = made_up_cases(script.cases)
    if script.target:
        cases = [{"id": case["id"], "input": case["input"]} for case in cases]
        bench.module("bot", BOT)
    bench.cases(cases)
    return bench


def _write_suite(script: Script, bench: Bench, *, calm: bool = False) -> None:
    bench.suite(
        metrics=script.metrics,
        judge="offline" if script.judge == "offline" else {"timeout_s": 20} if calm else script.judge_limits,
        execution={} if calm else script.execution,
        **({"target": {"python": "bot:answer"}} if script.target else {}),
    )
