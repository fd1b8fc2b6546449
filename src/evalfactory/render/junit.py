"""The report for a CI server: JUnit XML, a suite for the gate's rules and one for each metric, written as a stream."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ..records.measurement import Measurement, Slot
from ..records.report import GateCheck, Report
from . import words
from .safe import xml

#: What a CI server shows of one message.
_MOST_CHARACTERS = 2_000
_GATE: Final = "gate"
_COUNTED: Final = ("tests", "failures", "errors", "skipped")  # the last one on the suites alone: so says the schema


class JUnit:
    """The XML, built up slot by slot, in any order of metrics; a missing slot (a bare `Slot`) is an error.

    A suite's head counts its tests, so each suite is kept compressed until its last slot has come: some 20 bytes a
    passed slot, for a million slots that come in one pass.
    """

    def __init__(self, suite: str, metrics: Iterable[str]) -> None:
        self._suites = {name: _Suite(name, f"{suite}.{name}") for name in metrics}
        self._gate = _Suite(_GATE, f"{suite}.{_GATE}")

    def add(self, entry: Measurement | Slot) -> None:
        """Take one slot."""
        self._suites[entry.metric].add(entry)

    def xml(self, report: Report) -> Iterator[str]:
        """All of it in pieces, the gate first; to be asked for once."""
        for name, check in _named(report.verdict.checks):
            self._gate.put(name, 0.0, _ruled(check, report))
        suites = (self._gate, *self._suites.values())
        totals: Counter[str] = Counter()
        for suite in suites:
            totals.update(suite.counts)
        yield '<?xml version="1.0" encoding="UTF-8"?>\n'
        yield f'<testsuites name="{xml(report.suite)}" {_attributes(totals, _COUNTED[:3])} time="{report.wall_s:.3f}">\n'
        for suite in suites:
            yield from suite.told(report)
        yield "</testsuites>\n"


class _Suite:
    def __init__(self, metric: str, class_name: str) -> None:
        self._metric = metric
        self._class_name = xml(class_name)
        self._packer = zlib.compressobj(level=1)
        self._packed: list[bytes] = []
        self._seconds = 0.0
        self.counts: Counter[str] = Counter()

    def add(self, entry: Measurement | Slot) -> None:
        name = entry.case_id + (f" #{entry.repeat + 1}" if entry.repeat else "")
        self.put(name, 0.0 if isinstance(entry, Slot) else entry.seconds, _outcome(entry))

    def put(self, name: str, seconds: float, outcome: tuple[str, str] | None) -> None:
        self.counts["tests"] += 1
        body = f">\n      {outcome[1]}\n    </testcase>" if outcome else "/>"
        if outcome:
            self.counts[outcome[0]] += 1
        self._seconds += seconds
        case = f'    <testcase classname="{self._class_name}" name="{xml(name)}" time="{seconds:.3f}"{body}\n'
        self._packed.append(self._packer.compress(case.encode()))

    def told(self, report: Report) -> Iterator[str]:
        properties = {
            "run_id": report.run_id,
            "tier": words.scope(report),
            "verdict": report.verdict.outcome,
            "results_digest": report.results_digest,
            **{f"note {number}": note for number, note in enumerate(report.notes, 1)},
        }
        yield (
            f'  <testsuite name="{xml(self._metric)}" {_attributes(self.counts)} time="{self._seconds:.3f}"'
            f' timestamp="{xml(report.created_at.removesuffix("Z"))}">\n    <properties>\n'
        )
        yield from (f'      <property name="{xml(n)}" value="{xml(v)}"/>\n' for n, v in properties.items())
        yield "    </properties>\n"
        yield from _unpacked([*self._packed, self._packer.flush()])
        yield "  </testsuite>\n"


def _named(checks: Iterable[GateCheck]) -> Iterator[tuple[str, GateCheck]]:
    """Each rule with a name of its own: the target has several, and so has a must-run slot with repeats."""
    seen: Counter[str] = Counter()
    for check in checks:
        name = " ".join(filter(None, words.subject(check)))
        name += f": {check.wanted}" if check.rule == "target" else ""
        seen[name] += 1
        yield name + (f" #{seen[name]}" if seen[name] > 1 else ""), check


def _ruled(check: GateCheck, report: Report) -> tuple[str, str] | None:
    """What is counted of a rule and the element that says it; None for one that is met.

    Readers show an error as red as a failure: what nobody could say is one, unless the tier lets it pass.
    """
    message = xml(_cut(f"{check.seen}, wanted {check.wanted}"))
    match check.outcome, report.verdict.taken_as:
        case "PASS", _:
            return None
        case "INCONCLUSIVE", "PASS":
            return "skipped", f'<skipped message="{xml(words.taken_as(report))}: {message}"/>'
        case ("FAIL", _) | ("INCONCLUSIVE", "FAIL"):
            return "failures", f'<failure type="{check.rule}" message="{message}"/>'
        case _:
            return "errors", f'<error type="{check.outcome}" message="{message}"/>'


def _outcome(entry: Measurement | Slot) -> tuple[str, str] | None:
    """What is counted and the element that says it; None for a slot that succeeds, or has nothing to reach."""
    if isinstance(entry, Slot):
        return "errors", '<error type="missing" message="planned and never measured"/>'
    if entry.failure is not None:
        message = xml(_cut(entry.failure.message))
        return (
            "errors",
            f'<error type="{entry.failure.error_class}" message="in the {entry.failure.where}">{message}</error>',
        )
    if entry.state == "skipped":
        return "skipped", f'<skipped message="{xml(_cut(entry.reason or ""))}"/>'
    if entry.success is not False:
        return None
    short = f"score {words.score(entry.score)}, wanted at least {words.score(entry.threshold)}"
    return "failures", f'<failure type="score" message="{short}">{xml(_cut(entry.reason or ""))}</failure>'


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


def _attributes(counts: Counter[str], names: Sequence[str] = _COUNTED) -> str:
    return " ".join(f'{name}="{counts[name]}"' for name in names)


def _unpacked(packed: Iterable[bytes]) -> Iterator[str]:
    """The text again, at whole lines."""
    unpacker = zlib.decompressobj()
    rest = b""
    for piece in packed:
        *lines, rest = (rest + unpacker.decompress(piece)).split(b"\n")
        yield from (f"{line.decode()}\n" for line in lines)
    yield (rest + unpacker.flush()).decode()
