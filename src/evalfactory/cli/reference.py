"""Reference pages made from the code: the command line, the exit codes, the fields of a report.

`python -m evalfactory.cli.reference` writes them, with `--check` it exits 1 when one of them is stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from ..errors import Exit
from ..records.base import Record
from ..records.measurement import ErrorClass, Failure, Measurement, PartRef, Usage
from ..records.report import (
    BaselineInfo,
    CaseResult,
    Counts,
    Diagnosis,
    Difference,
    DropTest,
    GateCheck,
    Interval,
    MetricComparison,
    MetricSummary,
    Proof,
    Report,
    ShardProof,
    ShardTime,
    Share,
    SliceComparison,
    SliceSummary,
    TargetSpeed,
    Verdict,
)
from ..records.sizing import MetricNoise, MetricPower, Needed, Noise, Power, Reach, ShakyCase
from ..render.machine import JudgeTotals, SummaryJson
from .parser import build_parser

FOLDER = Path(__file__).parents[3] / "docs" / "reference"

_MADE = "<!-- Made from the code: `python -m evalfactory.cli.reference` makes it anew. -->"

#: Code -> what it says, and what to do about it.
EXIT_CODES: dict[str, tuple[str, str]] = {
    "PASS": ("Every rule of the gate is met; of other commands: done.", "–"),
    "FAIL": ("A rule of the gate is not met.", "Read the report."),
    "INCONCLUSIVE": (
        "Nobody can say: a drop is neither shown nor excluded, too many errors, or nothing scored that a rule needs.",
        "More cases (the report says how many), `evalfactory retry --errored`, or read the errors in the report.",
    ),
    "INCOMPLETE": ("Planned measurements are missing.", "`evalfactory resume`."),
    "USAGE": ("The command line asks for something that does not exist or does not fit.", "The message says what."),
    "DATA": (
        "The suite, the dataset or a stored file is wrong; of `verify`: a claim of the report does not hold. "
        "Of a worker: its shard's data cannot be read.",
        "The message names file, line and field.",
    ),
    "UNAVAILABLE": (
        "The judge, the target or the store does not answer. What is measured is kept.",
        "`evalfactory resume` when it answers again.",
    ),
    "BUG": ("A bug of evalfactory.", "Report it with what the command printed. What is measured is kept."),
    "REFUSED": ("The key was refused before anything had worked.", "Set the right key, then `evalfactory resume`."),
    "ENVIRONMENT": (
        "Something around the suite is missing or differs: a key, an extra, a module, a plan's digest, a version.",
        "The message says what.",
    ),
    "INTERRUPTED": ("Stopped by Ctrl-C. What is measured is kept.", "`evalfactory resume`."),
    "TERMINATED": ("Stopped by SIGTERM. What is measured is kept.", "`evalfactory resume`."),
}

#: Error class of a measurement -> what has happened.
ERROR_CLASSES: dict[str, str] = {
    "rate_limit": "The request is larger than the endpoint's limits allow; a mere 429 is waited for.",
    "timeout": "No answer in time, or the measurement took longer than its deadline.",
    "server": "Still a 5xx after all tries, while other calls succeeded; or a 4xx that no other class fits.",
    "auth": "The key was refused for this call, while others succeeded.",
    "context_length": "The prompt is too long for the model.",
    "content_filter": "The endpoint refused the content, or its answer.",
    "bad_json": "The answer is not what was asked for, also when asked again.",
    "network": "No connection, while other calls succeeded.",
    "bug": "An unexpected exception.",
    "metric": "The metric raised, or gave no finite score.",
    "data": "The case lacks what the target puts into its request; such a case is refused or skipped when the run is planned.",
    "crash": "The worker process died whenever this was measured, at last with nothing else in flight.",
}

_PLAIN = {"null": "none", "string": "text", "boolean": "true or false", "integer": "whole number"}

_OF_JSON = {
    "run_id": "The run.",
    "suite": "Its suite's name.",
    "tier": "Its tier.",
    "verdict": "`PASS`, `FAIL`, `INCONCLUSIVE` or `INCOMPLETE`.",
    "report": "The folder of the report's files.",
    "planned": "Slots of the plan; always the sum of the next four.",
    "scored": "Slots with a score.",
    "errored": "Slots without one, because something failed.",
    "skipped": "Slots without one, because the case lacks a field of the metric or the target.",
    "missing": "Slots of which no committed shard speaks.",
    "reused": "Slots copied from an earlier run; part of `scored`.",
    "results_digest": "SHA-256 of every slot's state, score and reason; no times, attempts or costs.",
    "judge": "What the judge cost in this run; see below.",
    "wall_s": "Seconds.",
}

_REPORT_SECTIONS: tuple[type[Record], ...] = (
    Report, Verdict, GateCheck, Counts, MetricSummary, CaseResult, BaselineInfo, MetricComparison, Difference, DropTest,
    Share, Interval, SliceSummary, SliceComparison, TargetSpeed, Diagnosis, Proof, ShardProof, PartRef, ShardTime,
)  # fmt: skip


def cli_page() -> str:
    """Every command with its options and an example."""
    return _page(_cli())


def exit_codes_page() -> str:
    """Every exit code, and every class of error that a measurement can end with."""
    return _page(_exit_codes())


def report_page() -> str:
    """Every field of `--json`, `report.json` and `measurements.jsonl`."""
    return _page(_report())


def _page(lines: Iterator[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def _cli() -> Iterator[str]:
    commands = _commands()
    yield f"# The command line\n\n{_MADE}\n"
    yield "`evalfactory COMMAND --help` says the same in the terminal. Results go to standard output, talk to standard error; with `--json`"
    yield "standard output is one JSON object. The exit codes are [on a page of their own](exit-codes.md).\n"
    yield "| command | what it does |\n|---|---|"
    for name, parser in commands.items():
        yield _row(f"[`{name}`](#{name})", parser.description or "")
    yield ""
    for name, parser in commands.items():
        yield from _command(name, parser)


def _commands() -> dict[str, argparse.ArgumentParser]:
    parser, names = build_parser(with_simulator=True)
    choices = next(action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {name: choices[name] for name in names}


def _command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{parser.description}\n"
    yield f"```text\n{_examples(parser)}\n```\n"
    yield "| | |\n|---|---|"
    for action in parser._actions:
        if action.help != argparse.SUPPRESS and "--help" not in action.option_strings:
            yield _row(f"`{_written(action)}`", _meaning(action))
    yield ""


def _examples(parser: argparse.ArgumentParser) -> str:
    return "\n".join(line.strip() for line in (parser.epilog or "").splitlines()[1:])


def _written(action: argparse.Action) -> str:
    """The argument as one types it: `--tier T`, `[suite]`."""
    if not action.option_strings:
        return f"[{action.dest}]" if action.nargs == "?" else action.dest
    name = ", ".join(action.option_strings)
    if action.nargs == 0:
        return name
    value = str(
        action.metavar or (f"{{{','.join(map(str, action.choices))}}}" if action.choices else action.dest.upper())
    )
    return f"{name} [{value}]" if action.nargs == "?" else f"{name} {value}"


def _meaning(action: argparse.Action) -> str:
    text = (action.help or "") % {"default": action.default}
    return f"{text} (required)" if action.required and action.option_strings else text


def _exit_codes() -> Iterator[str]:
    yield f"# Exit codes\n\n{_MADE}\n"
    yield "A verdict is 0 or 10 to 12. From 64 up no verdict was reached; the numbers are those of `sysexits.h`. They are the same for every command.\n"
    yield "| code | name | what it says | what to do |\n|---|---|---|---|"
    for name, code in _codes().items():
        yield _row(str(code), name if code < 64 else "", *EXIT_CODES[name])
    yield "\n`evalfactory work` ends with 0 when its shard is committed, whatever the scores in it, or with a code from 64 up. It never gives a verdict:"
    yield "that is for `collect`.\n"
    yield "`report`, `status`, `runs`, `compare` and `explain` end with 0 when they could answer; `report` and `compare` do not repeat the verdict's code.\n"
    yield "`publish` ends with 0 whatever became of it, and with `--strict` with 69 when something could not be told: a notifier never changes a verdict.\n"
    yield 'With `--json` an error is one JSON object too: `{"error": {"exit_code": 65, "message": "…"}}`.\n'
    yield "## Classes of errors\n"
    yield "A measurement that could not be scored is `errored`, with one of these classes. An error is never a score of zero.\n"
    yield "| class | what has happened |\n|---|---|"
    for word in get_args(ErrorClass):
        yield _row(f"`{word}`", ERROR_CLASSES[word])
    yield ""


def _codes() -> dict[str, int]:
    return {name: code for name, code in vars(Exit).items() if name.isupper()}


def _report() -> Iterator[str]:
    yield f"# What a run writes\n\n{_MADE}\n"
    yield "Every merge of a run writes a numbered folder, `<suite>/runs/<run>/report/0001` and so on; none is ever changed. The newest one counts.\n"
    yield "| file | for | |\n|---|---|---|"
    yield _row("`report.json`", "programs", "[the report](#the-report-reportjson), one record")
    yield _row(
        "`measurements.jsonl`",
        "programs",
        "[every measurement](#a-line-of-measurementsjsonl), one a line, in the order of case, metric, repeat",
    )
    yield _row("`outputs.jsonl`", "programs", "what the target produced, one case a line; only with a target")
    yield _row("`report.md`", "pull requests", "Markdown, short enough for a comment")
    yield _row("`report.txt`", "people", "what the terminal shows, 100 columns wide")
    yield _row(
        "`junit.xml`",
        "CI servers",
        "JUnit: a test suite `gate` with a test for each of its rules, and one for each metric with a test for each case",
    )
    yield _row(
        "`report.html`, `report-cases.js`",
        "people",
        "[a page](../how-to/read-the-page.md), once `report --format html` was asked for, and the texts that do not fit into it",
    )
    yield "\nA *slot* is a case, a metric and a repeat: what is planned, measured, merged and compared. A field without a value is `null`.\n"
    yield "## The object of `--json`\n"
    yield "`run`, `resume`, `retry` and `collect` print it with `--json`, and nothing else to standard output.\n"
    yield "| key | meaning |\n|---|---|"
    for key in SummaryJson.__annotations__:
        yield _row(f"`{key}`", _OF_JSON[key])
    yield f"\n`judge` has {', '.join(f'`{key}`' for key in JudgeTotals.__annotations__)}.\n"
    for command, record, parts in (
        ("noise", Noise, (MetricNoise, ShakyCase)),
        ("power", Power, (MetricPower, Needed, Reach)),
    ):
        yield f"## The object of `{command} --json`\n"
        yield f"{_first_line(record)}\n"
        yield from _fields(record)
        yield from _sections(parts, "### ")
    yield "## A line of `measurements.jsonl`\n"
    yield from _fields(Measurement)
    yield from _sections((Usage, Failure), "### ")
    yield "The error classes are [listed with the exit codes](exit-codes.md#classes-of-errors).\n"
    yield "## The report: `report.json`\n"
    yield from _fields(Report)
    yield from _sections(_REPORT_SECTIONS[1:], "### ")
    yield from _results_digest()


def _sections(records: tuple[type[Record], ...], heading: str) -> Iterator[str]:
    for record in records:
        yield f"{heading}{record.__name__}\n"
        yield f"{_first_line(record)}\n"
        yield from _fields(record)


def _fields(record: type[Record]) -> Iterator[str]:
    schema = record.model_json_schema()
    yield "| field | type | meaning |\n|---|---|---|"
    for name, field in schema["properties"].items():
        yield _row(f"`{name}`", _kind(field), record.model_fields[name].description or "")
    yield ""


def _kind(schema: dict[str, Any]) -> str:
    """A JSON Schema in words."""
    match schema:
        case {"$ref": str(ref)}:
            return _link(ref)
        case {"const": value}:
            return f"`{value}`"
        case {"enum": values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"anyOf": kinds}:
            return " or ".join(_kind(kind) for kind in kinds)
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case {"type": "object", "additionalProperties": dict() as values}:
            return f"mapping to {_kind(values)}"
        case {"type": str(kind)}:
            return _PLAIN.get(kind, kind)
        case _:
            return "any value"


def _link(ref: str) -> str:
    name = ref.rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _first_line(record: type[Record]) -> str:
    return (record.__doc__ or "").strip().splitlines()[0]


def _results_digest() -> Iterator[str]:
    from ..analysis.digest import ResultsDigest

    lines = [line.strip() for line in (ResultsDigest.__doc__ or "").strip().splitlines()]
    yield "## The results digest\n"
    yield "Two runs with the same results digest have found out the same: every slot's state, score and reason agree. Anyone can compute it again from"
    yield "`measurements.jsonl` and the list of missing slots:\n"
    yield from _numbered(lines)


def _numbered(lines: list[str]) -> Iterator[str]:
    """The numbered steps of the docstring, indented as Markdown wants it."""
    first = next(place for place, line in enumerate(lines) if line.startswith("1. "))
    indent = ""
    for line in lines[first:]:
        match line[:2]:
            case "":
                indent = ""
                yield line
            case "- ":
                indent = "     "
                yield f"   {line}"
            case head if head[0].isdigit():
                indent = "   "
                yield line
            case _:
                yield indent + line.replace(r"`\\`", r"`\`")


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def main(arguments: list[str]) -> int:
    """0 when everything is written, or fresh; 1 when `--check` finds something stale."""
    wanted = {
        FOLDER / "cli.md": cli_page(),
        FOLDER / "exit-codes.md": exit_codes_page(),
        FOLDER / "report.md": report_page(),
    }
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
