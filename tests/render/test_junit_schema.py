"""JUnit XML as the schema of Jenkins' xUnit plugin (junit-10.xsd) has it, which GitLab's and GitHub's readers share.

The rules are the schema's, in our words: elements with their attributes and children. No package brings the file itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings

from evalfactory.records.measurement import Slot
from hostile_given import TRICKS, poisoned_report, recorded
from report_given import Told, told
from results_given import errored
from whole_junit import junit

TOLD, INCOMPLETE = told(), told(whole=False, offline=False, compared=False)
EVERYTHING = "".join(c for c in "".join(TRICKS) if not "\ud800" <= c <= "\udfff")
_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")


class Rule(NamedTuple):
    required: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()


def rule(required: str = "", allowed: str = "", children: str = "") -> Rule:
    return Rule(frozenset(required.split()), frozenset(f"{required} {allowed}".split()), frozenset(children.split()))


SCHEMA = {
    "testsuites": rule(allowed="name time tests failures errors", children="testsuite"),
    "testsuite": rule(
        "name tests failures errors",
        "group time skipped timestamp hostname id package file log url",
        "testsuite properties testcase system-out system-err",
    ),
    "properties": rule(children="property"),
    "property": rule("name value"),
    "testcase": rule(
        "name",
        "time classname group",
        "skipped error failure rerunFailure rerunError flakyFailure flakyError system-out system-err",
    ),
    "failure": rule(allowed="type message"),
    "error": rule(allowed="type message"),
    "skipped": rule(allowed="type message"),
}


def breaches(text: str) -> Iterator[str]:
    """What the schema does not allow."""
    root = ElementTree.fromstring(text)
    if root.tag != "testsuites":
        yield f"the root is {root.tag}"
    for element in root.iter():
        known = SCHEMA[element.tag]
        attributes = set(element.attrib)
        yield from (f"{element.tag} lacks {name}" for name in known.required - attributes)
        yield from (f"{element.tag} has {name}" for name in attributes - known.allowed)
        yield from (f"{child.tag} in {element.tag}" for child in element if child.tag not in known.children)
        if element.tag in ("testsuites", "testsuite") and not _TIME.fullmatch(element.attrib.get("time", "")):
            yield f"time {element.attrib['time']}"


def written(given_run: Told) -> str:
    return junit(given_run.report, given_run.entries)


@pytest.mark.parametrize("given_run", [TOLD, INCOMPLETE], ids=["whole", "incomplete"])
def test_the_file_is_what_the_common_schema_allows(given_run: Told) -> None:
    assert list(breaches(written(given_run))) == []
    long = given_run._replace(report=given_run.report.model_copy(update={"wall_s": 1234567.8912}))
    assert list(breaches(written(long))) == []


def test_the_check_itself_sees_what_the_schema_does_not_allow() -> None:
    text = written(TOLD)
    assert list(breaches(text.replace('errors="0"', "", 1))) == ["testsuite lacks errors"]
    assert list(breaches(text.replace("<testsuites ", '<testsuites skipped="2" '))) == ["testsuites has skipped"]
    assert list(breaches(text.replace("<testcase ", '<testcase file="x" ', 1))) == ["testcase has file"]


@settings(max_examples=30)
@given(recorded)
@example(EVERYTHING)
@example("".join(map(chr, range(0x20))) + "\x7f\x85\ufffe\uffff]]><!--&amp;'\"")
def test_whatever_is_in_a_case_the_file_is_well_formed_and_as_the_schema_allows(text: str) -> None:
    slot = Slot(f"{text}id{text}", TOLD.report.metrics[0].name)
    entries = (*TOLD.entries, slot, errored(slot, "server", text))
    report = poisoned_report(TOLD.report, text).model_copy(update={"metrics": TOLD.report.metrics})
    assert list(breaches(junit(report, entries))) == []
    tests = len(entries) + len(report.verdict.checks)
    assert len(list(ElementTree.fromstring(junit(report, entries)).iter("testcase"))) == tests
