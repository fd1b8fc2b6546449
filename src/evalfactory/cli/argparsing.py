"""argparse, with our words for what is wrong and our shape of help."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from ..errors import UsageError


class Help(argparse.RawDescriptionHelpFormatter):
    """Every command and short option with its words on one line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)
        self._action_max_length = 13  # argparse forgets that it indents the names of commands


class Parser(argparse.ArgumentParser):
    """Raises `UsageError` for a wrong command line, with the nearest right word where there is one."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(_in_our_words(message), hint=f"{self.prog} --help")

    def parse_known_args(  # type: ignore[override]  # argparse has overloads, for namespaces of any class
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """As argparse's, but a command itself refuses what it does not know, so that its own words can be suggested."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            raise self._unknown(unknown)
        return known, unknown

    def _unknown(self, words: Sequence[str]) -> UsageError:
        options = [flag for action in self._actions for flag in action.option_strings]
        wrong = next((word.partition("=")[0] for word in words if word.startswith("-")), words[0])
        near = nearest(wrong, options) if wrong.startswith("-") else None
        return UsageError(f"`{self.prog}` does not take {wrong}", hint=near or f"{self.prog} --help")


def _in_our_words(message: str) -> str:
    """Argparse's complaint without its own terms."""
    choices = re.fullmatch(r"argument (\S+): invalid choice: '(.*)' \(choose from (.*)\)", message)
    if choices:
        known = choices[3].replace("'", "")
        return f"{choices[1]}: {choices[2]} is none of {known}"
    message = re.sub(r"invalid (int|float) value: '(.*)'", r"\2 is no number", message)
    return message.removeprefix("argument ").replace("the following arguments are required:", "what is missing:")


Commands = argparse._SubParsersAction


def command(commands: Commands[Parser], name: str, summary: str, example: str) -> Parser:
    """A new command. The summary is a line of the list of commands, and the first one of its own help."""
    return commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog="example:\n" + "\n".join(f"  {line}" for line in example.splitlines()),
        formatter_class=Help,
        allow_abbrev=False,
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.5)), None)
