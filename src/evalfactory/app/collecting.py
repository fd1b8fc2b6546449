"""From committed shards to a report: merge, summarise, compare, judge, write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import BinaryIO, NamedTuple

from ..analysis.digest import ResultsDigest
from ..analysis.gate import judge_gate
from ..analysis.merge import Entry, slot_in_words, slot_of
from ..analysis.report import Circumstances, Findings, build_report
from ..analysis.summary import Summarizer, Summary
from ..analysis.tally import Draws
from ..bulk import without_cycle_search
from ..errors import UsageError
from ..records.base import Record
from ..records.case import FrozenCase
from ..records.measurement import Measurement, Output, Slot
from ..records.plan import Plan
from ..records.report import BaselineInfo, Comparison, Proof, Report
from ..render.junit import JUnit
from ..storage.layout import RunKeys
from ..storage.port import Store
from .comparing import Side, compare_with
from .merging import Findings as MergeFindings
from .merging import Merged, Supplement, merge_run, produced_by, taken_from
from .planning import check_whole, read_plan
from .registry import Found, entry_of, find_baseline, find_run
from .scratch import scratch_file, scratch_space

OFFLINE_NOTE = (
    "judged by the offline judge, which only compares words: its scores mean nothing beyond a demo or a pipeline test"
)
MISSING_SHOWN = 100


class Written(NamedTuple):
    """A temporary file, at its start, and the SHA-256 of its bytes."""

    file: BinaryIO
    sha256: str


@dataclass(frozen=True, slots=True)
class Collected:
    """A run's report, not yet written, and the files that tell every slot and case, in order. Close it when done."""

    report: Report
    measurements: Written  # `measurements.jsonl`
    junit: Written
    outputs: Written | None  # `outputs.jsonl`, with a target
    files: ExitStack

    def __enter__(self) -> Collected:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.files.close()


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """What the caller knows or wants."""

    baseline: str | None = None
    wall_s: float | None = None
    as_told: Report | None = None  # to make this report again, with the baseline that it names


@without_cycle_search()
@scratch_space()
def collect(store: Store, keys: RunKeys, options: CollectOptions = CollectOptions()) -> Collected:
    """The run's report, merged from the store's bytes; the same however often and wherever it is made.

    Raises:
        InputError: A file of the run was changed or cut short.
    """
    plan = read_plan(store, keys)
    check_whole(store, keys)
    draws = Draws(plan.cluster_by, plan.execution.repeats, plan.gate.confidence)
    summarizer = Summarizer(plan.recipes, draws=draws, slices=plan.slices)
    with ExitStack() as files, merge_with_children(store, keys, plan, summarizer) as merged:
        summary = summarizer.summary()
        comparison, baseline = _compare(store, plan, merged, options)
        verdict = judge_gate(plan.gate, summary, comparison, plan.on_inconclusive)
        digest, junit = ResultsDigest(), JUnit(plan.suite, (recipe.name for recipe in plan.recipes))
        measurements = _written(_measurements(merged.entries(), digest, junit), files)
        outputs = _written(merged.outputs(), files) if plan.target is not None else None
        proof = _proof(plan, merged.findings, summary, measurements, outputs, digest.hexdigest())
        circumstances = _circumstances(plan, options, merged.findings)
        report = build_report(plan, Findings(summary, verdict, comparison, baseline), proof, circumstances)
        return Collected(report, measurements, _written(junit.xml(report), files), outputs, files.pop_all())


def _measurements(entries: Iterable[Entry], digest: ResultsDigest, junit: JUnit) -> Iterator[Measurement]:
    """The measurements among the entries; the others take every entry, too: a million are read once for all."""
    for entry in entries:
        digest.add(entry)
        junit.add(entry)
        if isinstance(entry, Measurement):
            yield entry


def _proof(
    plan: Plan, found: MergeFindings, summary: Summary, measurements: Written, outputs: Written | None, digest: str
) -> Proof:
    return Proof(
        plan_digest=plan.digest,
        dataset_digest=plan.dataset_digest,
        measurements_sha256=measurements.sha256,
        outputs_sha256=outputs.sha256 if outputs else None,
        results_digest=digest,
        shards=tuple(found.shards),
        missing_shards=tuple(found.missing_shards),
        missing=tuple(slot_in_words(slot) for slot in summary.missing[:MISSING_SHOWN]),
        duplicates_dropped=found.duplicates,
        late_attempts=found.late_attempts,
    )


def _circumstances(plan: Plan, options: CollectOptions, found: MergeFindings) -> Circumstances:
    return Circumstances(
        created_at=plan.created_at,
        wall_s=options.wall_s if options.wall_s is not None else _wall_s(plan, found.last_commit_at),
        judge_name=judge_name(plan),
        cases=found.cases,
        notes=tuple(_notes(plan)),
        timeline=tuple(found.timeline),
    )


def _written(lines: Iterable[Record | str], files: ExitStack) -> Written:
    file = files.enter_context(scratch_file("evalfactory-report-"))
    proof = hashlib.sha256()
    for line in lines:
        body = (line if isinstance(line, str) else line.model_dump_json() + "\n").encode()
        proof.update(body)
        file.write(body)
    file.seek(0)
    return Written(file, proof.hexdigest())


def merge_with_children(store: Store, keys: RunKeys, plan: Plan, summarizer: Summarizer) -> Merged:
    """The run merged. A child run tells its parent's slots with its own measurements in their places."""
    line = [(keys, plan)]
    while (parent := line[-1][1].parent) is not None:
        parent_keys = RunKeys(plan.suite, parent.run_id)
        line.append((parent_keys, read_plan(store, parent_keys)))
    instead: dict[Slot, Entry] = {}
    outputs: dict[str, Output] = {}
    own: MergeFindings | None = None
    for run_keys, run_plan in line[:-1]:
        with merge_run(store, run_keys, run_plan, _unseen) as merged:
            for entry in merged.entries():
                told = entry if run_plan is plan or isinstance(entry, Slot) else taken_from(run_plan.run_id, entry)
                instead.setdefault(slot_of(entry), told)
            for output in merged.outputs():
                outputs.setdefault(output.case_id, output if run_plan is plan else produced_by(run_plan.run_id, output))
            if run_plan is plan:
                own = merged.findings
    root_keys, root_plan = line[-1]
    supplement = Supplement(instead, outputs, root_plan.run_id) if own is not None else None
    merged = merge_run(store, root_keys, root_plan, _Tell(summarizer), supplement)
    if own is not None:
        own.must_run, own.cases = merged.findings.must_run, merged.findings.cases
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
    store: Store, plan: Plan, merged: Merged, options: CollectOptions
) -> tuple[Comparison | None, BaselineInfo | None]:
    if options.as_told is not None:
        found, asked = _told_baseline(store, options.as_told.baseline)
    else:
        found, asked = _asked_baseline(store, plan, options.baseline or plan.gate.baseline)
    if asked is None:
        return None, None
    if found.keys is None:
        return None, BaselineInfo(asked=asked, note=found.note)
    here = Side(merged.entries(), merged.outputs(), frozenset(merged.findings.must_run))
    return compare_with(store, plan, here, found.keys, asked), None


def _asked_baseline(store: Store, plan: Plan, asked: str | None) -> tuple[Found, str | None]:
    if asked is None:
        return Found(None), None
    return find_baseline(store, asked, of=entry_of(plan)), asked


def _told_baseline(store: Store, told: BaselineInfo | None) -> tuple[Found, str | None]:
    """The run that a report says it was compared with, wherever its name points today; and that name."""
    if told is None or told.run_id is None:
        return Found(None, told.note if told else None), told.asked if told else None
    try:
        return Found(find_run(store, told.run_id)), told.asked
    except UsageError as error:
        return Found(None, error.message), told.asked


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
