"""What holds for every suite and for every text."""

from __future__ import annotations

from functools import cache

import yaml
from hypothesis import given
from hypothesis import strategies as st
from suite_samples import FIVE_LINES, HALUEVAL
from suite_strategies import JSON_VALUES, TEXTS, suites

from evalfactory.catalogue import catalogue
from evalfactory.errors import InputError
from evalfactory.records.suite import Suite
from evalfactory.suites import parse_suite
from evalfactory.suites.starter import starter_files
from evalfactory.suites.writing import suite_yaml


@given(suites())
def test_a_suite_written_down_and_read_again_is_the_same_suite(suite: Suite) -> None:
    assert parse_suite(suite_yaml(suite), file="suite.yaml") == suite
    assert Suite.model_validate_json(suite.to_json()) == suite


def _read(text: str) -> None:
    """A suite, or one error with problems; anything else fails the test."""
    problems = None
    try:
        parse_suite(text, file="suite.yaml")
    except InputError as error:
        problems = error.problems
    assert problems is None or problems
    assert all(str(problem).isprintable() for problem in problems or ())


@given(st.text())
def test_any_text_is_a_suite_or_an_input_error(text: str) -> None:
    _read(text)


@cache
def _good_texts() -> tuple[str, ...]:
    return FIVE_LINES, HALUEVAL, starter_files()["suite.yaml"].replace("\n# ", "\n")


PIECES = st.sampled_from(["\t", "- ", ": ", "{", "}", "[", "]", "&a ", "*a", "!!", "!x ", "<<: ", "|\n", "'", '"', "#", "\n", "? ", "---\n", "no", "~", ".nan", "0777", "\x00", "\ud800", "\u2028"])  # fmt: skip


@given(st.data())
def test_any_suite_with_a_slip_of_the_hand_is_a_suite_or_an_input_error(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(_good_texts()))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + data.draw(PIECES | st.just("")) + text[end:]
    _read(text)


@given(st.dictionaries(st.sampled_from(list(Suite.model_fields)) | TEXTS, JSON_VALUES, max_size=9))
def test_any_values_under_the_known_keys_are_a_suite_or_an_input_error(values: dict[str, object]) -> None:
    _read(yaml.safe_dump(values, allow_unicode=True))


@given(st.lists(st.dictionaries(st.sampled_from([each.name for each in catalogue().metrics]), JSON_VALUES, max_size=2) | JSON_VALUES, max_size=4))  # fmt: skip
def test_any_metrics_are_metrics_or_an_input_error(metrics: list[object]) -> None:
    _read(FIVE_LINES.splitlines()[0] + "\n" + yaml.safe_dump({"metrics": metrics}, allow_unicode=True))
