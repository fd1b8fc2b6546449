"""The demo, as `make demo` runs it, and the picture of its first run."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
import unicodedata
from html import unescape
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from doc_pages import ROOT

from evalfactory.settings import environment

PROGRAM = Path(sys.executable).with_name("evalfactory")
TIMEOUT_S = 120
DRAW = ROOT / "docs" / "images" / "draw.py"


class Shown(NamedTuple):
    """What the demo left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns(".evalfactory"))
    ran = subprocess.run(
        ["sh", "examples/demo.sh", str(PROGRAM)],
        cwd=folder,
        env={**environment(), "COLUMNS": "100", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Shown(ran.returncode, ran.stdout, ran.stderr)


def test_the_demo_shows_a_run_that_fails_one_that_passes_and_a_worse_one_and_ends_well(demo: Shown) -> None:
    assert demo.code == 0, demo.out + demo.err
    verdicts = re.findall(r"^ ([A-Z]+)   support-bot", demo.out, re.MULTILINE)
    assert verdicts == ["FAIL", "PASS", "FAIL"]
    assert "Traceback" not in demo.out + demo.err


def test_what_the_demo_says_of_its_runs_is_true(demo: Shown) -> None:
    first, _, rest = demo.out.partition("── 3.")
    second, _, third = rest.partition("── 5.")
    assert "faithfulness share passed: 0.70 over 20 scored, wanted at least 0.80" in first
    assert len(set(re.findall(r" → \S+  (\S+) · faithfulness", second))) == 3  # "three that were right score worse now"
    assert "16 reused" in second  # of 20 cases by two metrics: 12 answers are new
    assert "40/40" in demo.err
    assert "40 scored (40 reused)" in third  # "it cost nothing: every answer had been judged before"
    assert " → 0.000  ja-cancel-shipped · faithfulness" in third
    assert re.search(r"explain ja-cancel-shipped --store (\S+)", third)


def test_the_demo_ends_with_the_path_of_a_page_about_a_worse_run_beside_its_baseline(demo: Shown) -> None:
    *_, path, _, _ = demo.out.rstrip("\n").split("\n")
    text = Path(path).read_text(encoding="utf-8")
    assert "<title>FAIL · support-bot" in text
    assert "Compared with main" in text
    assert "Newly failed" in text


def test_the_demo_stops_with_words_when_a_step_goes_wrong() -> None:
    ran = subprocess.run(
        ["sh", str(ROOT / "examples" / "demo.sh"), "false"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ran.returncode == 1
    assert "should have ended with exit code 10, and it ended with 1" in ran.stderr


def test_the_picture_shows_what_the_demo_prints(demo: Shown) -> None:
    """But for time, place and run id; where it is stale, `python docs/images/draw.py` makes it anew."""
    first = demo.out.partition("suite.yaml\n")[2].partition("\n\nFAIL is right")[0]
    printed = [_plain(line) for line in runpy.run_path(str(DRAW))["shortened"](first).split("\n")]
    pictured = _pictured()
    assert pictured[0] == "$ evalfactory run examples/support/suite.yaml"
    assert [_steady(line) for line in pictured[1:]] == [_steady(line) for line in printed if line]


def _pictured() -> list[str]:
    """The lines of text in the picture, from top to bottom."""
    tree = ElementTree.parse(ROOT / "docs" / "images" / "run.svg")
    lines: dict[float, list[tuple[float, str]]] = {}
    for text in tree.iter("{http://www.w3.org/2000/svg}text"):
        if (text.get("class") or "").startswith("run-r"):
            place = lines.setdefault(float(text.get("y") or 0), [])
            place.append((float(text.get("x") or 0), unescape("".join(text.itertext()))))
    return [_plain(" ".join(part for _, part in sorted(parts))) for _, parts in sorted(lines.items())]


def _plain(line: str) -> str:
    """A line with single spaces; those of a no-break kind too."""
    return " ".join(unicodedata.normalize("NFC", line.replace("\xa0", " ")).split())


def _steady(line: str) -> str:
    """A line without what differs between two runs."""
    return re.sub(r"^(time|report|run) .*|--(run|store) \S+|(?<=evalfactory report )\S+", "", line)
