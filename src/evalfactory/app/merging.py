"""The run's committed shards, proven and merged one by one into a stream in slot order."""

from __future__ import annotations

import hashlib
import heapq
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import NamedTuple

from ..analysis.merge import Entry, MergedShard, check_headers, in_order, merge_shard, slot_of
from ..engine.commits import commit_body, damaged, read_commit, read_part
from ..engine.frozen import frozen_cases
from ..engine.lines import parse_part
from ..records.case import FrozenCase
from ..records.measurement import Commit, Measurement, Output, PartRef, Slot
from ..records.plan import Plan, ShardPlan
from ..records.report import ShardProof, ShardTime
from ..storage.layout import RunKeys
from ..storage.port import Store
from .ahead import in_advance
from .scratch import scratch_file

PIECE_BYTES = 1 << 16  # of one shard, while all shards are read side by side

Seen = Callable[[Entry, FrozenCase, Output | None], None]


class _Found(NamedTuple):
    """What the store has of a shard."""

    shard: int
    cases: Mapping[str, FrozenCase]
    late_attempts: int
    committed: tuple[ShardProof, ShardTime] | None = None
    lines: Sequence[Measurement | Output] = ()


@dataclass(slots=True)
class Findings:
    """What merging found beside the measurements."""

    shards: list[ShardProof] = field(default_factory=list)
    timeline: list[ShardTime] = field(default_factory=list)
    missing_shards: list[int] = field(default_factory=list)
    duplicates: int = 0
    foreign: int = 0
    late_attempts: int = 0
    last_commit_at: str = ""
    cases: int = 0
    must_run: set[str] = field(default_factory=set)

    def note(self, found: _Found) -> None:
        """Count the shard in."""
        self.late_attempts += found.late_attempts
        if found.committed is None:
            self.missing_shards.append(found.shard)
            return
        proof, time = found.committed
        self.shards.append(proof)
        self.timeline.append(time)
        self.last_commit_at = max(self.last_commit_at, time.finished_at)


class Merged:
    """A run's planned slots, each exactly once, in slot order; kept in a temporary file, not in memory."""

    def __init__(self) -> None:
        self.findings = Findings()
        self._file = scratch_file("evalfactory-merge-")  # closed by `__exit__`
        self._ends: list[tuple[int, int]] = []
        self._outputs: list[tuple[int, int]] = []

    def __enter__(self) -> Merged:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def take(
        self, cases: Mapping[str, FrozenCase], shard: MergedShard, seen: Seen, supplement: Supplement | None
    ) -> None:
        """Take one shard; `seen` is told each slot with its case and output."""
        self.findings.duplicates += shard.duplicates
        self.findings.foreign += shard.foreign
        self.findings.must_run.update(frozen.case.id for frozen in cases.values() if frozen.group)
        entries = map(supplement.entry, shard.entries()) if supplement else shard.entries()
        outputs = supplement.over(shard.outputs, cases) if supplement else shard.outputs
        for entry in self._add(entries):
            seen(entry, cases[entry.case_id], outputs.get(entry.case_id))
        self._add_outputs(outputs.values())

    def _add(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        start = self._file.tell()
        for entry in entries:
            line = json.dumps(entry) if isinstance(entry, Slot) else entry.model_dump_json()
            self._file.write(line.encode() + b"\n")
            yield entry
        self._ends.append((start, self._file.tell()))

    def _add_outputs(self, outputs: Iterable[Output]) -> None:
        start = self._file.tell()
        for output in sorted(outputs, key=_case_id):
            self._file.write(output.model_dump_json().encode() + b"\n")
        self._outputs.append((start, self._file.tell()))

    def outputs(self) -> Iterator[Output]:
        """What the target produced, in the order of case ids."""
        self._file.flush()
        shards = (_lines(self._file.fileno(), start, end) for start, end in self._outputs)
        return heapq.merge(*(map(Output.model_validate_json, lines) for lines in shards), key=_case_id)

    def entries(self) -> Iterator[Entry]:
        """Every planned slot once, in order: its measurement, or the bare slot where it is missing."""
        self._file.flush()
        shards = (_lines(self._file.fileno(), start, end) for start, end in self._ends)
        yield from in_order(*(map(_entry, lines) for lines in shards))


class Supplement(NamedTuple):
    """What child runs say instead of their root, whose other slots count as reused from it."""

    instead: Mapping[Slot, Entry]
    outputs: Mapping[str, Output]
    root: str

    def entry(self, entry: Entry) -> Entry:
        """The entry that stands in the child's report."""
        told = self.instead.get(slot_of(entry))
        if told is not None:
            return told
        return entry if isinstance(entry, Slot) else taken_from(self.root, entry)

    def over(self, outputs: Mapping[str, Output], case_ids: Iterable[str]) -> dict[str, Output]:
        """The outputs of a shard's cases that count: the child runs' before the root's."""
        own = {case_id: produced_by(self.root, output) for case_id, output in outputs.items()}
        return own | {case_id: self.outputs[case_id] for case_id in case_ids if case_id in self.outputs}


def taken_from(run_id: str, measurement: Measurement) -> Measurement:
    """The measurement as a copy from that run, which paid for it; only a score can be reused."""
    if measurement.state != "scored":
        return measurement
    return measurement.model_copy(update={"reused_from": measurement.reused_from or run_id})


def produced_by(run_id: str, output: Output) -> Output:
    """The output as a copy from that run, which paid for it."""
    return output.model_copy(update={"reused_from": output.reused_from or run_id})


def merge_run(store: Store, keys: RunKeys, plan: Plan, seen: Seen, supplement: Supplement | None = None) -> Merged:
    """The run's slots merged from what its shards committed; `seen` is told each with its case and output.

    Raises:
        InputError: A file of the run was changed or cut short, or parts do not belong together.
    """
    with ExitStack() as unless_done:
        merged = unless_done.enter_context(Merged())
        merged.findings.cases = plan.cases
        for found in in_advance(partial(_found, store, keys, plan), plan.shards):
            merged.findings.note(found)
            result = merge_shard(found.cases.values(), plan.recipes, plan.execution.repeats, found.lines)
            merged.take(found.cases, result, seen, supplement)
        unless_done.pop_all()
    return merged


def _found(store: Store, keys: RunKeys, plan: Plan, shard: ShardPlan) -> _Found:
    """The shard's cases, and the lines of the parts that its commit names; none when it is not committed."""
    cases = {frozen.case.id: frozen for piece in frozen_cases(store, keys, shard) for frozen in piece}
    present = {entry.key.rsplit("/", 1)[1] for entry in store.list(keys.parts_folder(shard.index))}
    try:
        body = commit_body(store, keys, plan, shard.index)
    except FileNotFoundError:
        return _Found(shard.index, cases, late_attempts=len(present))
    commit = read_commit(keys, plan, shard.index, body)
    proof = ShardProof(
        index=shard.index,
        attempt=commit.attempt,
        commit_sha256=hashlib.sha256(body).hexdigest(),
        slots=shard.slots,
        parts=commit.parts,
    )
    late = len(present.difference(part.name for part in commit.parts))
    lines = list(_records(store, keys, plan, shard, commit.parts))
    return _Found(shard.index, cases, late, (proof, _shard_time(commit, lines)), lines)


def _records(
    store: Store, keys: RunKeys, plan: Plan, shard: ShardPlan, parts: Iterable[PartRef]
) -> Iterator[Measurement | Output]:
    for part in parts:
        header, records = parse_part(read_part(store, keys, shard.index, part))
        if header is None:
            raise damaged(keys.part(shard.index, part.name), "it has no header")
        check_headers([header], plan, shard=shard.index)
        yield from records


def _shard_time(commit: Commit, lines: Iterable[Measurement | Output]) -> ShardTime:
    spent = [line.usage for line in lines if line.reused_from is None]
    return ShardTime(
        index=commit.shard,
        attempt=commit.attempt,
        started_at=commit.started_at,
        finished_at=commit.finished_at,
        slots=commit.slots,
        errored=commit.errored,
        reused=commit.reused,
        attempts=len({part.name.rpartition("-")[0] for part in commit.parts}),
        calls=sum(usage.calls for usage in spent),
        retries=sum(usage.retries for usage in spent),
        throttled=sum(usage.throttled for usage in spent),
    )


def _lines(file: int, start: int, end: int) -> Iterator[bytes]:
    """The lines between two places of a file. Read by pieces, not mapped: mapped pages would count as memory."""
    rest = b""
    for offset in range(start, end, PIECE_BYTES):
        *lines, rest = (rest + os.pread(file, min(PIECE_BYTES, end - offset), offset)).split(b"\n")
        yield from lines


def _entry(line: bytes) -> Entry:
    return Slot(*json.loads(line)) if line.startswith(b"[") else Measurement.model_validate_json(line)


def _case_id(output: Output) -> str:
    return output.case_id
