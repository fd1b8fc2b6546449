"""Python callables as systems under test."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evalfactory.errors import EnvironmentProblem
from evalfactory.records.case import Case, ToolCall
from evalfactory.records.suite import PythonTarget
from evalfactory.target.opening import open_target
from evalfactory.target.port import Produced, Target, TargetError
from scripted_endpoint import QUICK, metered

SOURCE = """
import asyncio
import sys
import threading
from functools import partial

released = threading.Event()


def echo(case):
    return "echo " + case["input"]


async def gently(case):
    await asyncio.sleep(0)
    return {"actual_output": case["input"], "retrieval_context": ["page"], "tools_called": [{"name": "search"}]}


def later(case):
    return gently(case)


def inner(prefix, case):
    return prefix + case["input"]


prefixed = partial(inner, "pre ")


class Bot:
    async def __call__(self, case):
        return "bot " + case["input"]


bot = Bot()


def raising(case):
    if case["input"] == "bad":
        raise ValueError("no\\x1b such thing")
    return "fine"


async def raising_gently(case):
    return raising(case)


def leaving(case):
    if case["input"] == "bad":
        sys.exit(3)
    return "fine"


async def leaving_gently(case):
    return leaving(case)


def impatient(case):
    raise TimeoutError("mine, not yours")


def hanging(case):
    if case["input"] == "bad":
        released.wait()
    return "fine"


async def hanging_gently(case):
    while case["input"] == "bad":
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "never mind"
    return "fine"


def cancelling(case):
    raise asyncio.CancelledError


async def cancelling_gently(case):
    raise asyncio.CancelledError


def wrong(case):
    return {"output": case["input"]}


def what_it_sees(case):
    return " ".join(sorted(case))


not_callable = 7
"""


@pytest.fixture
def bots(tmp_path: Path) -> Iterator[Path]:
    """A folder with the module `scripted_bots`, forgotten afterwards."""
    (tmp_path / "scripted_bots.py").write_text(SOURCE)
    (tmp_path / "broken_bots.py").write_text("import scripted_bots\nraise RuntimeError('half way')\n")
    yield tmp_path
    if "scripted_bots" in sys.modules:
        sys.modules["scripted_bots"].released.set()
    for name in ("scripted_bots", "broken_bots"):
        sys.modules.pop(name, None)
    sys.path[:] = [place for place in sys.path if place != str(tmp_path)]


def with_function(
    folder: Path, name: str, do: Callable[[Target], Awaitable[Any]], share: float = 1.0, **limits: Any
) -> Any:
    async def run() -> Any:
        spec = PythonTarget(python=f"scripted_bots:{name}", **limits)
        target = open_target(spec, folder=folder, share=share, policy=QUICK, rng=random.Random(1))
        try:
            return await do(target)
        finally:
            await target.close()

    return asyncio.run(run())


async def one(target: Target) -> Any:
    with metered() as meter:
        return await target.produce(Case(id="c", input="x")), meter.usage.calls


async def good_and_bad(target: Target) -> list[Any]:
    cases = [Case(id=str(n), input="bad" if n == 1 else "good") for n in range(4)]
    return await asyncio.gather(*(target.produce(case) for case in cases), return_exceptions=True)


@pytest.mark.parametrize(
    ("name", "produced"),
    [
        ("echo", Produced("echo x")),
        ("gently", Produced("x", ("page",), (ToolCall(name="search"),))),
        ("later", Produced("x", ("page",), (ToolCall(name="search"),))),
        ("prefixed", Produced("pre x")),
        ("bot", Produced("bot x")),
    ],
)
def test_callables_of_every_kind_are_called_and_awaited(bots: Path, name: str, produced: Produced) -> None:
    assert with_function(bots, name, one) == (produced, 1)


def test_a_function_sees_the_cases_fields_and_not_the_recorded_answer(bots: Path) -> None:
    produced, _ = with_function(bots, "what_it_sees", one)
    names = produced.actual_output.split()
    assert {"id", "input", "context", "retrieval_context", "metadata", "tags", "expected_output"} <= set(names)
    assert "actual_output" not in names


@pytest.mark.parametrize("name", ["raising", "raising_gently", "leaving", "leaving_gently"])
def test_whatever_a_function_raises_is_an_error_of_that_case_alone(bots: Path, name: str) -> None:
    first, bad, *rest = with_function(bots, name, good_and_bad)
    assert isinstance(bad, TargetError)
    assert bad.error_class == "bug"
    assert "scripted_bots.py:" in str(bad)
    assert "\x1b" not in str(bad)
    assert [produced.actual_output for produced in (first, *rest)] == ["fine"] * 3


@pytest.mark.parametrize("name", ["hanging", "hanging_gently"])
def test_a_function_that_hangs_holds_up_nobody(bots: Path, name: str) -> None:
    first, bad, *rest = with_function(bots, name, good_and_bad, timeout_s=0.1, max_in_flight=1)
    assert isinstance(bad, TargetError)
    assert bad.error_class == "timeout"
    assert [produced.actual_output for produced in (first, *rest)] == ["fine"] * 3


@pytest.mark.parametrize(
    ("name", "error_class", "words"),
    [
        ("impatient", "bug", "TimeoutError: mine, not yours"),
        ("wrong", "bad_json", "did it mean 'actual_output'"),
        ("cancelling", "bug", "CancelledError"),
        ("cancelling_gently", "bug", "CancelledError"),
    ],
)
def test_odd_functions_get_their_own_words(bots: Path, name: str, error_class: str, words: str) -> None:
    with pytest.raises(TargetError, match=words) as caught:
        with_function(bots, name, one)
    assert caught.value.error_class == error_class


def test_a_cancelled_caller_leaves_a_hanging_function_behind_and_frees_its_place(bots: Path) -> None:
    async def do(target: Target) -> Any:
        stuck = asyncio.create_task(target.produce(Case(id="a", input="bad")))
        waiting = asyncio.create_task(target.produce(Case(id="b", input="good")))
        while target.status().waiting < 1:  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        stuck.cancel()
        return (await waiting).actual_output, target.status().in_flight  # type: ignore[attr-defined]

    assert with_function(bots, "hanging", do, max_in_flight=1) == ("fine", 0)


def test_functions_keep_to_their_limits(bots: Path) -> None:
    async def do(target: Target) -> int:
        peak = 0

        async def watch() -> None:
            nonlocal peak
            while not done.is_set():
                peak = max(peak, target.status().in_flight)  # type: ignore[attr-defined]
                await asyncio.sleep(0)

        done = asyncio.Event()
        watcher = asyncio.create_task(watch())
        await asyncio.gather(*(target.produce(Case(id=str(n), input="x")) for n in range(40)))
        done.set()
        await watcher
        return peak

    assert with_function(bots, "gently", do, share=0.5, max_in_flight=4) == 2


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("no_such_bots:echo", "No module named 'no_such_bots'"),
        ("scripted_bots:ecko", "has no attribute 'ecko'"),
        ("scripted_bots:not_callable", "cannot be called: its type is int"),
        ("broken_bots:echo", "RuntimeError: half way"),
    ],
)
def test_a_function_that_cannot_be_loaded_is_a_problem_of_the_environment(
    bots: Path, reference: str, words: str
) -> None:
    with pytest.raises(EnvironmentProblem, match=words):
        open_target(PythonTarget(python=reference), folder=bots)
