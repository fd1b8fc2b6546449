"""Reading and checking what the user writes."""

from __future__ import annotations

from .reading import LoadedSuite, load_placement, load_suite, parse_suite

__all__ = ["LoadedSuite", "load_placement", "load_suite", "parse_suite"]
