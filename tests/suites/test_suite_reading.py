"""What a suite's text means."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from suite_samples import FIVE_LINES, HALUEVAL, suite_of

from evalfactory.errors import InputError, UsageError
from evalfactory.records.suite import (
    DEFAULT_TIERS,
    ChatTarget,
    DatasetSpec,
    HttpTarget,
    JudgeSpec,
    MetricSpec,
    PythonTarget,
    Suite,
    TierSpec,
)
from evalfactory.suites import load_suite, parse_suite

OFFLINE = JudgeSpec(kind="offline", model="offline")


def _judge(text: str) -> JudgeSpec:
    return suite_of(judge=text).judge


def _metric(text: str) -> MetricSpec:
    return suite_of(judge="{model: m, base_url: 'http://judge/v1'}", metrics=f"[{text}]").metrics[0]


def test_five_lines_are_a_suite() -> None:
    assert parse_suite(FIVE_LINES, file="suite.yaml") == Suite(
        name="support-bot",
        dataset=DatasetSpec(path="cases.jsonl"),
        judge=OFFLINE,
        metrics=(
            MetricSpec(name="answer_relevancy", type="answer_relevancy"),
            MetricSpec(name="faithfulness", type="faithfulness"),
        ),
    )


def test_a_suite_with_everything_means_what_it_says() -> None:
    suite = parse_suite(HALUEVAL, file="suite.yaml")
    assert suite.dataset.fields == {
        "input": "question", "actual_output": "right_answer", "retrieval_context": "knowledge",
    }  # fmt: skip
    assert suite.judge == JudgeSpec(
        model="qwen3-32b",
        base_url="http://judge:8000/v1",
        api_key_env="JUDGE_API_KEY",
        timeout_s=60,
        max_in_flight=200,
        requests_per_minute=6000,
    )
    assert [(metric.name, metric.type, metric.threshold) for metric in suite.metrics] == [
        ("answer_relevancy", "answer_relevancy", None),
        ("faithfulness", "faithfulness", 0.8),
        ("politeness", "geval", None),
    ]
    assert suite.metrics[2].args == {"criteria": "…", "evaluation_params": ["input", "actual_output"]}
    assert {name: tier.count for name, tier in suite.tiers.items()} == {"smoke": 20, "regression": 500, "full": 5000}
    assert suite.store == ".evalfactory"


@pytest.mark.parametrize("text", ["offline", "{kind: offline}", "{kind: offline, model: offline}", '"offline"'])
def test_the_offline_judge_can_be_written_in_several_ways(text: str) -> None:
    assert _judge(text) == OFFLINE


def test_the_offline_judge_takes_limits() -> None:
    assert _judge("{kind: offline, max_in_flight: 3}") == OFFLINE.model_copy(update={"max_in_flight": 3})


def test_openais_own_address_reads_openais_own_variable() -> None:
    assert _judge("{model: gpt-4o}").api_key_env == "OPENAI_API_KEY"
    assert _judge("{model: gpt-4o, base_url: 'https://api.openai.com/v1'}").api_key_env == "OPENAI_API_KEY"
    assert _judge("{model: gpt-4o, api_key_env: TEAM_KEY}").api_key_env == "TEAM_KEY"
    assert _judge("{model: gpt-4o, api_key_env: null}").api_key_env is None
    assert _judge("{model: gpt-4o, base_url: 'http://judge/v1'}").api_key_env is None


def test_azure_is_written_with_a_query_and_a_header_from_the_environment() -> None:
    judge = _judge(
        "{model: m, base_url: 'https://a/v1', query: {api-version: 2024-06-01}, headers: {api-key: '${KEY}'}}"
    )
    assert judge.query == {"api-version": "2024-06-01"}
    assert judge.headers == {"api-key": "${KEY}"}


def test_a_model_that_refuses_a_temperature_gets_none() -> None:
    assert _judge("{model: m, temperature: null}").temperature is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{url: 'http://bot/ask'}", HttpTarget),
        ("{kind: http, url: 'http://bot/ask'}", HttpTarget),
        ("{model: m, prompt: answer.txt}", ChatTarget),
        ("{python: 'bot.app:answer'}", PythonTarget),
    ],
)
def test_a_target_is_told_by_its_key(text: str, kind: type) -> None:
    target = suite_of(target=text).target
    assert type(target) is kind


def test_a_targets_request_is_any_value() -> None:
    target = suite_of(target="{url: 'http://bot', request: {q: '{{input}}', n: [1, 2.5, true, null]}}").target
    assert isinstance(target, HttpTarget)
    assert target.request == {"q": "{{input}}", "n": [1, 2.5, True, None]}


def test_a_metrics_other_keys_are_its_arguments() -> None:
    metric = _metric("faithfulness: {threshold: 1, truths_extraction_limit: 3, name: facts}")
    assert metric == MetricSpec(name="facts", type="faithfulness", threshold=1, args={"truths_extraction_limit": 3})


def test_a_metric_may_have_no_settings_below_its_name() -> None:
    assert _metric("{faithfulness: }") == MetricSpec(name="faithfulness", type="faithfulness")


def test_a_metric_of_ones_own_takes_any_argument_and_any_threshold() -> None:
    metric = _metric("'mine.metrics:Politeness': {threshold: 7, version: '2', judge: offline, words: [a, b]}")
    assert metric == MetricSpec(
        name="mine.metrics:Politeness",
        type="mine.metrics:Politeness",
        threshold=7,
        version="2",
        judge=OFFLINE,
        args={"words": ["a", "b"]},
    )


def test_a_metric_that_asks_no_judge_works_offline() -> None:
    assert suite_of(metrics="[exact_match]").metrics[0].type == "exact_match"


def test_a_metric_with_a_judge_of_its_own_may_stand_beside_the_offline_judge() -> None:
    [metric] = suite_of(metrics="[bias: {judge: {model: gpt-4o}}]").metrics
    assert metric.judge == JudgeSpec(model="gpt-4o", api_key_env="OPENAI_API_KEY")


def test_one_metric_can_be_used_twice_under_two_names() -> None:
    suite = suite_of(metrics="[faithfulness, faithfulness: {name: strictly, threshold: 1.0}]")
    assert [metric.name for metric in suite.metrics] == ["faithfulness", "strictly"]


def test_own_tiers_are_added_to_the_usual_ones() -> None:
    suite = suite_of(tiers="{smoke: 5, mine: {count: 100}, everything: all}")
    assert suite.tiers == DEFAULT_TIERS | {
        "smoke": TierSpec(count=5, on_inconclusive="pass"), "mine": TierSpec(count=100), "everything": TierSpec(count="all"),
    }  # fmt: skip


def test_the_fields_of_other_peoples_files_are_named_in_our_words() -> None:
    fields = "{actualOutput: answer, metadata.topic: subject, expected_output: truth.text}"
    suite = suite_of(dataset=f"{{path: x.csv, fields: {fields}}}")
    assert suite.dataset.fields == {
        "actualOutput": "answer", "metadata.topic": "subject", "expected_output": "truth.text",
    }  # fmt: skip


@pytest.mark.parametrize("section", ["gate", "execution", "target", "tiers"])
def test_a_heading_with_nothing_below_it_is_no_section(section: str) -> None:
    assert suite_of(**{section: ""}) == suite_of()


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_bytes(b"\xef\xbb\xbf" + FIVE_LINES.replace("\n", "\r\n").encode())
    assert load_suite(tmp_path / "suite.yaml").suite == parse_suite(FIVE_LINES, file="suite.yaml")


def test_lines_are_counted_right_with_windows_line_ends() -> None:
    with pytest.raises(InputError) as caught:
        parse_suite(FIVE_LINES.replace("\n", "\r\n") + "flavour: vanilla\r\n", file="suite.yaml")
    assert caught.value.problems[0].line == 5


def test_names_of_every_script_are_names() -> None:
    for name in ("サポート窓口", "поддержка", "दावत", "العربية", "support_bot-2.1"):
        assert suite_of(name=name).name == name


def test_dates_and_times_stay_the_texts_they_are() -> None:
    suite = suite_of(dataset="{path: x.csv, must_run: {tags: [2024-01-31, 12:30, 12:30:45]}}")
    assert suite.dataset.must_run.tags == ("2024-01-31", "12:30", "12:30:45")


@pytest.mark.parametrize(
    ("written", "meant"), [("1e1", 10), ("0.5e+1", 5), ("+3", 3), ("1_000", 1000), ("0x10", 16), (".5", 0.5), ("7.", 7)]
)
def test_numbers_are_what_they_look_like(written: str, meant: float) -> None:
    assert suite_of(execution=f"{{deadline_s: {written}}}").execution.deadline_s == meant


def test_an_anchor_saves_writing_a_judge_twice() -> None:
    judge = "&judge {model: m, base_url: 'http://judge/v1', max_in_flight: 3}"
    metrics = "[faithfulness, bias: {judge: {<<: *judge, model: larger}}]"
    suite = suite_of(judge=judge, metrics=metrics)
    assert suite.metrics[1].judge == suite.judge.model_copy(update={"model": "larger"})


def test_a_file_with_more_problems_than_anyone_reads_lists_the_first_hundred() -> None:
    with pytest.raises(InputError) as caught:
        parse_suite(FIVE_LINES + "".join(f"wrong{number}: 1\n" for number in range(300)), file="suite.yaml")
    assert "300 problems" in caught.value.message
    assert len(caught.value.problems) == 101
    assert str(caught.value.problems[-1]) == "suite.yaml: and 200 more"


# files


def _written(folder: Path, text: str = FIVE_LINES) -> Path:
    path = folder / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_stands_for_its_suite_yaml(tmp_path: Path) -> None:
    path = _written(tmp_path)
    loaded = load_suite(tmp_path)
    assert (loaded.path, loaded.folder) == (path, tmp_path)
    assert loaded == load_suite(path)


def test_a_suite_that_is_not_there_is_said_with_the_one_beside_it(tmp_path: Path) -> None:
    _written(tmp_path)
    with pytest.raises(InputError, match=r"there is no suite .*suit\.yaml\n  try: .*suite\.yaml"):
        load_suite(tmp_path / "suit.yaml")
    with pytest.raises(InputError, match="evalfactory init"):
        load_suite(tmp_path / "nowhere" / "suite.yaml")


def test_a_pipe_is_no_suite(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "suite.yaml")
    with pytest.raises(InputError, match="is no file"):
        load_suite(tmp_path / "suite.yaml")


def test_the_digest_is_of_what_a_suite_means_not_of_how_it_is_written(tmp_path: Path) -> None:
    first = load_suite(_written(tmp_path)).digest
    same = FIVE_LINES.replace("judge: offline", "judge:\n  kind: offline # the same") + "store: .evalfactory\n"
    assert load_suite(_written(tmp_path, same)).digest == first
    assert load_suite(_written(tmp_path, FIVE_LINES + "store: elsewhere\n")).digest != first


# overrides


def test_options_are_laid_over_the_file(tmp_path: Path) -> None:
    path = _written(tmp_path)
    overrides = {"store": "s3://bucket/runs", "execution.workers": 7, "dataset.seed": 3, "judge.max_in_flight": 2}
    loaded = load_suite(path, overrides=overrides | {"gate.baseline": None})
    assert loaded.suite.store == "s3://bucket/runs"
    assert loaded.suite.execution.workers == 7
    assert loaded.suite.dataset == DatasetSpec(path="cases.jsonl", seed=3)
    assert loaded.suite.judge == OFFLINE.model_copy(update={"max_in_flight": 2})
    assert loaded.digest != load_suite(path).digest


def test_no_options_change_nothing(tmp_path: Path) -> None:
    assert load_suite(_written(tmp_path), overrides={"store": None}) == load_suite(_written(tmp_path))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("execution.workers", 0, r"execution\.workers: must be a whole number above 0; it is the number 0"),
        ("execution.wrokers", 1, r"execution\.wrokers: unknown key\n  try: nearest known key: workers"),
        ("store", "", "store: must be a text that is not empty"),
        ("tiers.mine", "few", r"tiers\.mine: must be a whole number above 0, or `all`"),
    ],
)
def test_an_option_that_does_not_fit_is_the_command_lines_error(
    tmp_path: Path, key: str, value: object, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        load_suite(_written(tmp_path), overrides={key: value})


def test_reading_suites_loads_nothing_heavy() -> None:
    code = "import sys, evalfactory.suites; print(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"deepeval", "aiohttp", "asyncio", "obstore", "rich", "pyarrow", "jsonschema", "zstandard"}
    assert heavy.isdisjoint(run.stdout.split())
