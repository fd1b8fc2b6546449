"""What is wrong with text that is not YAML, in words about what the writer sees."""

from __future__ import annotations

import yaml

from ..errors import Problem
from .words import shown, visible

#: Part of the parser's words -> ours, and what to try.
_PLAIN_WORDS = (
    ("mapping values are not allowed", "a `key: value` cannot stand here", "a text with `: ` in it needs quotes; else look at the indentation"),
    ("could not find expected ':'", "a key without its `:`", "write `key: value`, with a space after the colon"),
    ("scanning an alias", "`*` here means an anchor, and this is no name of one", "a text that begins with * needs quotes"),
    ("scanning an anchor", "`&` here sets an anchor, and this is no name for one", "a text that begins with & needs quotes"),
    ("undefined alias", "`*` here means an anchor, and there is none of that name", "a text that begins with * needs quotes"),
    ("duplicate anchor", "the same anchor (`&name`) is set twice", None),
    ("did not find expected ',' or ']'", "a list in brackets lacks a comma or its `]`", None),
    ("did not find expected ',' or '}'", "a mapping in braces lacks a comma or its `}`", None),
    ("did not find expected '-' indicator", "this line is no item of the list above, nor outside of it", "give all items the same indentation"),
    ("did not find expected key", "this line does not fit the lines above it", "look at the indentation and at quotes and brackets"),
    ("unexpected end of stream", "a quoted text is never closed", "close it with the quote that it began with"),
    ("unknown escape character", "a backslash in double quotes begins an escape, and this is none", "use single quotes, or double the backslash"),
    ("invalid Unicode character escape", "an escape that is no character", None),
    ("expected <document start>", "the suite is over before this line", "look at the lines above: a bracket too many, or a lost indentation"),
)  # fmt: skip


def syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    """The one problem that stopped the parser."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    words = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read")
    context = str(getattr(error, "context", None) or "")
    if mark is None:
        return Problem(f"cannot be read as YAML: {visible(words)}", file)
    begun = getattr(error, "context_mark", None)
    opening = begun is not None and ("flow" in context or "quoted" in context)  # the bracket, the quote
    line = (begun or mark).line + 1 if opening else mark.line + 1
    lines = text.splitlines()
    tab = _tab_line(lines, mark.line) or (mark.line + 1 if "tab character" in words else None)
    if tab:
        return Problem(
            "a tab indents this line, and YAML allows only spaces", file, tab, hint="replace the tab by spaces"
        )
    if "cannot start any token" in words:
        return _bad_start(lines, mark, file)
    for part, ours, hint in _PLAIN_WORDS:
        if part in words or part in context:
            return Problem(ours, file, line, hint=hint)
    return Problem(f"cannot be read as YAML: {visible(words)}", file, line)


def _tab_line(lines: list[str], near: int) -> int | None:
    """The number of the line, here or just above, whose indentation has a tab."""
    for index in (near, near - 1):
        if 0 <= index < len(lines):
            line = lines[index]
            if "\t" in line[: len(line) - len(line.lstrip())] and line.strip():
                return index + 1
    return None


def _bad_start(lines: list[str], mark: yaml.Mark, file: str) -> Problem:
    rest = lines[mark.line][mark.column :] if mark.line < len(lines) else ""
    return Problem(
        f"a text cannot begin with {shown(rest[:1])} here", file, mark.line + 1, hint="put the text in quotes"
    )
