"""Reading and checking what the user writes."""

from .reading import LoadedSuite, load_suite, parse_suite

__all__ = ["LoadedSuite", "load_suite", "parse_suite"]
