"""The prompt files of a chat target, as they are now or as a plan has frozen them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..errors import InputError, Problem
from ..records.suite import ChatTarget


class Prompt(NamedTuple):
    """One message's template."""

    role: str
    file: str
    text: str


def prompts_of(spec: ChatTarget, folder: Path) -> tuple[Prompt, ...]:
    """The messages' templates in order. Raises `InputError` for a file that cannot be read."""
    system = (Prompt("system", spec.system, _text(spec.system_text, folder, spec.system)),) if spec.system else ()
    return (*system, Prompt("user", spec.prompt, _text(spec.prompt_text, folder, spec.prompt)))


def _text(frozen: str | None, folder: Path, name: str) -> str:
    return frozen if frozen is not None else read_prompt(folder / name)


def read_prompt(path: Path) -> str:
    """The file's text. Raises `InputError` that names it."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _cannot(path, "is not UTF-8", "save it as UTF-8", line) from None
    except FileNotFoundError:
        raise _cannot(path, "is not there", "the path is relative to the suite's folder") from None
    except OSError as error:
        raise _cannot(path, f"cannot be read: {error.strerror}", None) from None


def _cannot(path: Path, what: str, hint: str | None, line: int | None = None) -> InputError:
    return InputError("a prompt cannot be read", (Problem(what, file=str(path), line=line, hint=hint),))
