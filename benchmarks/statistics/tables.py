"""The measured error rates as the tables of a page."""

from __future__ import annotations


def write_page(results: dict[str, dict[str, int]]) -> None:
    """Write the tables between the page's markers."""
