"""Plays one round: a run that is killed, damaged and resumed until it is finished, and then has to prove itself."""

from __future__ import annotations

import math
import random
import secrets
import signal
import subprocess
import time
from collections import deque
from pathlib import Path
from threading import Event
from typing import Any

from torture_blows import BETWEEN, PATIENCE_S, QUIET, Hands
from torture_disk import Wound, lines_of
from torture_laws import check_bill, check_results
from torture_script import Blow, Moment, Script
from torture_stage import RUN, Broken, Stage, Tally, Truth, stage

from line_tools import Ran, Started

KILLED = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 130, 143)
VERDICTS = (0, 10, 11)


def play(script: Script, folder: Path, truth: Truth, seed: int) -> Tally:
    """What the round did and cost. Raises `Broken` when a law was broken; the folder then has what is left."""
    begun_s = time.monotonic()
    token = secrets.token_hex(8)
    with stage(script, folder, token) as place:
        dice = random.Random(f"{seed}/{script.number}/hands")
        round_ = Round(place, truth, Hands(place, truth, token, dice), dice)
        try:
            round_.play()
        finally:
            round_.close()
    round_.hands.tally.seconds = time.monotonic() - begun_s
    return round_.hands.tally


class Round:
    """One round while it is played."""

    def __init__(self, place: Stage, truth: Truth, hands: Hands, dice: random.Random) -> None:
        self.hands = hands
        self._stage, self._truth, self._dice = place, truth, dice
        self._told: list[str] = []

    def play(self) -> None:
        """From the first command to the last law."""
        done = self._until_finished(deque(self._stage.script.blows))
        self._see_company_off()
        done = self._without_blame(done)
        check_bill(self._stage, self._truth, self.hands.tally)
        self.hands.await_quiet()
        check_results(self._stage, self._truth, done, self._dice, self._run)

    def close(self) -> None:
        """End what still runs, and write down what was said."""
        self.hands.mend()
        self.hands.end_all()
        for running in self._stage.bench.started:
            if running.process.poll() is None:
                running.process.communicate(timeout=PATIENCE_S)
        (self._stage.bench.folder / "told.txt").write_text("\n".join(self._told))

    def _until_finished(self, blows: deque[Blow]) -> Any:
        """The JSON of the command that finished the run."""
        for _ in range(4 * len(blows) + 8):
            running, left = self._start(), len(blows)
            while blows and self._comes(running, blows[0].when):
                if blows[0].what in BETWEEN:
                    self.hands.crash()
                    break
                self.hands.strike(blows.popleft().what, running)
            done = self._outcome(self._ended(running), undisturbed=len(blows) == left)
            if done is not None:
                return done
            if blows and blows[0].what in BETWEEN:
                self._see_company_off()
                self.hands.await_quiet()
                self.hands.hurt(blows.popleft().what)
        raise Broken("the run was resumed again and again, and never finished")

    def _start(self) -> Started:
        """Begin or go on with the run, as a person would."""
        self.hands.tally.commands += 1
        bench = self._stage.bench
        if self._dice.random() < 0.2 or not self._is_known():
            return bench.start("run", "suite.yaml", "--run-id", RUN, *QUIET)
        return bench.start("resume", RUN, "--store", bench.store_name, "--suite", "suite.yaml", *QUIET)

    def _is_known(self) -> bool:
        if self._stage.bucket is not None:
            return f"/bucket/store/runs/{RUN}.json" in self._stage.bucket.objects
        return (self._stage.bench.store / "runs" / f"{RUN}.json").exists()

    def _run(self, *words: str) -> Ran:
        self.hands.tally.commands += 1
        return self._ended(self._stage.bench.start(*words))

    def _ended(self, running: Started) -> Ran:
        """What the command left behind; it must end, and leave no traceback."""
        try:
            out, err = running.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise Broken(f"`{' '.join(running.words)}` does not end") from None
        ran = Ran(running.process.returncode, out, err)
        if "Traceback" in out + err and not _python_alone(err):
            raise Broken(f"`{' '.join(running.words)}` ended with {ran.code} and a traceback: {err}")
        self._told.append(f"$ {' '.join(running.words)}\n[{ran.code}] {ran.err.strip()[:2000]}")
        return ran

    def _outcome(self, ran: Ran, *, undisturbed: bool) -> Any:
        """The JSON of a finished run; None when it has to be resumed. Every other end must have its reason."""
        hands = self.hands
        wounds, hands.wounds = hands.wounds, []
        out_of_disk = hands.full or hands.locked
        hands.mend()
        if ran.code in VERDICTS:
            for wound in wounds:  # what nobody needed
                wound.heal()
            return ran.json
        reasons = {
            12: wounds or out_of_disk or not undisturbed,
            64: wounds or f"there is no run {RUN}" in ran.err,
            65: wounds,
            69: out_of_disk,
        }
        if ran.code not in KILLED and not reasons.get(ran.code):
            raise Broken(f"exit {ran.code} without a reason: {ran.err}")
        hands.wounds = self._healed(wounds, ran)
        return None

    def _healed(self, wounds: list[Wound], ran: Ran) -> list[Wound]:
        """Put back what was found and named; the wounds that are still to be found."""
        named = [wound for wound in wounds if wound.path.name in ran.err]
        if ran.code == 65 and not named:
            raise Broken(f"{[str(wound.path) for wound in wounds]} damaged, and the message names another: {ran.err}")
        self.hands.tally.named += len(named)
        for wound in wounds if ran.code == 64 else named:
            wound.heal()
        return [wound for wound in wounds if wound not in named] if ran.code != 64 else []

    def _see_company_off(self) -> None:
        """Others that work on the run may end as they like, but for bugs and misunderstandings."""
        company, self.hands.company = self.hands.company, []
        for guest in company:
            ran = self._ended(guest)
            if ran.code in (70, 78):
                raise Broken(f"company ended with {ran.code}: {ran.err}")

    def _without_blame(self, done: Any) -> Any:
        """Slots that were in flight at three deaths in a row were blamed for them: a retry clears them."""
        if done["errored"]:
            self.hands.tally.blamed += done["errored"]
            store = ("--store", self._stage.bench.store_name, "--suite", "suite.yaml")
            done = self._run("retry", RUN, "--errored", "--run-id", "retried", *store, *QUIET).json
        return done

    # Moments

    def _comes(self, running: Started, when: Moment) -> bool:
        """Whether the moment came while the command still ran."""
        if self._stage.watch is not None:
            self._stage.watch.changed(0.0)  # what has happened before is no news
        end_s = time.monotonic() + when.after_s
        enough = self._kept() + when.kept if when.kept is not None else math.inf
        while running.process.poll() is None:
            if time.monotonic() >= end_s or self._kept() >= enough:
                return True
            if self._stage.watch is None:
                Event().wait(0.01)
            elif any(_is_written(path, when.write) for path in self._stage.watch.changed(min(0.05, when.after_s))):
                return True
        return False

    def _kept(self) -> int:
        """How many measurements are kept by now, more or less."""
        if self._stage.bucket is not None:
            with self._stage.bucket.lock:
                objects = self._stage.bucket.objects.items()
                return sum(body.count(b"\n") for path, body in objects if "/parts/" in path)
        return sum(map(lines_of, self._stage.root.glob("shards/*/parts/*")))


def _python_alone(err: str) -> bool:
    """Whether Ctrl-C met Python before it had loaded what makes Ctrl-C wait."""
    return err.rstrip().endswith("KeyboardInterrupt") and "/evalfactory/cli/main.py" not in err


def _is_written(path: Path, what: str | None) -> bool:
    """Whether a file of that kind is being written, or has just been sealed."""
    fresh = path.name.startswith(".tmp-")
    match what:
        case "plan":
            return fresh and path.parent.name == RUN
        case "cases":
            return fresh and path.parent.name == "cases"
        case "commit":
            return fresh and path.parents[1].name == "shards"
        case "sealed":
            return path.parent.name == "parts" and path.suffix == ".jsonl" and not fresh
        case "report":
            return fresh and path.parents[1].name == "report"
        case "index":
            return fresh and path.parent.name == "fingerprints"
        case "log":
            return fresh and path.parent.name == "logs"
        case _:
            return False
