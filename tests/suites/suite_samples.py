"""Suites that are right."""

from __future__ import annotations

from evalfactory.records.suite import Suite
from evalfactory.suites import parse_suite

FIVE_LINES = """\
name: support-bot
dataset: cases.jsonl
judge: offline
metrics: [answer_relevancy, faithfulness]
"""

HALUEVAL = """\
name: halueval
dataset: {path: qa.jsonl, fields: {input: question, actual_output: right_answer, retrieval_context: knowledge}}   # a text where a list is due becomes a list of one
judge: {model: qwen3-32b, base_url: "http://judge:8000/v1", api_key_env: JUDGE_API_KEY, timeout_s: 60,
        max_in_flight: 200, requests_per_minute: 6000}      # limits of the whole run, however many workers share them
metrics:
  - answer_relevancy
  - faithfulness: {threshold: 0.8}
  - geval: {name: politeness, criteria: "…", evaluation_params: [input, actual_output]}
tiers: {smoke: 20, regression: 500, full: 5000}          # a number, `all`, or a mapping with more
store: .evalfactory                                       # or s3://bucket/prefix
"""


def suite_text(**sections: str) -> str:
    """A small suite, with sections written as given."""
    small = {"name": "bot", "dataset": "cases.jsonl", "judge": "offline", "metrics": "[faithfulness]"}
    return "".join(f"{key}: {text}\n" for key, text in (small | sections).items())


def suite_of(**sections: str) -> Suite:
    """What a small suite means, with sections written as given."""
    return parse_suite(suite_text(**sections), file="suite.yaml")
