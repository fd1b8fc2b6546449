"""What editors and people read about suites is made from the code, and is fresh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from suite_golden import ROOT, check_golden
from suite_samples import FIVE_LINES, HALUEVAL, suite_text

from evalfactory.catalogue import catalogue
from evalfactory.records.suite import OFFLINE_METRICS
from evalfactory.suites import parse_suite
from evalfactory.suites.reference import suite_reference
from evalfactory.suites.schema import schema_text, suite_schema
from evalfactory.suites.starter import starter_files

VALIDATOR = Draft202012Validator(suite_schema())


def _examples() -> list[Path]:
    """Everything under `examples/` that looks like a suite."""
    found = sorted(ROOT.glob("examples/**/*.yaml"))
    return [path for path in found if "\nmetrics:" in path.read_text(encoding="utf-8")]


def _fenced(page: str) -> list[str]:
    """The pieces of YAML in a page, comments alone left out."""
    return [text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if yaml.safe_load(text)]


def test_the_committed_schema_is_fresh() -> None:
    check_golden(ROOT / "schema/suite.schema.json", schema_text())


def test_the_committed_reference_page_is_fresh() -> None:
    check_golden(ROOT / "docs/reference/suite.md", suite_reference())


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(suite_schema())


GOOD = {
    "five lines": FIVE_LINES,
    "everything": HALUEVAL,
    "the starter": starter_files()["suite.yaml"],
    "empty sections": suite_text(gate="", execution="", target="", tiers=""),
    "an offline judge with limits": suite_text(judge="{kind: offline, timeout_s: 3}"),
    "a metric of one's own": suite_text(metrics="[{'mine.metrics:Polite': {words: [please], judge: offline}}]"),
    "a metric with nothing below it": suite_text(metrics="[{faithfulness: }]"),
    "tiers of all kinds": suite_text(tiers="{smoke: 3, mine: all, other: {count: 9}}"),
    "a chat": suite_text(target="{model: m, prompt: p.txt, price: {input: 1, output: 2}}"),
    "a gate": suite_text(gate="{metrics: {faithfulness: {mean: 0.5, pass_rate: 1}}, baseline: previous}"),
}
WRONG = {
    "an unknown key": suite_text(flavour="vanilla"),
    "no metrics": suite_text(metrics="[]"),
    "a metric there is not": suite_text(metrics="[faithfullness]"),
    "two metrics in one item": suite_text(metrics="[{faithfulness: {}, bias: {}}]"),
    "an argument there is not": suite_text(metrics="[{faithfulness: {treshold: 1}}]"),
    "an argument of the wrong type": suite_text(metrics="[{faithfulness: {include_reason: maybe}}]"),
    "a threshold in per cent": suite_text(metrics="[{faithfulness: {threshold: 80}}]"),
    "geval without parameters": suite_text(metrics="[{geval: {criteria: x}}]"),
    "geval without criteria": suite_text(metrics="[{geval: {evaluation_params: [input]}}]"),
    "geval with a parameter there is not": suite_text(metrics="[{geval: {criteria: x, evaluation_params: [inptu]}}]"),
    "a bare metric that needs arguments": suite_text(metrics="[pattern_match]"),
    "a judge that is a name": suite_text(judge="gpt-4o"),
    "an offline judge with a temperature": suite_text(judge="{kind: offline, temperature: 1}"),
    "a judge without a model": suite_text(judge="{base_url: 'http://judge'}"),
    "a password in the address": suite_text(judge="{model: m, base_url: 'http://a:b@judge'}"),
    "a target of two kinds": suite_text(target="{url: 'http://bot', python: 'a:b'}"),
    "a tier of a few": suite_text(tiers="{smoke: few}"),
    "a name with a space": suite_text(name="support bot"),
    "a number of workers as a text": suite_text(execution="{workers: '2'}"),
}


@pytest.mark.parametrize("name", GOOD)
def test_the_schema_and_the_reader_accept_what_is_right(name: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(GOOD[name]))] == []
    parse_suite(GOOD[name], file="suite.yaml")


@pytest.mark.parametrize("name", WRONG)
def test_the_schema_refuses_what_is_wrong(name: str) -> None:
    assert not VALIDATOR.is_valid(yaml.safe_load(WRONG[name]))


@pytest.mark.parametrize("path", _examples(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_example_is_a_suite_that_editors_can_check(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    parse_suite(text, file=path.name)
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))] == []
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named, "the first line names the schema"
    assert (path.parent / named[1]).resolve() == ROOT / "schema/suite.schema.json"


def test_every_piece_of_yaml_in_the_reference_works() -> None:
    pieces = _fenced(suite_reference())
    assert len(pieces) >= 8
    small = yaml.safe_load(suite_text(judge="{model: m, base_url: 'http://judge/v1'}"))
    for piece in pieces:
        suite = small | yaml.safe_load(piece)
        parse_suite(yaml.safe_dump(suite, allow_unicode=True), file="suite.md")
        assert VALIDATOR.is_valid(suite), piece


def test_the_schema_completes_every_metric_with_its_description_and_arguments() -> None:
    schema = suite_schema()
    for metric in catalogue().metrics:
        settings = schema["$defs"][f"metric_{metric.name}"]
        assert metric.class_name in settings["description"]
        assert {argument.name for argument in metric.arguments} <= set(settings["properties"])


def test_the_reference_names_every_key_of_the_schema() -> None:
    page = suite_reference()
    keys = {key for each in suite_schema()["$defs"].values() for key in each.get("properties", {})}
    assert {key for key in keys if f"`{key}`" not in page} == set()


def test_every_key_has_its_meaning() -> None:
    rows = [line for line in suite_reference().splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.endswith(("|  |", "| |"))] == []


def test_the_metrics_of_the_offline_judge_are_in_the_catalogue() -> None:
    assert {name for name in OFFLINE_METRICS if catalogue().get(name) is None} == set()
