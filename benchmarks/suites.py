"""The work that is measured: synthetic support cases, Answer Relevancy and Faithfulness, seven judge calls a case."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

TOPICS = ("returns", "delivery", "billing", "accounts", "warranty", "discounts", "invoices", "exchanges")


def write_suite(folder: Path, cases: int, *, judge: str, metrics: str = "[answer_relevancy, faithfulness]") -> Path:
    """A suite with that many cases of about 1 kB each, the same for the same number."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "cases.jsonl").open("w") as lines:
        for number in range(cases):
            lines.write(json.dumps(case(number)) + "\n")
    suite = folder / "suite.yaml"
    suite.write_text(f"name: bench\ndataset: cases.jsonl\njudge: {judge}\nmetrics: {metrics}\ntiers: {{all: all}}\n")
    return suite


def case(number: int) -> dict[str, object]:
    """The case of that number."""
    rng = Random(number)
    topic = rng.choice(TOPICS)
    days, fee = rng.randint(7, 60), rng.randint(2, 20)
    return {
        "id": f"case-{number:07d}",
        "input": f"Question {number}: what are the rules for {topic} when I am {rng.randint(1, 90)} days late?",
        "actual_output": f"For {topic} you have {days} days. After that a fee of {fee} euros applies. Write to us first.",
        "retrieval_context": [
            f"Rule {number} on {topic}: customers have {days} days. "
            + "Please keep the receipt. " * rng.randint(8, 16),
            f"A fee of {rng.choice((fee, fee + 1))} euros applies after the period for {topic}. "
            + "Ask support. " * 12,
        ],
    }


def endpoint(base_url: str, *, max_in_flight: int = 200, more: str = "") -> str:
    """The `judge:` of a simulated judge."""
    return f'{{model: sim, base_url: "{base_url}", max_in_flight: {max_in_flight}{more}}}'
