"""Numbers and rules in words, the same for every renderer."""

from __future__ import annotations

from typing import Final, Literal

from ..records.measurement import Usage
from ..records.report import BaselineInfo, Counts, GateCheck, Outcome, Report

MINUS = "−"  # as wide as a digit, unlike the hyphen

Mark = Literal["✓", "✗", "?", "–"]
MARKS: Final[dict[Outcome, Mark]] = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "INCOMPLETE": "?"}
MEANING: Final[dict[Outcome, str]] = {
    "PASS": "every rule of the gate is met",
    "FAIL": "a rule of the gate is broken",
    "INCONCLUSIVE": "too little is known to pass or fail",
    "INCOMPLETE": "planned slots are missing",
}


def score(number: float | None) -> str:
    """A score or a mean of scores; a dash for none."""
    return "–" if number is None else f"{number:.3f}".replace("-", MINUS)


def change(number: float | None) -> str:
    """A difference of scores with its sign."""
    return "–" if number is None else f"{number:+.3f}".replace("-", MINUS)


def percent(share: float | None) -> str:
    """A share, never rounded up to all or down to nothing."""
    if share is None:
        return "–"
    if share in (0.0, 1.0):
        return f"{share:.1%}"
    return f"{min(max(share, 0.001), 0.999):.1%}"


def count(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def seconds(duration_s: float) -> str:
    """A duration as one would say it."""
    if duration_s < 60:
        return f"{duration_s:.1f} s"
    minutes, rest_s = divmod(round(duration_s), 60)
    return f"{minutes} min {rest_s:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def dollars(cost_usd: float) -> str:
    """US dollars, small amounts with the digits that matter."""
    return f"${cost_usd:,.2f}" if cost_usd >= 1 or cost_usd == 0 else f"${cost_usd:.4f}"


def usage(used: Usage, *, priced: bool = True) -> str:
    """Calls, tokens and cost of a model on one line."""
    again = [
        plural(number, "retry", "retries") if name == "retries" else f"{count(number)} asked again"
        for name, number in (("retries", used.retries), ("reasks", used.reasks))
        if number
    ]
    calls = plural(used.calls, "call") + (f" ({', '.join(again)})" if again else "")
    parts = [calls, f"{count(used.input_tokens)} tokens in, {count(used.output_tokens)} out"]
    return " · ".join([*parts, dollars(used.cost_usd)] if priced and used.cost_usd else parts)


def counts(slots: Counts) -> tuple[tuple[str, int], ...]:
    """The counts of slots in the order in which they are told."""
    return (
        ("planned", slots.planned),
        ("scored", slots.scored),
        ("errored", slots.errored),
        ("skipped", slots.skipped),
        ("missing", slots.missing),
    )


def subject(check: GateCheck) -> tuple[str, str]:
    """What a check is about: the part that names come from (metric, case), and the part in our words."""
    name = " · ".join(part for part in (check.case_id, check.metric) if part)
    match check.rule:
        case "complete":
            return name, "slots"
        case "mean":
            return name, "mean"
        case "pass_rate":
            return name, "share passed"
        case "drop":
            return name, "against the baseline"
        case "must_run":
            return name, "(must-run)" if name else "must-run slots"
        case "errored":
            return name, "errored slots"
        case "scored":
            return name, "scored slots"


def metric_outcomes(report: Report) -> dict[str, Outcome]:
    """Each metric's own outcome under the gate; metrics that no rule names are not there."""
    order: tuple[Outcome, ...] = ("INCOMPLETE", "FAIL", "INCONCLUSIVE", "PASS")
    seen: dict[str, Outcome] = {}
    for check in report.verdict.checks:
        if check.metric is not None and check.case_id is None:
            seen[check.metric] = min(seen.get(check.metric, "PASS"), check.outcome, key=order.index)
    return seen


def baseline(info: BaselineInfo) -> str:
    """What the run was compared with, or that it was not."""
    against = info.asked if info.run_id in (None, info.asked) else f"{info.asked} (run {info.run_id})"
    if not info.pairs:
        return f"no comparison with {against}"
    unpaired = [
        f"{count(number)} only {where}"
        for number, where in ((info.only_here, "here"), (info.only_there, "there"))
        if number
    ]
    return f"compared with {against} over {plural(info.pairs, 'pair')}" + (
        f", {', '.join(unpaired)}" if unpaired else ""
    )
