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
LEAST_COVERED, LEAST_BOUNDED = 0.93, 0.95
CERTAINTY, STRICT_CERTAINTY = 0.99, 0.998  # of the Monte Carlo bounds; the second holds for five looks together
ENOUGH = 200  # intervals of one kind, for their coverage to be told
IN_FORCE, WORTH_A_ROW = 0.95, 10  # share of the trials in which a method (nearly) always is in force; trials
RESAMPLED, ALL = ("bca", "unseen"), ("bca", "unseen", "bounded")


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
        return self.at_most(CERTAINTY)

    def at_most(self, certainty: float) -> float:
        """The upper bound of that certainty."""
        return 1.0 if self.seen == self.of else float(beta.ppf(certainty, self.seen + 1, self.of - self.seen))

    @property
    def least(self) -> float:
        """The lower 99 % bound."""
        return float(beta.ppf(1 - CERTAINTY, self.seen, self.of - self.seen + 1)) if self.seen else 0.0


Told: TypeAlias = Callable[[Cell, dict[str, int]], str]


def write_page(results: Results) -> None:
    """Write the tables between the page's markers."""
    write_between(BEGIN, END, tables(results))


def write_between(begin: str, end: str, some: Iterable[str]) -> None:
    """Write what is given between two marks of the page."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, _, tail = rest.partition(end)
    body = "\n\n".join(some)
    PAGE.write_text(f"{head}{begin}\n\n{body}\n\n{end}{tail}", encoding="utf-8")


def tables(results: Results) -> Iterator[str]:
    """Every table with its title, as Markdown."""
    trials = sum(counts["trials"] for counts in results.values())
    yield f"{trials:,} trials, each one comparison through the gate."
    for title, true_difference, told in (
        ("False PASS, the true drop being the margin (nominal 2.5 %)", -MARGIN, _FALSE_PASS),
        ("False FAIL, the true drop being the margin (nominal 2.5 %)", -MARGIN, _FALSE_FAIL),
        ("False FAIL, nothing having changed", 0.0, _FALSE_FAIL),
        ("Coverage of the 95 % intervals as they ship, by whichever method", -MARGIN, _covered(ALL, 0.0)),
        ("Coverage of the resampled ones, where (nearly) all are resampled", -MARGIN, _covered(RESAMPLED, IN_FORCE)),
        ("Coverage of the bounded ones", -MARGIN, _covered(("bounded",), 0.0)),
        ("PASS, nothing having changed: seen (theory)", 0.0, _power("PASS")),
        ("FAIL, the true drop being twice the margin: seen (theory)", -2 * MARGIN, _power("FAIL")),
    ):
        if rows := _rows(results, true_difference, told):
            yield f"**{title}**"
            yield markdown(rows)
    if rows := _mixed(results):
        yield "**Where now one method is in force, now the other: the resampled intervals by themselves, and all**"
        yield markdown(rows)
    if rows := _family(results):
        yield "**Five independent metrics at once, 500 cases, every true drop being the margin**"
        yield markdown(rows)
    yield _standing(results)


def bounded(cell: Cell, counts: dict[str, int], certainty: float = CERTAINTY) -> bool:
    """Whether the trials show that the cell's wrong verdicts are rare enough."""
    rates = [Rate(counts.get(outcome, 0), counts["trials"]) for outcome in _wrong(cell)]
    return all(rate.at_most(certainty) <= MOST_ERRORS for rate in rates)


def _standing(results: Results) -> str:
    """How many cells are shown to keep the promise."""
    missed, disproved = list(misses(results)), list(misses(results, quick=True))
    kept = len(results) - len({each.split(":")[0] for each in missed})
    told = f"**Of {len(results)} cells {kept} are shown to keep every promise, {len(disproved)} to break one.**"
    if missed:
        told += " The others need more trials to tell: a bracket of theirs is above 3.5, or their coverage below 93."
    margin = {_cell(key): counts for key, counts in results.items() if _cell(key).true_difference == -MARGIN}
    strict = sum(bounded(cell, counts, STRICT_CERTAINTY) for cell, counts in margin.items())
    return f"{told} Of the {len(margin)} cells at the margin {strict} keep the error rates by bounds of 99.8 %, too."


def misses(results: Results, *, quick: bool = False) -> Iterator[str]:
    """Every promise that the trials do not bear out; of few (`quick`) trials those that they disprove."""
    for key, counts in sorted(results.items()):
        cell, key = _cell(key), _in_words(_cell(key))
        for outcome in _wrong(cell):
            rate = Rate(counts.get(outcome, 0), counts["trials"])
            if (rate.least if quick else rate.most) > MOST_ERRORS:
                yield f"{key}: {outcome} in {rate.share:.1%}, perhaps {rate.most:.1%}"
        shipped, resampled = _coverage(counts, ALL), _coverage(counts, RESAMPLED)
        if shipped.of and (shipped.most if quick or shipped.of < ENOUGH else shipped.share) < LEAST_COVERED:
            yield f"{key}: intervals cover {shipped.share:.2%}"
        alone = resampled.of >= max(ENOUGH, IN_FORCE * counts["trials"])
        if alone and (resampled.most if quick else resampled.share) < LEAST_COVERED:
            yield f"{key}: resampled intervals cover {resampled.share:.2%}"
        bounded = _coverage(counts, ("bounded",))
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


def _covered(methods: tuple[str, ...], in_force: float) -> Told:
    def told(_: Cell, counts: dict[str, int]) -> str:
        rate = _coverage(counts, methods)
        enough = rate.of >= max(ENOUGH, in_force * counts["trials"])
        return f"{100 * rate.share:.1f} of {rate.of:,}" if enough else "–"

    return told


def _power(outcome: str) -> Told:
    def told(cell: Cell, counts: dict[str, int]) -> str:
        return f"{100 * counts.get(outcome, 0) / counts['trials']:.0f} ({100 * power_in_theory(cell):.0f})"

    return told


def _mixed(results: Results) -> list[list[str]]:
    """Cells at the margin in which the sample itself chose the method, the worst coverage first."""
    rows = []
    for key, counts in results.items():
        cell, resampled, trials = _cell(key), _coverage(counts, RESAMPLED), counts["trials"]
        mixed = WORTH_A_ROW <= resampled.of < IN_FORCE * trials
        if cell.true_difference != -MARGIN or cell.metrics > 1 or not mixed:
            continue
        failed = sum(counts.get(f"{method} FAIL", 0) for method in RESAMPLED)
        shipped = _coverage(counts, ALL)
        numbers = (resampled.share, failed / resampled.of, shipped.share, counts.get("FAIL", 0) / trials)
        texts = [f"{100 * number:.1f}" for number in numbers]
        where = f"{ABOUT[cell.world]}, n = {cell.cases:,}"
        rows.append((resampled.share, [where, f"{resampled.of:,} of {trials:,}", *texts]))
    titles = ["differences", "resampled", "these cover", "of these FAIL", "all cover", "of all FAIL"]
    return [titles, *(row for _, row in sorted(rows))] if rows else []


def _family(results: Results) -> list[list[str]]:
    rows = []
    for key, counts in sorted(results.items()):
        cell = _cell(key)
        if cell.metrics > 1:
            rows.append([ABOUT[cell.world], _errors("PASS")(cell, counts), _errors("FAIL")(cell, counts)])
    return [["differences", "false PASS", "false FAIL"], *rows] if rows else []


def _coverage(counts: dict[str, int], methods: tuple[str, ...]) -> Rate:
    return Rate(sum(counts.get(f"{m} covered", 0) for m in methods), sum(counts.get(m, 0) for m in methods))


def markdown(rows: list[list[str]]) -> str:
    """The table, its first row being its titles."""
    lines = [rows[0], ["---", *["---:"] * (len(rows[0]) - 1)], *rows[1:]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(key: str) -> Cell:
    name, cases, true_difference, metrics = key.split("|")
    return Cell(name, int(cases), float(true_difference), int(metrics))
