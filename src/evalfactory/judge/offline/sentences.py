"""Texts cut into sentences and clauses, by the marks of many scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LIST_MARK = re.compile(r"^\s*(?:[-*•・▪◦>#]+\s+|[・•]\s*|\(?\d{1,2}[.)]\s+|[①-⑳]\s*)")
_CLOSERS = r"」』）)”’\"'】\]"
_END = re.compile(
    rf"[。！？｡؟۔।॥።။](?:[。！？]|[{_CLOSERS}])*\s*"  # marks that end a sentence wherever they stand
    rf"|(?<![!?…])(?:[!?]+|\.{{1,3}}|…+)[{_CLOSERS}]*(?:\s+|(?=[^\x00-\x7f]))"  # and those that need a space or another script after them
    r"|(?<=[a-z0-9)%])\.(?=[A-Z])"  # or a capital, where someone forgot the space
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|e\.g|i\.e|etc|vs|approx|no|nos|mr|mrs|ms|dr|st|prof|jr|sr|inc|ltd|co|fig|[a-z]\.[a-z])\.$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[,:](?!\d)|[;،؛、，；：—()（）]|\s[-–]\s|\b(?:but|however|although|unless|except|while|whereas|so)\b|(?:ですが|ますが|せんが|場合は|ので|ため)"
)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, without list marks; a line break ends one too."""
    return tuple(sentence for line in text.splitlines() for sentence in _of_line(_LIST_MARK.sub("", line)))


def _of_line(line: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(line):
        if end[0].startswith(".") and not end[0].startswith("..") and _abbreviated(line, end.start() + 1):
            continue
        if sentence := line[start : end.end()].strip():
            yield sentence
            start = end.end()
    if sentence := line[start:].strip():
        yield sentence


def _abbreviated(line: str, end: int) -> bool:
    return _ABBREVIATION.search(line, max(0, end - 12), end) is not None


def clauses(text: str) -> tuple[str, ...]:
    """The clauses of a sentence, roughly: a denial reaches no farther than its own."""
    return tuple(clause for clause in _CLAUSE.split(text) if clause.strip())
