"""How fast the target answered, and what an answer took."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator

from ..records.gate import TargetGate
from ..records.measurement import Output
from ..records.report import GateCheck, Outcome, TargetSpeed
from .exact import ExactSum

_LIMITS = (
    ("p50_s", "the median answer", "s"),
    ("p95_s", "the 95th percentile", "s"),
    ("tokens", "an answer", "tokens"),
    ("cost_usd", "an answer", "dollars"),
)


class SpeedTally:
    """Takes every output once, in any order."""

    def __init__(self) -> None:
        self._seconds = array("d")
        self._tokens = 0
        self._cost_usd = ExactSum()
        self._reused = 0

    def add(self, output: Output) -> None:
        """Take an output. A failed one took its time for nothing: it is counted as errored elsewhere."""
        if output.failure is not None or output.active_s <= 0:  # an output of an older version was not timed
            return
        self._seconds.append(output.active_s)
        self._tokens += output.usage.input_tokens + output.usage.output_tokens
        self._cost_usd.add(output.usage.cost_usd)
        self._reused += output.reused_from is not None

    def told(self) -> TargetSpeed | None:
        """What was taken so far; None for nothing."""
        number = len(self._seconds)
        if not number:
            return None
        ranked = sorted(self._seconds)
        return TargetSpeed(
            outputs=number,
            reused=self._reused,
            p50_s=_percentile(ranked, 0.50),
            p95_s=_percentile(ranked, 0.95),
            tokens=round(self._tokens / number, 3),
            cost_usd=round(self._cost_usd.over(number), 9),
        )


def target_checks(gate: TargetGate, speed: TargetSpeed | None) -> Iterator[GateCheck]:
    """A check for each limit that the gate sets; a target that was not asked meets them all."""
    for name, what, unit in _LIMITS:
        most = getattr(gate, name)
        if most is not None:
            outcome, seen = _seen(name, most, unit, speed)
            yield GateCheck(rule="target", outcome=outcome, wanted=f"{what} at most {most:g} {unit}", seen=seen)


def _seen(name: str, most: float, unit: str, speed: TargetSpeed | None) -> tuple[Outcome, str]:
    if speed is None:
        return "PASS", "not asked"
    seen = float(getattr(speed, name))
    if not seen:
        return "INCONCLUSIVE", f"nobody counted {unit}"
    reused = f", {speed.reused} of them reused" if speed.reused else ""
    over = f"over {speed.outputs} {'answer' if speed.outputs == 1 else 'answers'}{reused}"
    return "FAIL" if seen > most else "PASS", f"{seen:.4g} {unit} {over}"


def _percentile(ranked: list[float], share: float) -> float:
    """The lowest of the sorted numbers that so large a share of them does not exceed."""
    return ranked[math.ceil(share * len(ranked)) - 1]
