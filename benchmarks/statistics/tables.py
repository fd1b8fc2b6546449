"""The measured error rates as the tables of a page, and which of them miss their bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from scipy.stats import beta

from benchmarks.statistics.trials import ALPHA, MARGIN, Cell, power_in_theory
from benchmarks.statistics.worlds import ABOUT

Results: TypeAlias = dict[str, dict[str, int]]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "statistics.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
#: What is promised: an error at most a point above nominal, and how far coverage may fall short.
MOST_ERRORS = ALPHA + 0.01
LEAST_RESAMPLED, LEAST_BOUNDED = 0.93, 0.95
CERTAINTY = 0.99  # of the Monte Carlo bounds
ENOUGH = 200  # intervals of one kind, for their coverage to be told
RESAMPLED = ("bca", "unseen")


class Rate(NamedTuple):
    """So many of so many."""

    seen: int
    of: int

    @property
    def share(self) -> float:
        return self.seen / self.of

    @property
    def most(self) -> float:
        """The upper 99 % bound (Clopper and Pearson) of what the trials estimate."""
        return 1.0 if self.seen == self.of else float(beta.ppf(CERTAINTY, self.seen + 1, self.of - self.seen))

    @property
    def least(self) -> float:
        """The lower 99 % bound."""
        return float(beta.ppf(1 - CERTAINTY, self.seen, self.of - self.seen + 1)) if self.seen else 0.0


Told: TypeAlias = Callable[[Cell, dict[str, int]], str]


def write_page(results: Results) -> None:
    """Write the tables between the page's markers."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    body = "\n\n".join(tables(results))
    PAGE.write_text(f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}", encoding="utf-8")


def tables(results: Results) -> Iterator[str]:
    """Every table with its title, as Markdown."""
    trials = sum(counts["trials"] for counts in results.values())
    yield f"{trials:,} trials, each one comparison through the gate."
    for title, true_difference, told in (
        ("False PASS, the true drop being the margin (nominal 2.5 %)", -MARGIN, _FALSE_PASS),
        ("False FAIL, the true drop being the margin (nominal 2.5 %)", -MARGIN, _FALSE_FAIL),
        ("False FAIL, nothing having changed", 0.0, _FALSE_FAIL),
        ("Coverage of the 95 % intervals, resampled", -MARGIN, _covered(RESAMPLED)),
        ("Coverage of the 95 % intervals, bounded", -MARGIN, _covered(("bounded",))),
        ("PASS, nothing having changed: seen (theory)", 0.0, _power("PASS")),
        ("FAIL, the true drop being twice the margin: seen (theory)", -2 * MARGIN, _power("FAIL")),
    ):
        if rows := _rows(results, true_difference, told):
            yield f"**{title}**"
            yield _markdown(rows)
    if rows := _family(results):
        yield "**Five independent metrics at once, 500 cases, every true drop being the margin**"
        yield _markdown(rows)
    yield _standing(results)


def bounded(cell: Cell, counts: dict[str, int]) -> bool:
    """Whether the trials show that the cell's wrong verdicts are rare enough."""
    return all(Rate(counts.get(outcome, 0), counts["trials"]).most <= MOST_ERRORS for outcome in _wrong(cell))


def _standing(results: Results) -> str:
    """How many cells are shown to keep the promise."""
    missed, disproved = list(misses(results)), list(misses(results, quick=True))
    told = f"**Of {len(results)} cells {len(results) - len({each.split(':')[0] for each in missed})} are shown to keep every promise,"
    told += f" {len(disproved)} to break one.**"
    return f"{told} The others need more trials to tell: a bracket of theirs is above 3.5." if missed else told


def misses(results: Results, *, quick: bool = False) -> Iterator[str]:
    """Every promise that the trials do not bear out; of few (`quick`) trials those that they disprove."""
    for key, counts in sorted(results.items()):
        cell, key = _cell(key), _in_words(_cell(key))
        for outcome in _wrong(cell):
            rate = Rate(counts.get(outcome, 0), counts["trials"])
            if (rate.least if quick else rate.most) > MOST_ERRORS:
                yield f"{key}: {outcome} in {rate.share:.1%}, perhaps {rate.most:.1%}"
        resampled, bounded = _coverage(counts, RESAMPLED), _coverage(counts, ("bounded",))
        if resampled.of >= ENOUGH and (resampled.most if quick else resampled.share) < LEAST_RESAMPLED:
            yield f"{key}: resampled intervals cover {resampled.share:.2%}"
        if bounded.of >= ENOUGH and bounded.most < LEAST_BOUNDED:
            yield f"{key}: bounded intervals cover {bounded.share:.2%}"


def _in_words(cell: Cell) -> str:
    metrics = f", {cell.metrics} metrics" if cell.metrics > 1 else ""
    return f"{cell.world}, n = {cell.cases:,}, difference {cell.true_difference:g}{metrics}"


def _wrong(cell: Cell) -> tuple[str, ...]:
    """The verdicts that are wrong in a cell; at the margin PASS and FAIL both are."""
    if cell.true_difference == -MARGIN:
        return ("PASS", "FAIL")
    return ("FAIL",) if cell.true_difference == 0.0 else ("PASS",)


def _rows(results: Results, true_difference: float, told: Told) -> list[list[str]]:
    """A table, its titles first; nothing where it has no row."""
    cells = {_cell(key): counts for key, counts in results.items()}
    found = {
        cell: each for cell, each in cells.items() if cell.true_difference == true_difference and cell.metrics == 1
    }
    sizes = sorted({cell.cases for cell in found})
    rows = []
    for name in dict.fromkeys(name for name in ABOUT if any(cell.world == name for cell in found)):
        texts = [
            told(cell, found[cell]) if (cell := Cell(name, size, true_difference)) in found else "–" for size in sizes
        ]
        if any(text != "–" for text in texts):
            rows.append([ABOUT[name], *texts])
    if told in (_FALSE_PASS, _FALSE_FAIL):
        pools = [_pool(each for cell, each in found.items() if cell.cases == size) for size in sizes]
        rows.append(["all of them together", *(told(Cell("", 0, 0.0), pool) for pool in pools)])
    return [["differences", *(f"n = {size:,}" for size in sizes)], *rows] if rows else []


def _pool(some: Iterable[dict[str, int]]) -> dict[str, int]:
    return dict(sum(map(Counter, some), Counter()))


def _errors(outcome: str) -> Told:
    def told(_: Cell, counts: dict[str, int]) -> str:
        rate = Rate(counts.get(outcome, 0), counts["trials"])
        return f"{100 * rate.share:.1f} (≤ {100 * rate.most:.1f})"

    return told


_FALSE_PASS, _FALSE_FAIL = _errors("PASS"), _errors("FAIL")


def _covered(methods: tuple[str, ...]) -> Told:
    def told(_: Cell, counts: dict[str, int]) -> str:
        rate = _coverage(counts, methods)
        return f"{100 * rate.share:.1f} of {rate.of:,}" if rate.of >= ENOUGH else "–"

    return told


def _power(outcome: str) -> Told:
    def told(cell: Cell, counts: dict[str, int]) -> str:
        return f"{100 * counts.get(outcome, 0) / counts['trials']:.0f} ({100 * power_in_theory(cell):.0f})"

    return told


def _family(results: Results) -> list[list[str]]:
    rows = []
    for key, counts in sorted(results.items()):
        cell = _cell(key)
        if cell.metrics > 1:
            rows.append([ABOUT[cell.world], _errors("PASS")(cell, counts), _errors("FAIL")(cell, counts)])
    return [["differences", "false PASS", "false FAIL"], *rows] if rows else []


def _coverage(counts: dict[str, int], methods: tuple[str, ...]) -> Rate:
    return Rate(sum(counts.get(f"{m} covered", 0) for m in methods), sum(counts.get(m, 0) for m in methods))


def _markdown(rows: list[list[str]]) -> str:
    lines = [rows[0], ["---", *["---:"] * (len(rows[0]) - 1)], *rows[1:]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(key: str) -> Cell:
    name, cases, true_difference, metrics = key.split("|")
    return Cell(name, int(cases), float(true_difference), int(metrics))
