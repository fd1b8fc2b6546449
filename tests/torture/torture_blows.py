"""What happens to a round's processes and files."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from threading import Event

from torture_disk import Wound, change, fill, journals, lines_of, lock, lose, make_room, settled, tear, unlock
from torture_processes import Family, at_work, family, marked, send
from torture_stage import RUN, Broken, Stage, Tally, Truth

from line_tools import Started

PATIENCE_S = 120.0  # for processes to end; none takes a tenth of it
QUIET = ("--json", "--quiet")

#: What happens to files, between two commands.
BETWEEN = ("tear a journal", "change a journal", "cut a file", "change a file", "lose a file", "lock the disk")


class Hands:
    """Strikes a round, and remembers what that may have cost."""

    def __init__(self, stage: Stage, truth: Truth, token: str, dice: random.Random) -> None:
        self.tally = Tally()
        self.company: list[Started] = []
        self.wounds: list[Wound] = []
        self.full = self.locked = False
        self._stage, self._truth, self._token, self._dice = stage, truth, token, dice
        self._stopped: list[int] = []
        slow = "hang" in " ".join(stage.script.judge_flags)
        self._hasty = slow or stage.script.execution["grace_s"] < 1  # workers that are stopped finish nothing first

    def strike(self, what: str, running: Started) -> None:
        """Do it, now."""
        self.tally.blows[what] += 1
        living = family(self._token)
        match what:
            case "kill a worker":
                self._kill([self._someone(living)])
            case "kill the runner":
                self._kill(living.runners[:1], losing=self._hasty * (len(living.workers) + 1))
            case "kill everything":
                self.crash()
            case "kill the nursery":
                self._kill(living.nurseries, losing=len(living.workers))
            case "stop a worker dead":
                self._stop([pid for pid in living.workers if at_work(pid)][:1])
            case "SIGTERM" | "Ctrl-C" | "Ctrl-C twice":
                self.tally.lost_workers += (self._hasty or what == "Ctrl-C twice") * len(living.workers)
                self._signal(running, what)
            case "fill the disk":
                self.tally.lost_workers += len(living.workers)
                self.full = True
                fill(self._stage.bench.store)
            case "another runner" | "a worker by hand":
                self._invite(what)
            case "lose the judge":
                self.tally.lost_workers += self._stage.replace_judge()  # answers that were on their way
            case _:
                raise ValueError(f"no blow: {what}")

    def crash(self) -> None:
        """Every process dies at once."""
        living = family(self._token)
        self._kill([*living.runners, *living.nurseries, *living.workers])

    def hurt(self, what: str) -> None:
        """Damage files, while nobody works."""
        self.tally.blows[what] += 1
        store, root = self._stage.bench.store, self._stage.root
        if what == "lock the disk":
            self.locked = lock(store)
            return
        if what in ("tear a journal", "change a journal"):
            victims = [path for path in journals(root) if path.suffix == ".partial" or what == "change a journal"]
            do = tear if what == "tear a journal" else change
        else:
            victims = settled(store, root)
            do = {"cut a file": tear, "change a file": change, "lose a file": lose}[what]
        if victims:
            victim = self._dice.choice(victims)
            if "journal" in what:
                self.tally.lost_lines += lines_of(victim)
            elif "shards" in victim.parts:  # its shard may be measured again
                self.tally.lost_lines += self._truth.slots
            wound = do(victim, self._dice)
            if "journal" not in what:
                self.wounds.append(wound)

    def mend(self) -> None:
        """Give the disk back what it lacks, and let those that stand still go on."""
        if self.full:
            make_room(self._stage.bench.store)
        if self.locked:
            unlock(self._stage.bench.store)
        self.full = self.locked = False
        send(self._stopped, signal.SIGCONT)
        self._stopped.clear()

    def await_quiet(self) -> None:
        """Wait until nobody of the round works any more."""
        end_s = time.monotonic() + PATIENCE_S
        while living := list(marked(self._token)):
            if time.monotonic() > end_s:
                raise Broken(f"processes that do not end: {living}")
            Event().wait(0.02)

    def end_all(self) -> None:
        """Leave nobody behind, whatever happened."""
        send(list(marked(self._token)), signal.SIGKILL)

    def _someone(self, living: Family) -> int:
        busy = [pid for pid in living.workers if at_work(pid)]
        return self._dice.choice(busy or living.workers or [0])

    def _kill(self, pids: list[int], *, losing: int | None = None) -> None:
        pids = [pid for pid in pids if pid > 0]
        self.tally.kills += len(pids)
        self.tally.lost_workers += len(pids) if losing is None else losing
        send(pids, signal.SIGKILL)

    def _stop(self, pids: list[int]) -> None:
        """They stand still, and their runner will kill them for it."""
        self._stopped += pids
        self.tally.lost_workers += len(pids)
        send(pids, signal.SIGSTOP)

    def _signal(self, running: Started, what: str) -> None:
        for _ in range(2 if what == "Ctrl-C twice" else 1):
            with suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGTERM) if what == "SIGTERM" else os.killpg(running.pid, signal.SIGINT)

    def _invite(self, what: str) -> None:
        """Somebody else works on the same run."""
        self.tally.commands += 1
        self.tally.extra_runs += 1
        bench = self._stage.bench
        if what == "another runner":
            self.company.append(bench.start("run", "suite.yaml", "--run-id", RUN, *QUIET))
        else:
            shard = str(self._dice.randrange(self._stage.script.execution["shards"]))
            self.company.append(bench.start("work", "suite.yaml", "--run-id", RUN, "--shard-index", shard))
