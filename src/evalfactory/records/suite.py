"""The suite: what the user writes, in its resolved form. Every field's description is the reference documentation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PositiveFloat, PositiveInt, Tag
from pydantic.json_schema import SkipJsonSchema

from .base import Record
from .gate import GateSpec
from .placement import Placement

Share = float

# Patterns in the subset that Rust, Python and JavaScript read alike, so that editors check them too.
_UNSEEN = r"\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
#: What becomes a folder of the store or a word of a command line.
NAME_PATTERN = rf"""^[^\s.\-/\\:*?"'<>|{_UNSEEN}][^\s/\\:*?"'<>|{_UNSEEN}]{{0,99}}$"""
#: What stands in a table: one line, nothing invisible, no space at either end.
LABEL_PATTERN = rf"^[^\s{_UNSEEN}]([^{_UNSEEN}]{{0,98}}[^\s{_UNSEEN}])?$"
#: `module:name`
IMPORT_PATTERN = r"^[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
#: Without user and password in it: secrets are references.
URL_PATTERN = r"^https?://[^\s@/?#]+([/?#]\S*)?$"

#: What the offline judge can judge; metrics that ask no judge are always possible.
OFFLINE_METRICS = (
    "answer_relevancy", "faithfulness", "contextual_precision", "contextual_recall", "contextual_relevancy",
    "hallucination", "geval",
)  # fmt: skip


class MustRun(Record):
    """Cases that are in every tier, on top of its count, and gated one by one."""

    ids: tuple[str, ...] = Field(default=(), description="By their ids.")
    tags: tuple[str, ...] = Field(default=(), description="Every case that has one of these tags.")


class DatasetSpec(Record):
    """Where the cases are and how to read them."""

    path: str = Field(
        min_length=1,
        description="A file beside the suite, or a URL of the store's cloud; .jsonl, .json, .csv, .parquet, each also .gz or .zst.",
    )
    format: Literal["jsonl", "json", "csv", "parquet"] | None = Field(
        default=None, description="Only needed when the name does not tell."
    )
    fields: dict[str, str] = Field(
        default_factory=dict, description="Our field -> their column, dots reach into objects: `{input: question}`."
    )
    strata: str | None = Field(
        default=None, description="Keep this in proportion in every tier: `tags`, or a field such as `metadata.topic`."
    )
    cluster_by: str | None = Field(
        default=None,
        description="Cases with the same value here are no independent draws: a field such as `metadata.document`.",
    )
    slices: tuple[str, ...] = Field(
        default=("tags",),
        description="Fields by whose values a run is shown in parts, such as `metadata.language`; never gated.",
    )
    seed: int = Field(default=0, description="Of the one order of the cases that every tier is a prefix of.")
    must_run: MustRun = Field(
        default=MustRun(), description="Cases in every tier, on top of its count, and gated one by one."
    )
    max_problems: PositiveInt = Field(default=50, description="How many problems to list before giving up.")


class Price(Record):
    """US dollars per million tokens."""

    input: float = Field(ge=0, description="US dollars per million input tokens.")
    output: float = Field(ge=0, description="US dollars per million output tokens.")


class Limits(Record):
    """What a model endpoint allows this run, however many workers share it."""

    max_in_flight: PositiveInt = Field(default=32, description="Requests at once.")
    requests_per_minute: PositiveFloat | None = Field(
        default=None, description="Spent evenly, with a burst of one second."
    )
    tokens_per_minute: PositiveFloat | None = Field(default=None, description="Input and output together.")
    timeout_s: PositiveFloat = Field(default=120.0, description="Of one request, seconds.")
    max_tries: PositiveInt = Field(
        default=8, description="Of one request, the first included, before it counts as unanswered."
    )
    outage_s: PositiveFloat = Field(
        default=600.0, description="How long nothing may answer before the run ends, resumable; seconds."
    )
    limit_group: str | None = Field(
        default=None,
        pattern=NAME_PATTERN,
        description="Runs that name the same group in the same store share these limits, as runs with one key must.",
    )


class ModelSpec(Limits):
    """An OpenAI-compatible endpoint."""

    model: str = Field(min_length=1, description="The model's name at the endpoint.")
    base_url: str = Field(
        default="https://api.openai.com/v1", pattern=URL_PATTERN, description="The endpoint, up to and with `/v1`."
    )
    api_key_env: str | None = Field(
        default=None,
        pattern=VARIABLE_PATTERN,
        description="Name of the environment variable that holds the key; for OpenAI's own endpoint `OPENAI_API_KEY`.",
    )
    headers: dict[str, str] = Field(
        default_factory=dict, description="Sent as they are; `${NAME}` is read from the environment when sent."
    )
    query: dict[str, str] = Field(default_factory=dict, description="Added to the URL, e.g. Azure's `api-version`.")
    temperature: float | None = Field(default=0.0, description="`null` sends none, for models that refuse it.")
    seed: int | None = Field(default=None, description="Sent with every request, for endpoints that know it.")
    max_tokens: PositiveInt | None = Field(default=None, description="Longest answer, in tokens.")
    max_completion_tokens: PositiveInt | None = Field(
        default=None, description="The same, for models that want this name instead."
    )
    extra_body: dict[str, Any] = Field(default_factory=dict, description="Merged into every request.")
    price: Price | None = Field(default=None, description="Without it a run costs nothing, as far as reports know.")


class JudgeSpec(ModelSpec):
    """The model that judges."""

    kind: Literal["openai", "offline"] = Field(
        default="openai",
        description="`offline` needs no model: for demos and tests of the pipeline, it takes limits only.",
    )
    response_format: Literal["json_schema", "json_object", "none"] = Field(
        default="json_schema", description="What is asked of the endpoint; the answer is checked in any case."
    )


#: A judge's fields that decide its answers; the others say how to reach it, how fast, and at what price.
JUDGE_FIELDS = (
    "kind", "model", "temperature", "seed", "max_tokens", "max_completion_tokens", "extra_body", "response_format",
)  # fmt: skip


class HttpTarget(Limits):
    """The system under test behind an HTTP endpoint."""

    kind: Literal["http"] = Field(default="http", description="Told by the key `url`; need not be written.")
    url: str = Field(pattern=URL_PATTERN, description="Where the requests go.")
    method: Literal["POST", "GET", "PUT"] = Field(default="POST", description="Of the requests.")
    request: Any = Field(
        default_factory=lambda: {"input": "{{input}}"},
        description="The JSON to send; `{{field}}` is replaced by the case's field.",
    )
    headers: dict[str, str] = Field(
        default_factory=dict, description="Sent as they are; `${NAME}` is read from the environment when sent."
    )
    api_key_env: str | None = Field(
        default=None,
        pattern=VARIABLE_PATTERN,
        description="Name of the environment variable that holds the key, sent as `Authorization: Bearer`.",
    )
    output: str = Field(default="output", description="Dotted path of the output in the answer.")
    retrieval_context: str | None = Field(
        default=None, description="Dotted path; a text, a list of texts, or `chunks.*.text`."
    )
    tools_called: str | None = Field(default=None, description="Dotted path of the list of tools called.")
    cost: str | None = Field(default=None, description="Dotted path of the cost of one answer, US dollars.")
    version: str | None = Field(
        default=None, description="Of what answers there; a new one makes the outputs of earlier runs not count."
    )
    always: bool = Field(default=False, description="Also for cases whose output the dataset has.")


class ChatTarget(ModelSpec):
    """A model with the engineer's prompt."""

    kind: Literal["chat"] = Field(default="chat", description="Told by the key `model`; need not be written.")
    prompt: str = Field(
        min_length=1,
        description="A prompt file beside the suite; `{{input}}`, `{{context}}` and other fields are filled in.",
    )
    system: str | None = Field(default=None, description="A file with the system message.")
    prompt_text: SkipJsonSchema[str | None] = Field(
        default=None,
        description="The prompt file's text as it was when the run was planned: the plan's, not a suite's.",
    )
    system_text: SkipJsonSchema[str | None] = Field(default=None, description="The same of the `system` file.")
    always: bool = Field(default=False, description="Also for cases whose output the dataset has.")


class PythonTarget(Limits):
    """A Python callable, plain or async: `module:function`, called with the case's fields as one dictionary."""

    kind: Literal["python"] = Field(default="python", description="Told by the key `python`; need not be written.")
    python: str = Field(pattern=IMPORT_PATTERN, description="`module:function`, found beside the suite or installed.")
    version: str | None = Field(
        default=None, description="Declared version; without it the digest of its source counts."
    )
    always: bool = Field(default=False, description="Also for cases whose output the dataset has.")


def _target_kind(value: object) -> str | None:
    """Which target it is: by `kind`, which records leave out when they are written, or by the key only one of them has."""
    if not isinstance(value, dict):
        return getattr(value, "kind", None)
    told_by = {"url": "http", "python": "python", "model": "chat"}
    return value.get("kind") or next((kind for key, kind in told_by.items() if key in value), None)


TargetSpec = Annotated[
    Annotated[HttpTarget, Tag("http")] | Annotated[ChatTarget, Tag("chat")] | Annotated[PythonTarget, Tag("python")],
    Discriminator(_target_kind),
]


class MetricSpec(Record):
    """One metric of the suite."""

    name: str = Field(
        pattern=LABEL_PATTERN, description="Unique in the suite; the metric's own name unless `name:` says otherwise."
    )
    type: str = Field(description="A name of the catalogue (`faithfulness`), or `module:Class` for your own.")
    threshold: float | None = Field(
        default=None, description="A score at or above it is a success; the metric's default without it."
    )
    args: dict[str, Any] = Field(default_factory=dict, description="The metric's other arguments.")
    judge: JudgeSpec | None = Field(default=None, description="A judge of its own, instead of the suite's.")
    version: str | None = Field(
        default=None,
        min_length=1,
        description="Of your own metric; without it the digest of its source counts.",
    )


OnInconclusive = Literal["pass", "fail", "inconclusive"]


class TierSpec(Record):
    """A size of the suite."""

    count: PositiveInt | Literal["all"] = Field(
        default="all", description="How many cases, the first ones of the suite's one order."
    )
    on_inconclusive: OnInconclusive = Field(
        default="inconclusive",
        description="The exit code when a drop is neither shown nor excluded: `pass` 0, `fail` 10, `inconclusive` 11. "
        "`smoke` has `pass`, as so few cases exclude little. The verdict stays what it is.",
    )


class Execution(Record):
    """How the work is dealt and done."""

    workers: PositiveInt = Field(default=2, description="Worker processes on this machine.")
    shards: PositiveInt | None = Field(
        default=None, description="Pieces the plan is cut into; by default several a worker."
    )
    dealing: Literal["weight", "modulo", "range"] = Field(
        default="weight", description="How cases are spread over shards."
    )
    repeats: PositiveInt = Field(default=1, description="How often each case is judged by each metric.")
    missing_fields: Literal["refuse", "skip"] = Field(
        default="refuse",
        description="What to do with a case that lacks a field of a metric, or of the target's prompt or request.",
    )
    keep_exchanges: Literal["failed", "all", "none"] = Field(
        default="failed",
        description="Of which measurements to keep what the judge was asked and answered, for `explain`: those that errored or failed, all, or none.",
    )
    deadline_s: PositiveFloat = Field(
        default=600.0, description="Of one measurement: time in calls, not time spent waiting for limits; seconds."
    )
    flush_s: PositiveFloat = Field(
        default=10.0, description="How often measurements go to an object store; a local folder gets each at once."
    )
    grace_s: PositiveFloat = Field(
        default=20.0, description="After SIGTERM or Ctrl-C: how long measurements in flight may still finish."
    )
    hang_s: PositiveFloat = Field(default=60.0, description="A worker silent for so long is killed and replaced.")
    max_restarts: PositiveInt = Field(
        default=3, description="Deaths of workers in a row without a new measurement before the run stops."
    )


Redacted = Literal[
    "input", "actual_output", "expected_output", "context", "retrieval_context", "reason", "case_id"
]  # fmt: skip


class PublishSpec(Record):
    """What `publish` may tell outside the store."""

    redact: tuple[Redacted, ...] = Field(
        default=(),
        description="Left out of comments and messages, and of what `report --redact` makes. Without a text of the case, reasons and errors are left out too, "
        "as they quote it; `context` is every context; a `case_id` becomes eight digits of its digest.",
    )


DEFAULT_TIERS: dict[str, TierSpec] = {
    "smoke": TierSpec(count=20, on_inconclusive="pass"),
    "regression": TierSpec(count=500),
    "full": TierSpec(count="all"),
}


class Suite(Record):
    """A suite as it is after defaults."""

    name: str = Field(
        pattern=NAME_PATTERN,
        description="Title of its reports, and its folder in the store: any script, but no spaces, quotes or slashes.",
    )
    dataset: DatasetSpec = Field(description="Where the cases are; a text is its `path`.")
    target: TargetSpec | None = Field(
        default=None,
        description="The system under test, when the dataset lacks outputs: told by `url`, `model` or `python`.",
    )
    judge: JudgeSpec = Field(description="The model that judges; `offline` needs none.")
    metrics: tuple[MetricSpec, ...] = Field(description="What every case is measured by.")
    tiers: dict[str, TierSpec] = Field(
        default_factory=lambda: dict(DEFAULT_TIERS),
        description="Sizes of the suite by name, in addition to `smoke` 20, `regression` 500 and `full` all.",
    )
    gate: GateSpec = Field(default=GateSpec(), description="When the run passes.")
    execution: Execution = Field(default=Execution(), description="How the work is dealt and done.")
    store: str = Field(
        default=".evalfactory",
        min_length=1,
        description="Where runs are kept: a folder beside the suite, or `s3://bucket/prefix`, `gs://…`, `az://…`.",
    )
    placement: Placement | None = Field(
        default=None, description="Where the workers are that `--on kubernetes` starts; results do not depend on it."
    )
    publish: PublishSpec = Field(default=PublishSpec(), description="What `publish` may tell outside the store.")


NOT_IN_SUITE_DIGEST = frozenset({"placement", "publish"})  # where it is worked on and told: the results are the same
