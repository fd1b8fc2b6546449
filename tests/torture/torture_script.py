"""What a round of torture does, by its dice alone: the suite, the judge, and what happens to them in which moment."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Literal

Place = Literal["folder", "small disk", "bucket"]

#: Files that are being written, by a part of their path: the moments in which a death hurts most.
WRITES = ("commit", "sealed", "report", "index", "log")
FIRST_WRITES = ("plan", "cases")

#: How processes come to harm.
DEATHS = (
    *["kill a worker"] * 16, *["kill the runner"] * 2, "kill everything", "kill the nursery", "stop a worker dead", "SIGTERM",
    "Ctrl-C", "Ctrl-C twice",
)  # fmt: skip

#: What happens between two commands, to files.
DAMAGES = ("tear a journal", "change a journal", "cut a file", "change a file", "lose a file")

#: Faults of the judge that cost calls and no result.
FAULTS = (
    "server_error", "closed", "cut", "truncated", "invalid_json", "wrong_schema", "html", "empty", "broken_chunks", "thinking",
)  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """When something happens, counted from the moment that waiting for it begins; whichever comes first."""

    kept: int | None = None  # so many more measurements are kept
    write: str | None = None  # a file of this kind is being written
    after_s: float = 20.0


@dataclass(frozen=True)
class Blow:
    """One thing that happens, and when."""

    what: str
    when: Moment


@dataclass(frozen=True)
class Script:
    """A round. What is measured decides the truth; the rest must not."""

    number: int
    cases: int
    metrics: tuple[str, ...]
    target: bool
    judge: Literal["offline", "simulated"]
    judge_flags: tuple[str, ...]
    judge_limits: dict[str, Any]
    execution: dict[str, Any]
    place: Place
    blows: tuple[Blow, ...] = field(default=())

    @property
    def truth(self) -> str:
        """Names what is measured: rounds with the same name have the same results."""
        return f"{self.cases}-{'+'.join(self.metrics)}-{'target' if self.target else 'recorded'}-{self.judge}"


def script(seed: int, number: int, *, root: bool) -> Script:
    """The round of that number. `root`: disks of our own can be mounted."""
    dice = random.Random(f"{seed}/{number}")
    judge: Literal["offline", "simulated"] = "offline" if dice.random() < 0.25 else "simulated"
    many = dice.random() < (0.8 if judge == "offline" else 0.15)  # those who share a limit wait for the dead ones' word
    place = dice.choices(("folder", "small disk", "bucket"), (0.6, 0.25 if root else 0.0, 0.15))[0]
    return Script(
        number=number,
        cases=dice.choice((6, 24, 48, 96) if judge == "simulated" else (6, 48, 240)),
        metrics=dice.choice((("faithfulness",), ("answer_relevancy", "faithfulness"))),
        target=dice.random() < 0.2,
        judge=judge,
        judge_flags=_judge(dice),
        judge_limits={"max_in_flight": dice.choice((1, 2, 4, 8)), "timeout_s": 2, "outage_s": 120},
        execution={
            "workers": dice.choice((2, 3)) if many else 1, "shards": dice.choice((1, 2, 4, 8)), "grace_s": dice.choice((0.2, 5)),
            "hang_s": 4, "flush_s": dice.choice((0.05, 0.5)), "max_restarts": dice.choice((3, 30)),
            "dealing": dice.choice(("weight", "modulo", "range")),
        },
        place=place,  # type: ignore[arg-type]  # one of the three
        blows=tuple(_blow(dice, place, first=not number) for number in range(dice.randint(5, 40))),
    )  # fmt: skip


def _judge(dice: random.Random) -> tuple[str, ...]:
    flags = ["--latency", "constant", "--latency-mean-s", str(dice.choice((0.02, 0.05, 0.1)))]
    if dice.random() < 0.4:
        for kind in dice.sample(FAULTS, dice.randint(1, 4)):
            flags += ["--fault", f"{kind}={dice.choice((0.02, 0.1))}"]
        if dice.random() < 0.3:
            flags += ["--fault", "hang=0.01"]
    return tuple(flags)


def _blow(dice: random.Random, place: str, *, first: bool) -> Blow:
    kinds = {"death": 16.0, "damage": 0.0 if place == "bucket" else 2.0, "disk": 1.5 if place == "small disk" else 0.0}
    kinds |= {"company": 0.5, "judge": 0.4}
    match dice.choices(list(kinds), list(kinds.values()))[0]:
        case "death":
            return Blow(dice.choice(DEATHS), _moment(dice, first=first))
        case "damage":
            return Blow(dice.choice(DAMAGES), Moment(after_s=0.0))
        case "disk":
            what = dice.choice(("fill the disk", "fill the disk", "lock the disk"))
            return Blow(what, _moment(dice) if what == "fill the disk" else Moment(after_s=0.0))
        case "company":
            return Blow(dice.choice(("another runner", "a worker by hand")), _moment(dice))
        case _:
            return Blow("lose the judge", _moment(dice))


def _moment(dice: random.Random, *, first: bool = False) -> Moment:
    match dice.choices(("kept", "write", "time"), (5, 3, 2))[0]:
        case "kept":
            return Moment(kept=dice.randint(1, 5))
        case "write":
            return Moment(write=dice.choice((*WRITES, *FIRST_WRITES) if first else WRITES), after_s=3.0)
        case _:
            return Moment(after_s=dice.choice((0.2, 0.5, 1.0, 2.0)) * dice.random())
