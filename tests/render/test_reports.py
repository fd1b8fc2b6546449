"""What people read, against golden files. Write them anew, and look at them, with `UPDATE_GOLDEN=1 pytest tests/render`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from markdown_it import MarkdownIt
from rich.cells import cell_len
from test_safe import is_quiet

from evalfactory.records.measurement import Measurement, Slot
from evalfactory.records.report import BaselineInfo, GateCheck, Outcome, Report
from evalfactory.render.comment import Around, comment
from evalfactory.render.compared import comparison_markdown, comparison_terminal
from evalfactory.render.machine import summary_json
from evalfactory.render.markdown import markdown
from evalfactory.render.slack import slack_blocks
from evalfactory.render.terminal import terminal
from evalfactory.settings import environment
from hostile_given import TRICKS, poisoned_comparison, poisoned_report, recorded
from report_given import FAITHFULNESS, METRICS, OFFLINE, Told, told
from whole_junit import junit

GOLDEN = Path(__file__).parent / "golden"
PLACE = ".evalfactory/support-bot/runs/20261123-063412-k3f9/report"
TOLD = told()
AROUND = Around(TOLD.report.regressions, 4, "https://ci.test/7", [("run it again", "evalfactory run suite.yaml")])
INCOMPLETE = told(whole=False, offline=False, compared=False)
EVERYTHING = "".join(c for c in "".join(TRICKS) if not "\ud800" <= c <= "\udfff")


def on_a_terminal(given: Told, width: int) -> str:
    return terminal(given.report, width=width, color=False, place=PLACE)


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("terminal-80.txt", lambda: on_a_terminal(TOLD, 80)),
        ("terminal-120.txt", lambda: on_a_terminal(TOLD, 120)),
        ("terminal-incomplete-80.txt", lambda: on_a_terminal(INCOMPLETE, 80)),
        ("report.md", lambda: markdown(TOLD.report)),
        ("report-incomplete.md", lambda: markdown(INCOMPLETE.report)),
        ("comment.md", lambda: comment(TOLD.report, AROUND)),
        ("slack.json", lambda: json.dumps(slack_blocks(TOLD.report, AROUND), ensure_ascii=False, indent=1) + "\n"),
        ("junit.xml", lambda: junit(TOLD.report, TOLD.entries)),
        ("comparison-80.txt", lambda: comparison_terminal(TOLD.comparison, width=80, color=False)),
        ("comparison.md", lambda: comparison_markdown(TOLD.comparison)),
    ],
)
def test_reports_look_as_they_did(name: str, render: Callable[[], str]) -> None:
    golden = GOLDEN / name
    if environment().get("UPDATE_GOLDEN"):
        golden.write_bytes(render().encode())
    assert render() == golden.read_bytes().decode()


@pytest.mark.parametrize("width", [40, 55, 56, 71, 72, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for given_run in (TOLD, INCOMPLETE):
        assert max(cell_len(line) for line in on_a_terminal(given_run, width).splitlines()) <= width
    compared = comparison_terminal(TOLD.comparison, width=width, color=False)
    assert max(cell_len(line) for line in compared.splitlines()) <= width


def test_colour_changes_nothing_but_colours() -> None:
    coloured = terminal(TOLD.report, width=80, color=True, place=PLACE)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert coloured != bare
    assert [line.rstrip() for line in bare.splitlines()] == on_a_terminal(TOLD, 80).splitlines()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_mark_of_a_repeat_is_seen_however_long_the_metrics_name_is(width: int) -> None:
    worst = TOLD.report.worst[0].model_copy(update={"repeat": 11, "metric": "the_politeness_of_everything_said " * 3})
    report = TOLD.report.model_copy(update={"worst": (worst,), "regressions": ()})
    assert " #12\n" in terminal(report, width=width, color=False)
    assert " #12\n" in markdown(report).replace("\u200b", "")  # which keeps it from becoming a link to an issue


def test_a_quick_look_is_not_called_by_its_tier() -> None:
    look = TOLD.report.model_copy(update={"selection": "case refund-03"})
    for seen in (terminal(look, width=80, color=False), markdown(look), junit(look, TOLD.entries)):
        assert "a quick look" in seen
        assert "regression ·" not in seen


@settings(max_examples=15, deadline=None)
@given(recorded)
@example(EVERYTHING)
def test_no_text_of_a_report_gets_out_of_its_place_on_a_terminal(text: str) -> None:
    report = poisoned_report(TOLD.report, text)
    seen = terminal(report, width=60, color=False, place=PLACE + text)
    seen += comparison_terminal(poisoned_comparison(TOLD.comparison, text), width=60, color=False)
    for line in seen.split("\n"):
        assert is_quiet(line)
        assert cell_len(line) <= 60
        assert line.count("\u2068") == line.count("\u2069")
    coloured = terminal(report, width=60, color=True)
    assert is_quiet(re.sub(r"\x1b\[[0-9;]*m", "", coloured).replace("\n", ""))


def tables(kinds: list[str]) -> list[list[int]]:
    """The cells of every row of every table."""
    found: list[list[int]] = []
    for kind in kinds:
        if kind == "table_open":
            found.append([])
        elif kind == "tr_open":
            found[-1].append(0)
        elif kind in ("th_open", "td_open"):
            found[-1][-1] += 1
    return found


@settings(max_examples=15, deadline=None)
@given(recorded)
@example(EVERYTHING)
def test_no_text_of_a_report_makes_markup_rows_or_links(text: str) -> None:
    own = {"<details>", "<details open>", "</details>", "<br>"}
    for source, slices in (
        (markdown(poisoned_report(TOLD.report, text)), TOLD.report.slices),
        (comparison_markdown(poisoned_comparison(TOLD.comparison, text)), TOLD.comparison.slices),
    ):
        parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)
        flat = [inner for token in parsed for inner in (token, *(token.children or ()))]
        kinds = [token.type for token in flat]
        assert not {"link_open", "image", "s_open", "em_open", "fence", "code_block", "hr"}.intersection(kinds)
        assert [len(rows) for rows in tables(kinds)] == [1 + len(METRICS), 1 + len(slices)]
        assert all(len(set(rows)) == 1 for rows in tables(kinds))
        for token in flat:
            if token.type == "html_block":
                lines = token.content.strip().splitlines()
                assert all(line in own or line.startswith("<summary>") for line in lines)
            elif token.type == "html_inline":
                assert token.content in own


@settings(max_examples=15, deadline=None)
@given(recorded)
@example(EVERYTHING)
def test_no_text_of_a_report_breaks_the_xml(text: str) -> None:
    report = poisoned_report(TOLD.report, text)
    entries = [poison(entry, text) for entry in TOLD.entries]
    root = ElementTree.fromstring(junit(report, entries))
    assert len(root.findall("testsuite/testcase")) == len(entries) + len(report.verdict.checks)


def poison(entry: Measurement | Slot, text: str) -> Measurement | Slot:
    if isinstance(entry, Slot):
        return Slot(text + entry.case_id + text, text + entry.metric + text, entry.repeat)
    changes = {"case_id": text + entry.case_id + text, "metric": text + entry.metric + text, "reason": text}
    return entry.model_copy(update=changes)


@pytest.mark.parametrize("given_run", [TOLD, INCOMPLETE], ids=["whole", "incomplete"])
def test_junit_has_every_planned_slot_once_and_its_counts_add_up(given_run: Told) -> None:
    whole = ElementTree.fromstring(junit(given_run.report, given_run.entries))
    assert [suite.attrib["name"] for suite in whole.findall("testsuite")] == ["gate", *METRICS]
    for name in ("tests", "failures", "errors"):
        assert int(whole.attrib[name]) == sum(int(suite.attrib[name]) for suite in whole.findall("testsuite"))
    no_rules = given_run.report.verdict.model_copy(update={"checks": ()})
    report = given_run.report.model_copy(update={"verdict": no_rules})
    root = ElementTree.fromstring(junit(report, given_run.entries))
    counts = report.counts
    assert int(root.attrib["tests"]) == counts.planned == len(root.findall("testsuite/testcase"))
    assert (
        int(root.attrib["errors"]) == counts.errored + counts.missing == len(root.findall("testsuite/testcase/error"))
    )
    skipped = sum(int(suite.attrib["skipped"]) for suite in root.findall("testsuite"))
    assert skipped == counts.skipped == len(root.findall("testsuite/testcase/skipped"))
    assert int(root.attrib["failures"]) == len(root.findall("testsuite/testcase/failure"))
    for suite in root.findall("testsuite"):
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))


RULED: list[tuple[Outcome, Outcome | None, Outcome, str | None]] = [
    ("FAIL", None, "FAIL", "failure"),
    ("FAIL", None, "PASS", None),
    ("FAIL", None, "INCONCLUSIVE", "error"),
    ("PASS", None, "PASS", None),
    ("INCONCLUSIVE", None, "INCONCLUSIVE", "error"),
    ("INCONCLUSIVE", "FAIL", "INCONCLUSIVE", "failure"),
    ("INCONCLUSIVE", "PASS", "INCONCLUSIVE", "skipped"),
    ("INCOMPLETE", None, "INCOMPLETE", "error"),
]


@pytest.mark.parametrize(("verdict", "taken_as", "rule", "element"), RULED)
def test_a_rule_that_fails_the_build_is_red_and_one_that_is_let_pass_is_skipped(
    verdict: Outcome, taken_as: Outcome | None, rule: Outcome, element: str | None
) -> None:
    check = GateCheck(rule="drop", metric="m", outcome=rule, wanted="a drop excluded", seen="<−0.2>")
    told_as = TOLD.report.verdict.model_copy(update={"outcome": verdict, "taken_as": taken_as, "checks": (check,)})
    root = ElementTree.fromstring(junit(TOLD.report.model_copy(update={"verdict": told_as}), TOLD.entries))
    (case,) = root.findall("testsuite[@name='gate']/testcase")
    assert case.attrib["name"] == "m against the baseline"
    assert [child.tag for child in case] == ([element] if element else [])
    for child in case:
        assert "<−0.2>, wanted a drop excluded" in child.attrib["message"]
        assert ("exit code 0: the tier" in child.attrib["message"]) is (element == "skipped")


def test_every_rule_has_a_test_with_a_name_of_its_own() -> None:
    check = GateCheck(rule="must_run", case_id="c", metric="m", outcome="FAIL", wanted="w", seen="s")
    speed = [GateCheck(rule="target", outcome="PASS", wanted=wanted, seen="1 s") for wanted in ("p50", "p95")]
    verdict = TOLD.report.verdict.model_copy(update={"checks": (check, check, *speed)})
    root = ElementTree.fromstring(junit(TOLD.report.model_copy(update={"verdict": verdict}), TOLD.entries))
    names = [case.attrib["name"] for case in root.findall("testsuite[@name='gate']/testcase")]
    assert names == ["c · m (must-run)", "c · m (must-run) #2", "target: p50", "target: p95"]


def test_a_failed_slot_is_a_failure_an_errored_one_an_error_and_a_skipped_one_skipped() -> None:
    root = ElementTree.fromstring(junit(TOLD.report, TOLD.entries))

    def case(metric: str, name: str) -> ElementTree.Element:
        found = root.find(f"testsuite[@name='{metric}']/testcase[@name='{name}']")
        assert found is not None
        return found

    failure = case(FAITHFULNESS, "refund-017").find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "score 0.250, wanted at least 0.800"
    assert (failure.text or "").startswith("The score is 0.25")
    error = case(METRICS[2], "account-06").find("error")
    assert error is not None
    assert error.attrib["type"] == "bad_json"
    skipped = case(FAITHFULNESS, "delivery-05").find("skipped")
    assert skipped is not None
    assert list(case(METRICS[0], "refund-017")) == []


def every_rendering(report: Report) -> list[str]:
    texts = [terminal(report, width=120, color=False), markdown(report), junit(report, TOLD.entries)]
    return [re.sub(r"\s+", " ", text) for text in texts]


def test_notes_such_as_the_offline_judge_are_in_every_rendering() -> None:
    for text in every_rendering(TOLD.report):
        assert OFFLINE in text
    for text in every_rendering(TOLD.report.model_copy(update={"notes": ()})):
        assert OFFLINE not in text


def test_the_offline_note_stands_before_the_first_score() -> None:
    text = on_a_terminal(TOLD, 120)
    assert text.index("offline judge") < text.index("threshold")
    text = markdown(TOLD.report)
    assert text.index("offline judge") < text.index("threshold")


def test_a_missing_baseline_is_said_and_is_no_reason() -> None:
    text = on_a_terminal(INCOMPLETE, 80)
    assert "There is no baseline named main yet" in text
    assert "baseline" not in " ".join(check.rule for check in INCOMPLETE.report.verdict.checks)
    asked_for_none = INCOMPLETE.report.model_copy(update={"baseline": None})
    assert "baseline" not in terminal(asked_for_none, width=80, color=False)


def test_the_json_summary_has_the_documented_keys_in_their_order() -> None:
    summary = json.loads(json.dumps(summary_json(TOLD.report, place=PLACE)))
    assert list(summary) == [
        "run_id", "suite", "tier", "verdict", "report", "planned", "scored", "errored", "skipped", "missing", "reused",
        "results_digest", "judge", "wall_s",
    ]  # fmt: skip
    assert list(summary["judge"]) == ["calls", "input_tokens", "output_tokens", "cost_usd"]
    assert summary["planned"] == sum(summary[state] for state in ("scored", "errored", "skipped", "missing"))
    assert summary["report"] == PLACE


def test_a_run_that_passes_says_so_without_reasons() -> None:
    report = TOLD.report
    checks = tuple(check.model_copy(update={"outcome": "PASS"}) for check in report.verdict.checks)
    passed = report.model_copy(
        update={"verdict": report.verdict.model_copy(update={"outcome": "PASS", "checks": checks})}
    )
    assert "✓ every rule of the gate is met" in terminal(passed, width=80, color=False)
    assert "> [!TIP]" in markdown(passed)


def test_many_reasons_are_cut_to_the_first_and_counted() -> None:
    check = TOLD.report.verdict.reasons[0]
    many = TOLD.report.verdict.model_copy(update={"checks": (check,) * 30})
    text = terminal(TOLD.report.model_copy(update={"verdict": many}), width=80, color=False)
    assert "and 22 more reasons" in text
    assert "30 reasons" in text


def test_a_comparison_without_pairs_says_that_there_is_none() -> None:
    alone = TOLD.comparison.model_copy(update={"baseline": BaselineInfo(asked="main"), "regressions": ()})
    assert "no comparison with main" in comparison_terminal(alone, width=80, color=False)
    assert "no comparison with main" in comparison_markdown(alone)


def test_the_longest_markdown_report_fits_into_a_comment() -> None:
    case = TOLD.report.regressions[0]
    long = "The answer says what the context does not. " * 200
    texts = {
        "input": long,
        "actual_output": long,
        "reason": long,
        "baseline_reason": long,
        "retrieval_context": (long,) * 9,
    }
    full = (case.model_copy(update=texts),) * 100
    slices = tuple(TOLD.report.slices[0].model_copy(update={"value": long, "metric": long}) for _ in range(140))
    lists = {
        "slices": slices,
        "worst": full,
        "regressions": full,
        "errored": full,
        "must_run": full,
        "must_run_unmet": 100,
    }
    assert len(markdown(TOLD.report.model_copy(update=lists))) < 65_536


def test_a_pass_without_a_rule_about_any_score_says_so() -> None:
    complete, unscored, floor = (
        TOLD.report.verdict.checks[0].model_copy(update={"outcome": "PASS", "rule": rule})
        for rule in ("complete", "scored", "mean")
    )
    for checks, hollow in (((complete, unscored), True), ((complete, unscored, floor), False)):
        verdict = TOLD.report.verdict.model_copy(update={"outcome": "PASS", "checks": checks})
        report = TOLD.report.model_copy(update={"verdict": verdict})
        for text in (markdown(report), comment(report, AROUND), terminal(report, width=100, color=False)):
            assert ("none of them is about a score" in text) == hollow
