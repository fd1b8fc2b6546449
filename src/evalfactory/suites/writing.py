"""From a suite back to the text that a user would write for it."""

from __future__ import annotations

import re

import yaml

from ..records.suite import DEFAULT_TIERS, JudgeSpec, MetricSpec, Suite, TargetSpec, TierSpec
from .yaml_tree import EXPONENT


class _Dumper(yaml.SafeDumper):
    """Quotes what another reader of YAML could take for a number, and writes no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Line ends that a reader would turn into another one are escaped."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if _LINE_ENDS.search(text) else None)


_LINE_ENDS = re.compile("[\r\x85\u2028\u2029]")
_Dumper.add_representer(str, _text)
_Dumper.add_implicit_resolver("evalfactory:exponent", EXPONENT, list("-+0123456789"))


def suite_yaml(suite: Suite) -> str:
    """The suite as YAML, defaults left out; `parse_suite` of it gives the same suite."""
    written = suite.model_dump(mode="json", exclude_defaults=True, exclude={"judge", "metrics", "tiers", "target"})
    written["judge"] = _judge(suite.judge)
    written["metrics"] = [_metric(metric) for metric in suite.metrics]
    if suite.target is not None:
        written["target"] = _target(suite.target)
    tiers = {name: _tier(name, tier) for name, tier in suite.tiers.items() if DEFAULT_TIERS.get(name) != tier}
    written |= {"tiers": tiers} if tiers else {}
    return yaml.dump(written, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)


def _tier(name: str, tier: TierSpec) -> object:
    usual = DEFAULT_TIERS.get(name, TierSpec()).on_inconclusive
    return tier.count if tier.on_inconclusive == usual else tier.model_dump(mode="json")


def _judge(judge: JudgeSpec) -> object:
    written = judge.model_dump(mode="json", exclude_defaults=True)
    if judge.kind == "offline":
        del written["model"]
        return written if len(written) > 1 else "offline"
    return _with_key(written, judge.api_key_env)


def _target(target: TargetSpec) -> dict[str, object]:
    written = target.model_dump(mode="json", exclude_defaults=True)
    return _with_key(written, target.api_key_env) if target.kind == "chat" else written


def _with_key(written: dict[str, object], api_key_env: str | None) -> dict[str, object]:
    """At OpenAI's own address no key must be asked for, else a reader fills one in."""
    at_openai = "base_url" not in written
    return {**written, "api_key_env": None} if at_openai and api_key_env is None else written


def _metric(metric: MetricSpec) -> object:
    settings: dict[str, object] = {"name": metric.name} if metric.name != metric.type else {}
    settings |= metric.model_dump(mode="json", include={"threshold", "version"}, exclude_none=True)
    if metric.judge is not None:
        settings["judge"] = _judge(metric.judge)
    settings |= metric.args
    return {metric.type: settings} if settings else metric.type
