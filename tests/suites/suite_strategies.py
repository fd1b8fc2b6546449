"""Suites of every kind, for laws."""

from __future__ import annotations

from typing import Any, TypeVar

from hypothesis import strategies as st

from evalfactory.catalogue import Argument, CatalogueMetric, catalogue
from evalfactory.records.base import Record
from evalfactory.records.case import Case
from evalfactory.records.gate import GateSpec, MetricGate
from evalfactory.records.suite import (
    DEFAULT_TIERS,
    OFFLINE_METRICS,
    ChatTarget,
    DatasetSpec,
    Execution,
    HttpTarget,
    JudgeSpec,
    MetricSpec,
    MustRun,
    Price,
    PythonTarget,
    Suite,
    TargetSpec,
    TierSpec,
)
from evalfactory.suites.metric_items import RESERVED

AnyRecord = TypeVar("AnyRecord", bound=Record)
Strategy = st.SearchStrategy[Any]

#: What YAML readers are tempted to take for something else, and what is hard to write down.
TEMPTING = st.sampled_from(
    ["no", "On", "1e3", "010", "0x1F", "12:30", "2024-01-01", "null", "~", "-", "*a", "&a", "!x", "%", "@", "{{input}}",
     "a: b", "a #b", " lead", "trail ", "two\nlines\n", "\ttab", "日本語の本文", "שלום", "\u202eright", "🙂", "\x85", "\u2028", "'", '"', "\\", "=", "<<", "1_0", ".inf", "1e-7"]
)  # fmt: skip
TEXTS = TEMPTING | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=12)
FULL_TEXTS = TEXTS.filter(bool)
WORDS = st.from_regex(r"[a-zA-Z0-9ぁ-ん_][a-zA-Z0-9ぁ-ん._-]{0,8}", fullmatch=True)
COUNTS = st.integers(1, 10**6)
POSITIVE = st.floats(1e-6, 1e9)
SHARES = st.floats(0, 1)
SCALARS = TEXTS | st.integers(-(2**53), 2**53) | st.floats(-1e12, 1e12) | st.booleans() | st.none()
JSON_VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6)  # fmt: skip
URLS = st.sampled_from(["https://api.openai.com/v1", "http://judge:8000/v1", "https://a.b/x?y={{input}}"])
VARIABLES = st.sampled_from([None, "OPENAI_API_KEY", "KEY_2"])
HEADERS = st.dictionaries(TEXTS.map(lambda text: "x-" + text), TEXTS, max_size=2)


def _optional(strategy: Strategy) -> Strategy:
    return st.none() | strategy


def _limits() -> dict[str, Strategy]:
    return {
        "max_in_flight": COUNTS,
        "requests_per_minute": _optional(POSITIVE),
        "tokens_per_minute": _optional(POSITIVE),
        "timeout_s": POSITIVE,
        "max_tries": COUNTS,
        "outage_s": POSITIVE,
    }


def _model() -> dict[str, Strategy]:
    return {
        "model": FULL_TEXTS.filter(lambda text: text != "offline"),
        "base_url": URLS,
        "api_key_env": VARIABLES,
        "headers": HEADERS,
        "query": st.dictionaries(TEXTS, TEXTS, max_size=2),
        "temperature": _optional(st.floats(0, 2)),
        "seed": _optional(st.integers(0, 9)),
        "max_tokens": _optional(COUNTS),
        "extra_body": st.dictionaries(TEXTS, JSON_VALUES, max_size=2),
        "price": _optional(st.builds(Price, input=POSITIVE, output=POSITIVE)),
    }


def _some(record: type[AnyRecord], **fields: Strategy) -> st.SearchStrategy[AnyRecord]:
    """The record with every field that has a default left out or drawn."""
    required = {name: each for name, each in fields.items() if record.model_fields[name].is_required()}
    others = {name: each for name, each in fields.items() if name not in required}
    return st.fixed_dictionaries(required, optional=others).map(record.model_validate)


OFFLINE = _some(JudgeSpec, model=st.just("offline"), **_limits()).map(
    lambda judge: judge.model_copy(update={"kind": "offline"})
)
MODELS = _some(
    JudgeSpec, response_format=st.sampled_from(["json_schema", "json_object", "none"]), **_limits(), **_model()
)
TARGETS: st.SearchStrategy[TargetSpec] = (
    _some(HttpTarget, url=URLS, method=st.sampled_from(["POST", "GET"]), request=JSON_VALUES, headers=HEADERS, api_key_env=VARIABLES,
          output=TEXTS, retrieval_context=_optional(TEXTS), always=st.booleans(), **_limits())
    | _some(ChatTarget, prompt=FULL_TEXTS, system=_optional(TEXTS), always=st.booleans(), **_limits(), **_model())
    | _some(PythonTarget, python=st.just("bot.app:answer"), version=_optional(FULL_TEXTS), **_limits())
)  # fmt: skip


TIERS = _some(TierSpec, count=COUNTS | st.just("all"))
EXECUTIONS = _some(Execution, workers=COUNTS, dealing=st.sampled_from(["weight", "range"]), hang_s=POSITIVE)
DATASETS = _some(
    DatasetSpec,
    path=FULL_TEXTS,
    format=st.sampled_from(["csv", None]),
    seed=st.integers(0, 9),
    fields=st.dictionaries(st.sampled_from(list(Case.model_fields)), TEXTS, max_size=2),
    must_run=_some(MustRun, ids=st.lists(TEXTS, max_size=2), tags=st.lists(TEXTS, max_size=2)),
)


def _argument(argument: Argument) -> Strategy:
    if argument.choices:
        chosen: Strategy = st.sampled_from(argument.choices)
        return st.lists(chosen, max_size=3) if argument.type == "list[str]" else chosen
    values: dict[str, Strategy] = {
        "str": TEXTS,
        "int": st.integers(0, 99),
        "float": SHARES,
        "bool": st.booleans(),
        "list[str]": st.lists(TEXTS, max_size=3),
        "list": st.lists(JSON_VALUES, max_size=3),
        "dict": st.dictionaries(TEXTS, JSON_VALUES, max_size=3),
        "any": JSON_VALUES,
    }
    return values[argument.type]


@st.composite
def _metric(draw: st.DrawFn, metric: CatalogueMetric, name: str) -> MetricSpec:
    needed = {argument.name for argument in metric.arguments if argument.required} | set(metric.one_of)
    arguments = {argument.name: _argument(argument) for argument in metric.arguments if argument.name not in RESERVED}
    args = draw(
        st.fixed_dictionaries(
            {name: each for name, each in arguments.items() if name in needed},
            optional={name: each for name, each in arguments.items() if name not in needed},
        )
    )
    judge = draw(st.none() | MODELS)
    return MetricSpec(name=name, type=metric.name, threshold=draw(st.none() | SHARES), args=args, judge=judge)


@st.composite
def suites(draw: st.DrawFn) -> Suite:
    judge = draw(OFFLINE | MODELS)
    known = [each for each in catalogue().metrics if judge.kind == "openai" or each.name in OFFLINE_METRICS]
    chosen = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
    names = draw(st.lists(WORDS, min_size=len(chosen), max_size=len(chosen), unique=True))
    metrics = [draw(_metric(metric, name)) for metric, name in zip(chosen, names, strict=True)]
    metrics.append(
        MetricSpec(name="of my own", type="my.metrics:Mine", threshold=draw(st.none() | POSITIVE), version="2")
    )
    return Suite(
        name=draw(WORDS.filter(lambda name: name not in {"limits", "recipes", "fingerprints"})),
        dataset=draw(DATASETS),
        target=draw(st.none() | TARGETS),
        judge=judge,
        metrics=tuple(metrics),
        tiers=DEFAULT_TIERS | draw(st.dictionaries(WORDS, TIERS, max_size=2)),
        gate=draw(_gate(names[0])),
        execution=draw(EXECUTIONS),
        store=draw(FULL_TEXTS),
    )


def _gate(metric: str) -> st.SearchStrategy[GateSpec]:
    of_metric = _some(MetricGate, mean=_optional(SHARES), pass_rate=_optional(SHARES), allowed_drop=SHARES)
    return _some(
        GateSpec, max_errored=SHARES, baseline=_optional(TEXTS), metrics=st.dictionaries(st.just(metric), of_metric)
    )
