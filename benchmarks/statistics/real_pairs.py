"""Paired scores of real runs, to resample from: `python benchmarks/statistics/real_pairs.py QA.jsonl`.

QA.jsonl has HaluEval's columns. Its right answers are judged twice by the simulated judge with different seeds, then
beside a candidate of which every fifth answer is made up; and both by the offline judge. Only scores are kept, in
`real_pairs.json`, as counts of (baseline, candidate).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMMAND = Path(sys.executable).parent / "evalfactory"
METRICS = "[answer_relevancy, faithfulness]"
_FIFTH = 5


def main() -> None:
    """Run everything and write the file."""
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    found: dict[str, list[list[float]]] = {}
    with tempfile.TemporaryDirectory(prefix="evalfactory-pairs-") as name:
        folder = Path(name)
        _cases(folder / "right.jsonl", rows, made_up=False)
        _cases(folder / "mixed.jsonl", rows, made_up=True)
        doubt = folder / "made-up.txt"
        made_up = [row["hallucinated_answer"] for row in rows[::_FIFTH]]
        doubt.write_text("\n".join(json.dumps(text) for text in made_up), encoding="utf-8")
        with _judge(1, doubt) as url:
            first = _run(folder, "right", url, "first")
        with _judge(2, doubt) as url:
            again = _run(folder, "right", url, "again")
            mixed = _run(folder, "mixed", url, "mixed")
        offline, offline_mixed = _run(folder, "right", None, "o1"), _run(folder, "mixed", None, "o2")
    for title, (there, here) in {
        "simulated judge, same answers, another seed": (first, again),
        "simulated judge, every fifth answer made up, another seed": (first, mixed),
        "offline judge, every fifth answer made up": (offline, offline_mixed),
    }.items():
        counts = Counter((score, here[slot]) for slot, score in there.items() if slot in here)
        found[title] = [[*pair, count] for pair, count in sorted(counts.items())]
    (HERE / "real_pairs.json").write_text(json.dumps(found, indent=None, separators=(",", ":")) + "\n")


def _cases(path: Path, rows: list[dict[str, str]], *, made_up: bool) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows):
            answer = row["hallucinated_answer" if made_up and number % _FIFTH == 0 else "right_answer"]
            case = {"id": f"q{number:04d}", "input": row["question"], "actual_output": answer}
            file.write(json.dumps({**case, "retrieval_context": [row["knowledge"]]}, ensure_ascii=False) + "\n")


@contextmanager
def _judge(seed: int, doubt: Path) -> Iterator[str]:
    command = [str(COMMAND), "judge-sim", "--port", "0", "--seed", str(seed), "--doubt", str(doubt), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        text = ""
        while True:
            text += process.stdout.readline()
            try:
                told = json.loads(text)
                break
            except ValueError:
                continue
        try:
            yield str(told.get("base_url") or told["url"])
        finally:
            process.terminate()


def _run(folder: Path, cases: str, url: str | None, run_id: str) -> dict[tuple[str, str], float]:
    judge = f"{{model: simulated, base_url: '{url}'}}" if url else "offline"
    suite = folder / f"{run_id}.yaml"
    suite.write_text(
        f"name: pairs\ndataset: {cases}.jsonl\njudge: {judge}\nmetrics: {METRICS}\ntiers: {{all: all}}\n",
        encoding="utf-8",
    )
    words = ["run", str(suite), "--tier", "all", "--run-id", run_id, "--fresh", "--quiet", "--json"]
    ran = subprocess.run([str(COMMAND), *words], capture_output=True, text=True, check=False)
    report = Path(json.loads(ran.stdout)["report"])
    lines = (report / "measurements.jsonl").read_text(encoding="utf-8").splitlines()
    scored = (line for line in map(json.loads, lines) if line["state"] == "scored")
    return {(line["case_id"], line["metric"]): line["score"] for line in scored}


if __name__ == "__main__":
    main()
