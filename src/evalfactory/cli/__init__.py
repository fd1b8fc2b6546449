"""The command line: parse, call the library, print, exit."""

from .main import main

__all__ = ["main"]
