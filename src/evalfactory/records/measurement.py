"""What a worker writes: measurements and outputs, in parts, sealed by one commit a shard."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from .base import Record
from .case import ToolCall

State = Literal["scored", "errored", "skipped"]
ErrorClass = Literal[
    "rate_limit", "timeout", "server", "auth", "context_length", "content_filter", "bad_json", "network", "bug",
    "metric", "data", "crash",
]  # fmt: skip


class Slot(NamedTuple):
    """What is planned, dealt, merged and compared: known before any answer is."""

    case_id: str
    metric: str
    repeat: int = 0


class Usage(Record):
    """What requests to a model cost. `calls` counts every request sent; the next three are among them."""

    calls: int = Field(default=0, description="Requests sent.")
    retries: int = Field(default=0, description="Sent again after a 429, a 5xx, a timeout or a broken connection.")
    reasks: int = Field(default=0, description="Sent again because the answer was not what was asked for.")
    throttled: int = Field(default=0, description="Refused for coming too fast (429).")
    input_tokens: int = Field(default=0, description="As the endpoint counts them.")
    output_tokens: int = Field(default=0, description="As the endpoint counts them.")
    cost_usd: float = Field(default=0.0, description="US dollars; 0 where the suite states no price.")

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            retries=self.retries + other.retries,
            reasks=self.reasks + other.reasks,
            throttled=self.throttled + other.throttled,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
        )


class Failure(Record):
    """Why a measurement is errored: a class to count by, where it happened, and the words."""

    error_class: ErrorClass = Field(description="What to count by.")
    where: Literal["judge", "target", "metric", "worker"] = Field(description="Who failed.")
    message: str = Field(description="In words, shortened.")


class Measurement(Record):
    """One slot's outcome. Only `scored` has a score; an error is never a score, a skip never a pass."""

    kind: Literal["measurement"] = Field(default="measurement", description="Tells lines apart.")
    case_id: str = Field(description="The case.")
    metric: str = Field(description="The metric's name in the suite.")
    repeat: int = Field(default=0, description="Which of the suite's repeats, from 0.")
    state: State = Field(description="How it ended.")
    score: float | None = Field(default=None, description="Higher is better; only a scored slot has one.")
    reason: str | None = Field(default=None, description="The metric's reason, or why the slot was skipped.")
    threshold: float | None = Field(default=None, description="A score at or above it is a success.")
    success: bool | None = Field(default=None, description="What the metric made of score and threshold.")
    failure: Failure | None = Field(default=None, description="Of an errored slot.")
    usage: Usage = Field(default=Usage(), description="Of this measurement; of a copy none.")
    seconds: float = Field(default=0.0, description="Wall time from admission to the end, waiting included.")
    attempt: str = Field(default="", description="The worker process that wrote it.")
    fingerprint: str = Field(
        default="", description="What decides reuse: case content, metric, judge, versions, repeat."
    )
    reused_from: str | None = Field(default=None, description="The run whose measurement this is a copy of.")

    @property
    def slot(self) -> Slot:
        return Slot(self.case_id, self.metric, self.repeat)


class Output(Record):
    """What the target produced for a case, kept beside the measurements it led to."""

    kind: Literal["output"] = "output"
    case_id: str
    actual_output: str | None = None
    retrieval_context: tuple[str, ...] | None = None
    tools_called: tuple[ToolCall, ...] | None = None
    failure: Failure | None = None
    usage: Usage = Field(default=Usage(), description="Of this answer; a copy keeps what it cost back then.")
    seconds: float = Field(default=0.0, description="Wall time from admission to the end, waiting included.")
    active_s: float = Field(default=0.0, description="Of that the time in which no limit or pause held it up.")
    attempt: str = ""
    fingerprint: str = ""
    reused_from: str | None = None


class Exchanges(Record):
    """What a measurement's judge was asked and answered, kept beside the measurement."""

    kind: Literal["exchanges"] = "exchanges"
    case_id: str
    metric: str
    repeat: int = 0
    attempt: str
    fingerprint: str
    calls: int = Field(description="Requests told in `packed`.")
    left_out: int = Field(default=0, description="Later requests that are not, for they were too much.")
    packed: str = Field(description="The requests as a JSON list, compressed (Zstandard), as Base64.")

    @property
    def slot(self) -> Slot:
        return Slot(self.case_id, self.metric, self.repeat)


class PartHeader(Record):
    """First line of every part: whose it is, and the versions that measured."""

    kind: Literal["header"] = "header"
    run_id: str
    shard: int
    plan_digest: str
    attempt: str
    versions: dict[str, str]


PartLine = Annotated[PartHeader | Measurement | Output | Exchanges, Field(discriminator="kind")]


class PartRef(Record):
    """A part that counts: its name inside the shard's folder and the proof of its bytes."""

    name: str = Field(description="Of the file in the shard's folder `parts/`.")
    sha256: str = Field(description="Of its bytes.")
    size: int = Field(description="Bytes.")
    lines: int = Field(description="Its header included.")


class Commit(Record):
    """A shard is done: exactly these parts count. Written once, create-if-absent."""

    format: Literal[1] = 1
    run_id: str
    shard: int
    plan_digest: str
    attempt: str
    parts: tuple[PartRef, ...]
    exchanges: tuple[PartRef, ...] = Field(default=(), description="In the shard's folder `exchanges/`.")
    slots: int
    scored: int
    errored: int
    skipped: int
    reused: int = 0
    versions: dict[str, str]
    started_at: str = Field(default="", description="When the attempt that committed took it up; UTC, ISO 8601.")
    finished_at: str = Field(default="", description="UTC, ISO 8601.")
    peak_rss_mb: float = Field(default=0.0, description="Most memory the worker process has had, MiB.")
    cpu_s: float = Field(default=0.0, description="CPU of the worker process from its start to this commit, seconds.")
