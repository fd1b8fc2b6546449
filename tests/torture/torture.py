"""Plays rounds of torture: runs that are killed, damaged and resumed until they are finished, and then must be the truth.

python tests/torture/torture.py [--minutes M | --rounds N] [--seed S] [--round N] [--jobs J]

Every round follows from the seed and its number. One that breaks a law is kept with everything it left, and the command
that plays it again is printed. Beside the rounds, the long outages are waited out: see torture_scenarios.py.
"""

from __future__ import annotations

import argparse
import json
import math
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from torture_disk import can_mount
from torture_round import play
from torture_scenarios import SCENARIOS
from torture_script import Script, script
from torture_stage import Broken, Tally, Truth, truth_of


class Torture:
    """Rounds of one seed, and what came of them."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.folder = folder
        self.root = can_mount(folder / "disk")
        self.failed: list[int] = []
        self.rounds = 0
        self.total: Counter[str] = Counter()
        self.blows: Counter[str] = Counter()
        self._truths: dict[str, Truth] = {}
        self._lock = threading.RLock()

    def play(self, number: int) -> None:
        """Play the round of that number, and say how it went."""
        plan = script(self.seed, number, root=self.root)
        folder = self.folder / f"round-{number}"
        try:
            tally = play(plan, folder, self._truth(plan), self.seed)
        except (Broken, OSError, AssertionError, ValueError, LookupError, subprocess.SubprocessError) as error:
            self._failed(plan, folder, error)
            return
        shutil.rmtree(folder)
        self._count(tally)
        say(f"round {number}: {_in_words(plan)}: {tally.kills} kills, {tally.commands} commands, {tally.seconds:.0f} s")

    def _truth(self, plan: Script) -> Truth:
        with self._lock:
            if plan.truth not in self._truths:
                self._truths[plan.truth] = truth_of(plan, self.folder / f"truth-{plan.truth}")
            return self._truths[plan.truth]

    def _count(self, tally: Tally) -> None:
        with self._lock:
            self.rounds += 1
            self.total.update({name: value for name, value in asdict(tally).items() if isinstance(value, int)})
            self.blows.update(tally.blows)

    def _failed(self, plan: Script, folder: Path, error: Exception) -> None:
        self.failed.append(plan.number)
        say(f"round {plan.number} BROKE: {_in_words(plan)}")
        say(f"  {type(error).__name__}: {error}"[:4000])
        if not isinstance(error, Broken):
            say(traceback.format_exc())
        say(f"  kept in {folder}")
        say(f"  again: python tests/torture/torture.py --seed {self.seed} --round {plan.number}")


def main() -> int:
    """0 when no law was broken."""
    arguments = _arguments()
    seed = secrets.randbelow(1_000_000) if arguments.seed is None else arguments.seed
    folder = Path(arguments.folder or tempfile.mkdtemp(prefix="evalfactory-torture-"))
    say(f"seed {seed}, in {folder}")
    torture = Torture(seed, folder)
    begun_s = time.monotonic()
    numbers = Numbers(arguments, begun_s)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: numbers.stop())
    with ThreadPoolExecutor(len(SCENARIOS) + arguments.jobs) as pool:
        waiting = [] if arguments.rounds_only else [pool.submit(_scenario, name, folder) for name in SCENARIOS]
        for lane in [pool.submit(_lane, torture, numbers) for _ in range(arguments.jobs)]:
            lane.result()
        broken = [name for name in (each.result() for each in waiting) if name]
    _sum_up(torture, broken, time.monotonic() - begun_s)
    if not torture.failed and not broken and arguments.folder is None:
        shutil.rmtree(folder)
    return 1 if torture.failed or broken else 0


class Numbers:
    """The numbers of the rounds that are to be played, for several lanes at once."""

    def __init__(self, arguments: argparse.Namespace, begun_s: float) -> None:
        rounds = 1 if arguments.round is not None else arguments.rounds
        first = arguments.first if arguments.round is None else arguments.round
        self._numbers = iter(range(first, first + rounds)) if rounds is not None else count(first)
        self._end_s = math.inf if rounds is not None else begun_s + 60 * arguments.minutes
        self._lock = threading.Lock()

    def stop(self) -> None:
        """No more of them; asked again, the program ends at once."""
        if self._end_s == 0.0:
            raise KeyboardInterrupt
        self._end_s = 0.0
        say("no more rounds; those that are being played are played to their end")

    def next(self) -> int | None:
        """The next one; None when it is enough."""
        with self._lock:
            return next(self._numbers, None) if time.monotonic() < self._end_s else None


def _lane(torture: Torture, numbers: Numbers) -> None:
    while (number := numbers.next()) is not None:
        torture.play(number)


def _scenario(name: str, folder: Path) -> str:
    """The name if the scenario broke a law, else nothing."""
    try:
        words = SCENARIOS[name](folder / name.replace(" ", "-"))
    except (Broken, OSError, AssertionError, KeyError) as error:
        say(f"{name} BROKE: {error}")
        return name
    say(f"{name}: {words}")
    return ""


def _sum_up(torture: Torture, broken: list[str], took_s: float) -> None:
    total = torture.total
    say(f"seed {torture.seed}: {torture.rounds} rounds held in {took_s / 60:.1f} minutes, {len(torture.failed)} broke")
    say(f"  {total['kills']} processes killed, {total['commands']} commands, {torture.blows.total()} blows:")
    say("  " + ", ".join(f"{what} {number}" for what, number in sorted(torture.blows.items())))
    say(f"  {total['repeated']} calls made again, {total['allowed']} were excused")
    say(
        f"  {total['named']} damaged files found and named, {total['blamed']} slots wrongly blamed and cleared by a retry"
    )
    say(
        json.dumps(
            {"seed": torture.seed, "rounds": torture.rounds, "failed": torture.failed, "broken": broken, **total}
        )
    )


def _in_words(plan: Script) -> str:
    workers, shards = plan.execution["workers"], plan.execution["shards"]
    return f"{plan.truth}, {workers} workers, {shards} shards, {plan.place}, {len(plan.blows)} blows"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default 10)")
    parser.add_argument("--rounds", type=int, help="how many, instead of how long")
    parser.add_argument("--seed", type=int, help="by default another one each time")
    parser.add_argument("--jobs", type=int, default=2, help="rounds side by side (default 2)")
    parser.add_argument("--first", type=int, default=0, help="number of the first round")
    parser.add_argument("--round", type=int, help="this one round alone")
    parser.add_argument("--rounds-only", action="store_true", help="no long outages beside the rounds")
    parser.add_argument("--folder", help="where to play, and to leave everything")
    arguments = parser.parse_args()
    arguments.rounds_only |= arguments.round is not None
    return arguments


def say(text: str) -> None:
    """One line for people."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
