"""From committed shards to a report: merge, summarise, compare, judge, write."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import BinaryIO

from ..analysis.comparison import Sides, compare, weaker_because
from ..analysis.digest import results_digest
from ..analysis.gate import judge_gate
from ..analysis.merge import Entry, slot_of
from ..analysis.report import Circumstances, Findings, build_report
from ..analysis.summary import Summarizer, with_case
from ..engine.frozen import frozen_cases
from ..records.case import FrozenCase
from ..records.measurement import Measurement, Output, Slot
from ..records.plan import Plan
from ..records.report import BaselineInfo, CaseResult, Comparison, Proof, Report
from ..render.junit import junit
from ..storage.layout import RunKeys
from ..storage.lines import read_lines
from ..storage.port import Store
from .bulk import without_cycle_search
from .merging import Findings as MergeFindings
from .merging import Merged, Supplement, merge_run, taken_from
from .planning import read_plan
from .registry import RunEntry, find_baseline
from .reports import MEASUREMENTS, latest_report_folder, read_report

OFFLINE_NOTE = (
    "judged by the offline judge, which only compares words: its scores mean nothing beyond a demo or a pipeline test"
)
MISSING_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Collected:
    """A run's report, not yet written, and the files that tell every slot, in slot order. Close it when done."""

    report: Report
    measurements: BinaryIO  # of `measurements.jsonl`
    junit: BinaryIO

    def __enter__(self) -> Collected:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.measurements.close()
        self.junit.close()


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """What the caller knows or wants."""

    baseline: str | None = None
    wall_s: float | None = None


@without_cycle_search()
def collect(store: Store, keys: RunKeys, options: CollectOptions = CollectOptions()) -> Collected:
    """The run's report, merged from the store's bytes; the same however often and wherever it is made.

    Raises:
        InputError: A file of the run was changed or cut short.
    """
    plan = read_plan(store, keys)
    summarizer = Summarizer(plan.recipes)
    with merge_with_children(store, keys, plan, summarizer) as merged:
        summary = summarizer.summary()
        comparison, baseline = _compare(store, plan, merged, options.baseline or plan.gate.baseline)
        verdict = judge_gate(plan.gate, summary, comparison)
        measurements, proven = _written(line.model_dump_json() + "\n" for line in merged.measurements())
        found = merged.findings
        proof = Proof(
            plan_digest=plan.digest,
            dataset_digest=plan.dataset_digest,
            measurements_sha256=proven,
            results_digest=results_digest(merged.entries()),
            shards=tuple(found.shards),
            missing_shards=tuple(found.missing_shards),
            missing=tuple(
                f"{slot.case_id} / {slot.metric} / {slot.repeat}" for slot in summary.missing[:MISSING_SHOWN]
            ),
            duplicates_dropped=found.duplicates,
            late_attempts=found.late_attempts,
        )
        circumstances = Circumstances(
            created_at=plan.created_at,
            wall_s=options.wall_s if options.wall_s is not None else _wall_s(plan, found.last_commit_at),
            judge_name=judge_name(plan),
            notes=tuple(_notes(plan)),
        )
        report = build_report(plan, Findings(summary, verdict, comparison, baseline), proof, circumstances)
        return Collected(report, measurements, _written(junit(report, merged.entries()))[0])


def _written(texts: Iterator[str]) -> tuple[BinaryIO, str]:
    """A temporary file with the texts, at its start, and the SHA-256 of its bytes."""
    file = tempfile.TemporaryFile(prefix="evalfactory-report-")  # noqa: SIM115  closed by `Collected`
    proof = hashlib.sha256()
    for text in texts:
        body = text.encode()
        proof.update(body)
        file.write(body)
    file.seek(0)
    return file, proof.hexdigest()


def merge_with_children(store: Store, keys: RunKeys, plan: Plan, summarizer: Summarizer) -> Merged:
    """The run merged. A child run tells its parent's slots with its own measurements in their places."""
    line = [(keys, plan)]
    while (parent := line[-1][1].parent) is not None:
        parent_keys = RunKeys(plan.suite, parent.run_id)
        line.append((parent_keys, read_plan(store, parent_keys)))
    instead: dict[Slot, Entry] = {}
    own: MergeFindings | None = None
    for run_keys, run_plan in line[:-1]:
        with merge_run(store, run_keys, run_plan, _unseen) as merged:
            for entry in merged.entries():
                told = entry if run_plan is plan or isinstance(entry, Slot) else taken_from(run_plan.run_id, entry)
                instead.setdefault(slot_of(entry), told)
            if run_plan is plan:
                own = merged.findings
    root_keys, root_plan = line[-1]
    supplement = Supplement(instead, root_plan.run_id) if own is not None else None
    merged = merge_run(store, root_keys, root_plan, _Tell(summarizer), supplement)
    if own is not None:
        own.must_run = merged.findings.must_run
        merged.findings = own  # the proof is of this run's own shards
    return merged


def judge_name(plan: Plan) -> str:
    """The judges of the plan, as a reader knows them."""
    names = dict.fromkeys("offline" if r.judge.kind == "offline" else r.judge.model for r in plan.recipes)
    return ", ".join(names)


class _Tell:
    """Passes a merged run on to the summary; an output is counted once a case."""

    def __init__(self, summarizer: Summarizer) -> None:
        self._summarizer = summarizer
        self._case_id = ""

    def __call__(self, entry: Entry, frozen: FrozenCase, output: Output | None) -> None:
        if isinstance(entry, Slot):
            self._summarizer.add_missing(entry, frozen)
        else:
            self._summarizer.add(entry, frozen, output)
        if output is not None and entry.case_id != self._case_id:
            self._summarizer.add_output(output)
        self._case_id = entry.case_id


def _unseen(entry: Entry, frozen: FrozenCase, output: Output | None) -> None:
    """For merging without telling."""


def _compare(
    store: Store, plan: Plan, merged: Merged, asked: str | None
) -> tuple[Comparison | None, BaselineInfo | None]:
    if asked is None:
        return None, None
    entry = RunEntry(run_id=plan.run_id, suite=plan.suite, tier=plan.tier, created_at=plan.created_at)
    found = find_baseline(store, asked, of=entry)
    if found.keys is None:
        return None, BaselineInfo(asked=asked, note=found.note)
    return compare_with(store, plan, merged.entries(), found.keys, asked, frozenset(merged.findings.must_run)), None


def compare_with(
    store: Store, plan: Plan, here: Iterator[Entry], baseline: RunKeys, asked: str, must_run: frozenset[str]
) -> Comparison:
    """The run beside a baseline run that has a report; regressions come with their cases' texts."""
    theirs = read_report(store, baseline)
    info = BaselineInfo(
        asked=asked,
        run_id=baseline.run_id,
        created_at=theirs.created_at,
        results_digest=theirs.results_digest,
        note=weaker_because(plan, read_plan(store, baseline)),
    )
    names = [recipe.name for recipe in plan.recipes]
    sides = Sides(here, reported_measurements(store, baseline), names, must_run)
    comparison = compare(sides, run_id=plan.run_id, baseline=info)
    keys = RunKeys(plan.suite, plan.run_id)
    told = with_texts(store, keys, plan, [*comparison.regressions, *comparison.improvements])
    split = len(comparison.regressions)
    return comparison.model_copy(update={"regressions": tuple(told[:split]), "improvements": tuple(told[split:])})


def reported_measurements(store: Store, keys: RunKeys) -> Iterator[Measurement]:
    """The measurements of a run's newest report, in slot order."""
    folder = latest_report_folder(store, keys)
    lines = read_lines(store, f"{folder}{MEASUREMENTS}") if folder else iter(())
    return (Measurement.model_validate_json(line) for line in lines)


def with_texts(store: Store, keys: RunKeys, plan: Plan, results: list[CaseResult]) -> list[CaseResult]:
    """The results with their cases' texts, found in the run's frozen cases (or its parents')."""
    wanted = {result.case_id for result in results}
    found: dict[str, FrozenCase] = {}
    shards = iter(plan.shards)
    while wanted.difference(found) and (shard := next(shards, None)) is not None:
        for piece in frozen_cases(store, keys, shard):
            found |= {frozen.case.id: frozen for frozen in piece if frozen.case.id in wanted}
    if plan.parent is not None and wanted.difference(found):
        parent = RunKeys(plan.suite, plan.parent.run_id)
        return with_texts(store, parent, read_plan(store, parent), results)
    return [with_case(result, found.get(result.case_id)) for result in results]


def _wall_s(plan: Plan, last_commit_at: str) -> float:
    if not last_commit_at:
        return 0.0
    begun, ended = datetime.fromisoformat(plan.created_at), datetime.fromisoformat(last_commit_at)
    return max(0.0, (ended.astimezone(UTC) - begun.astimezone(UTC)).total_seconds())


def _notes(plan: Plan) -> Iterator[str]:
    if any(recipe.judge.kind == "offline" for recipe in plan.recipes):
        yield OFFLINE_NOTE
    if plan.selection:
        yield f"a quick look ({plan.selection}), not a whole tier"
    if plan.parent is not None:
        yield f"supplements run {plan.parent.run_id}: its errored slots were measured again, the others stand"
