"""What was measured, as tables in docs/explanation/performance.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "performance.md"


def with_tables(page: str, results: dict[str, Any]) -> str:
    """The page with each section's table between its two markers, such as `<!-- judge -->` and `<!-- end of judge -->`."""
    for name, result in results.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if found:
            page = f"{before}{begin}\n{table(result)}\n{end}{after}"
    return page


def table(result: dict[str, Any]) -> str:
    """A section as Markdown."""
    columns = list(dict.fromkeys(column for row in result["rows"] for column in row))
    machine_ = result["machine"]
    lines = [
        "| " + " | ".join(column.replace("_", " ") for column in columns) + " |",
        "|" + "---|" * len(columns),
        *("| " + " | ".join(_cell(row.get(column)) for column in columns) + " |" for row in result["rows"]),
        "",
        f"*{result['title']}. Measured {result['measured_at'][:10]} on {machine_['cores']} cores ({machine_['processor']}),"
        f" Python {machine_['python']}, load before {machine_['load_before']:.1f}.*",
        "",
    ]
    return "\n".join(lines)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)
