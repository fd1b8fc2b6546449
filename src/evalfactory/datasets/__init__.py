"""Reading cases from files: JSON Lines, JSON, CSV, Parquet; on this machine or in a bucket; streamed."""

from .mapping import Reading, case_from
from .reading import NoCase, ReadCase, read_cases, read_lines
from .source import open_dataset

__all__ = ["NoCase", "ReadCase", "Reading", "case_from", "open_dataset", "read_cases", "read_lines"]
