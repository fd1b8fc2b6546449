"""Made-up answers mixed into right ones: what the gate says of them, through the command line.

python benchmarks/halueval.py [FILE] [--seeds N] [--judge NAME] [--share S ...] [--cases N] [--from-seed N]

FILE has questions with knowledge, a right and a made-up answer (HaluEval's QA part, as JSON Lines; default:
../shared/data/halueval-qa.jsonl). Without it there is nothing to measure, and that is said.

For each seed: a baseline run on the right answers, then candidates with 0, 2, 5, 10 and 20 % of them made up. Every run has
a judge of its own seed and is measured anew (`--fresh`). The simulated judge is told which texts are made up, and doubts a claim
that quotes one with stated odds; the offline judge says the same each time, so seeds only choose whose answers are made up.
Results are added to `halueval.json` beside this file, so that more seeds can be measured
later, and the tables are written into docs/explanation/made-up-answers.md.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if not __package__:
    sys.path[0] = str(HERE.parent)  # and not this folder: `statistics` is also a module of Python

from statistics import fmean, stdev  # noqa: E402

from benchmarks.processes import COMMAND  # noqa: E402
from evalfactory.analysis.shares import wilson  # noqa: E402

DATA = HERE.parents[1] / "shared" / "data" / "halueval-qa.jsonl"
RESULTS = HERE / "halueval.json"
PAGE = HERE.parent / "docs" / "explanation" / "made-up-answers.md"
SHARES = (0.0, 0.02, 0.05, 0.1, 0.2)
VERDICTS = ("PASS", "INCONCLUSIVE", "FAIL")
ODDS = ("--bad-share", "0.1", "--pass-if-good", "0.97", "--pass-if-bad", "0.33", "--doubt-odds", "0.85")
METRIC = "faithfulness"
JUDGES = ("simulated", "offline")

Row = dict[str, Any]


def main() -> int:
    """Measure what was asked for, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=DATA)
    parser.add_argument("--seeds", type=int, default=4, help="how many more (default 4; 0 writes the tables alone)")
    parser.add_argument("--judge", choices=JUDGES, default="simulated", help="default: %(default)s")
    parser.add_argument("--share", type=float, nargs="+", default=SHARES, help="made up (default: all of the table)")
    parser.add_argument("--from-seed", type=int, help="default: the first that this judge has not had yet")
    parser.add_argument("--cases", type=int, default=500, help="of the file, from its beginning (default 500)")
    arguments = parser.parse_args()
    if arguments.seeds and not arguments.file.is_file():
        print(f"skipped: there is no {arguments.file.name}; name the file on the command line")
        return 0
    rows: list[Row] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    first = arguments.from_seed
    if first is None:
        first = 1 + max((row["seed"] for row in rows if row["judge"] == arguments.judge), default=0)
    answers = _answers(arguments.file, arguments.cases) if arguments.seeds else []
    for seed in range(first, first + arguments.seeds):
        rows = with_rows(rows, _measured(answers, arguments.judge, seed, arguments.share))
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
    print("\n\n".join(_tables(rows)))
    return 0


def _answers(file: Path, cases: int) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line, _ in zip(lines, range(cases), strict=False)]


def with_rows(rows: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """The rows with the new ones in the place of those of the same seed, judge and share."""
    replaced = {_place(row) for row in new}
    return sorted([*(row for row in rows if _place(row) not in replaced), *new], key=_place)


def _place(row: Row) -> tuple[int, int, float]:
    return JUDGES.index(row["judge"]), row["seed"], row["share"]


def _measured(answers: Sequence[dict[str, str]], judge: str, seed: int, shares: Sequence[float]) -> list[Row]:
    """One row a candidate of this seed."""
    with tempfile.TemporaryDirectory(prefix="evalfactory-halueval-") as name:
        folder = Path(name)
        doubted = "".join(json.dumps(each["hallucinated_answer"]) + "\n" for each in answers)
        (folder / "doubted.txt").write_text(doubted, encoding="utf-8")
        _run(folder, answers, 0.0, judge, seed, "base")
        _command(folder, "bless", "base", "--name", "base")
        return [_run(folder, answers, share, judge, seed, f"made-up-{share:.0%}".rstrip("%")) for share in shares]


def _run(
    folder: Path, answers: Sequence[dict[str, str]], share: float, judge: str, seed: int, run_id: str
) -> Row:  # fmt: skip
    chosen = random.Random(f"{seed} {share}").sample(range(len(answers)), round(share * len(answers)))
    made_up = frozenset(chosen)
    cases = [
        {
            "id": f"halueval-{place:04}",
            "input": each["question"],
            "actual_output": each["hallucinated_answer" if place in made_up else "right_answer"],
            "retrieval_context": [each["knowledge"]],
        }
        for place, each in enumerate(answers)
    ]
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    with _judge(folder, judge, seed, run_id) as spec:
        suite = {
            "name": "halueval", "dataset": "cases.jsonl", "judge": spec, "metrics": [METRIC],
            "gate": {"metrics": {METRIC: {"mean": None}}}, "execution": {"workers": 1},
        }  # fmt: skip
        (folder / "suite.yaml").write_text(json.dumps(suite))
        baseline = () if run_id == "base" else ("--baseline", "base")
        words = ("suite.yaml", "--tier", "full", "--fresh", "--quiet", "--run-id", run_id, *baseline, "--json")
        told = json.loads(_command(folder, "run", *words))
    report = json.loads((folder / told["report"] / "report.json").read_text(encoding="utf-8"))
    compared = report["compared"][0] if report["compared"] else {}
    interval = (compared.get("difference") or {}).get("interval") or {}
    return {
        "seed": seed, "judge": judge, "cases": len(cases), "share": share, "made_up": len(made_up),
        "verdict": report["verdict"]["outcome"], "mean": report["metrics"][0]["mean"],
        "difference": compared.get("mean_difference"), "low": interval.get("low"), "high": interval.get("high"),
    }  # fmt: skip


@contextmanager
def _judge(folder: Path, judge: str, seed: int, run_id: str) -> Iterator[Any]:
    """What the suite says of its judge, while that one answers. Every run of a seed has another judge."""
    if judge == "offline":
        yield "offline"
        return
    own_seed = random.Random(f"judge {seed} {run_id}").getrandbits(31)
    command = [*COMMAND, "judge-sim", "--port", "0", "--json", "--seed", str(own_seed), "--doubt", "doubted.txt", *ODDS]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serving:
        assert serving.stdout
        try:
            yield {"model": "simulated", "base_url": json.loads(serving.stdout.readline())["base_url"]}
        finally:
            serving.terminate()


def _command(folder: Path, *words: str) -> str:
    done = subprocess.run([*COMMAND, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode >= 64:
        raise SystemExit(f"{' '.join(words)}: {done.stderr}")
    return done.stdout


def _tables(rows: Sequence[Row]) -> Iterator[str]:
    for judge in JUDGES:
        own = [row for row in rows if row["judge"] == judge]
        if own:
            yield _table(judge, own)


def _table(judge: str, rows: Sequence[Row]) -> str:
    cases = sorted({row["cases"] for row in rows})
    seeds = Counter(row["share"] for row in rows).values()
    lines = [
        f"**The {judge} judge**, {' and '.join(map(str, cases))} cases a run, {' to '.join(map(str, sorted({min(seeds), max(seeds)})))} seeds:",
        "",
        "| made up | runs | PASS | INCONCLUSIVE | FAIL | share FAIL, 95 % interval | mean difference | held by the interval |",
        "|---:|---:|---:|---:|---:|---|---|---:|",
    ]
    for share in SHARES:
        own = [row for row in rows if row["share"] == share]
        verdicts = Counter(row["verdict"] for row in own)
        told = " | ".join(str(verdicts[verdict]) for verdict in VERDICTS)
        interval = wilson(verdicts["FAIL"], len(own))
        failing = f"{verdicts['FAIL'] / len(own):.0%} ({interval.low:.0%} to {interval.high:.0%})"
        lines.append(f"| {share:.0%} | {len(own)} | {told} | {failing} | {_mean(own)} | {_held(own)} |")
    return "\n".join(lines)


def _mean(rows: Sequence[Row]) -> str:
    """The mean of the differences with its standard error over the seeds."""
    found = [row["difference"] for row in rows]
    spread = f" ± {stdev(found) / len(found) ** 0.5:.3f}" if len(found) > 1 else ""
    return f"{fmean(found):+.3f}{spread}".replace("-", "−")


def _held(rows: Sequence[Row]) -> str:
    """How many intervals hold the true difference: none at 0 %, else the mean over all seeds stands for it."""
    truth = fmean(row["difference"] for row in rows) if rows[0]["share"] else 0.0
    return f"{sum(row['low'] <= truth <= row['high'] for row in rows)} of {len(rows)}"


def with_tables(page: str, rows: Sequence[Row]) -> str:
    """The page with its tables between their markers."""
    begin, end = "<!-- tables -->\n", "<!-- end of tables -->"
    before, _, rest = page.partition(begin)
    return before + begin + "\n" + "\n\n".join(_tables(rows)) + "\n\n" + end + rest.partition(end)[2]


if __name__ == "__main__":
    sys.exit(main())
