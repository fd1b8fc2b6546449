from __future__ import annotations

import json
import re

import pytest

from command_line import Desk, Ran

#: A title change, a cleared screen, a one-byte CSI, a reordering, an invisible tag, markup of rich and of browsers.
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnirts\u202c\U000e0041\x7f [red]bold[/red] <script>alert(1)</script> | @all"
#: What a dataset takes for an id: all but controls.
EVIL_ID = "\u202egnirts\u202c\U000e0041 [red]bold[/red] <script>alert(1)</script> | @all"
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\U000e0000-\U000e007f]")

CASES = [
    {
        "id": f"{EVIL_ID}-{number}",
        "input": f"What is {EVIL}?",
        "actual_output": f"{EVIL}. Leather gloves cost ninety dollars in winter.",
        "retrieval_context": [f"{EVIL} is a text."],
        "tags": [EVIL],
        "metadata": {EVIL: EVIL},
    }
    for number in range(2)
]


def harmless(ran: Ran) -> bool:
    return not OBEYED.search(ran.out) and not OBEYED.search(ran.err)


@pytest.fixture(scope="module")
def evil_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("evil"))
    desk.cases(*CASES)
    desk.suite(gate={"metrics": {"faithfulness": {"mean": 0.9}}})
    assert desk.run("--run-id", "evil")["verdict"] == "FAIL"
    desk("bless", "evil", "--name", "main")
    return desk


@pytest.mark.parametrize(
    "line",
    [
        "run suite.yaml --baseline main", "run suite.yaml --json", "plan suite.yaml", "runs", "status evil",
        "report evil", "report evil --format markdown", "report evil --format junit", "report evil --json",
        "collect evil", "verify evil", "verify evil --json", "compare evil main", "compare evil main --json",
        "resume evil", "retry evil --errored",
    ],
)  # fmt: skip
def test_no_command_lets_a_cases_text_command_the_terminal(evil_desk: Desk, line: str) -> None:
    ran = evil_desk(*line.split())
    assert ran.code in (0, 10, 64)
    assert ran.out or ran.err
    assert harmless(ran)


@pytest.mark.parametrize(
    "argv",
    [
        ("explain", CASES[0]["id"]),
        ("explain", CASES[0]["id"], "--json"),
        ("explain", CASES[0]["id"], "--recorded"),
        ("explain", CASES[0]["id"], "--metric", EVIL),
        ("explain", EVIL),
        ("run", "suite.yaml", "--case", EVIL),
        ("run", "suite.yaml", "--case", EVIL, "--json"),
        ("run", "suite.yaml", "--case", CASES[1]["id"]),
        ("run", "suite.yaml", "--filter", EVIL),
        ("run", "suite.yaml", "--filter", f"tags={EVIL}"),
        ("run", "suite.yaml", "--filter", f"{EVIL}=1"),
        ("run", "suite.yaml", "--tier", EVIL),
        ("run", "suite.yaml", "--baseline", EVIL),
        ("run", "suite.yaml", "--run-id", EVIL),
        ("run", EVIL),
        ("plan", "suite.yaml", "--case", CASES[1]["id"]),
        ("status", EVIL),
        ("compare", "evil", EVIL),
        ("bless", "evil", "--name", EVIL),
        ("metrics", EVIL),
        ("runs", "--store", EVIL.replace("/", "")),
        (EVIL,),
        ("run", "suite.yaml", f"--{EVIL}"),
        ("report", "--format", EVIL),
    ],
)  # fmt: skip
def test_words_of_the_command_line_and_ids_come_back_harmless(evil_desk: Desk, argv: tuple[str, ...]) -> None:
    ran = evil_desk(*argv)
    assert ran.code in (0, 10, 64, 65, 69)
    assert ran.out or ran.err
    assert harmless(ran)


def test_what_json_says_is_what_the_dataset_says(evil_desk: Desk) -> None:
    explained = evil_desk("explain", str(CASES[0]["id"]), "--recorded", "--json").json
    assert explained["case"]["input"] == CASES[0]["input"]
    assert explained["case"]["metadata"] == {EVIL: EVIL}


def test_a_dataset_that_is_refused_is_quoted_harmlessly(new_desk: Desk) -> None:
    new_desk.cases({"id": EVIL, "input": "a", "actual_output": "b"}, {"id": EVIL, "input": 7, EVIL: 1})
    ran = new_desk("run", "suite.yaml", "--json")
    assert ran.code == 65
    assert harmless(ran)
    assert ran.json["error"]["problems"]


def test_a_case_that_lacks_a_field_is_named_harmlessly(new_desk: Desk) -> None:
    new_desk.cases({"id": EVIL_ID, "input": "a", "actual_output": "b"})
    ran = new_desk("run", "suite.yaml")
    assert ran.code == 65
    assert "retrieval_context" in ran.err
    assert harmless(ran)


def test_a_suite_that_is_refused_is_quoted_harmlessly(new_desk: Desk) -> None:
    new_desk.suite(name=EVIL, **{EVIL: EVIL, "metrics": [EVIL, {EVIL: {"threshold": EVIL}}], "store": EVIL})
    ran = new_desk("run", "suite.yaml")
    assert ran.code == 65
    assert harmless(ran)


def test_stored_names_and_baselines_are_listed_harmlessly(evil_desk: Desk) -> None:
    listed = evil_desk("runs", "--json").json
    assert {"evil"} <= {run["run_id"] for run in listed["runs"]}
    assert json.loads(json.dumps(listed)) == listed
