"""Verdicts by words, for the metrics that hold an output, an expected output or a context against other texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from .compare import ENOUGH, Finding, parts, passages, share, weigh
from .relevance import Relevance, relevances
from .sentences import sentences
from .short import is_short
from .text import Passage, normal, passage
from .words import COURTESY

Fields = dict[str, object]

#: A sentence with more content units than this says something beside its courtesy.
COURTESY_UNITS = 6

#: Beside a short answer, as its second statement.
WHOLE = "(that is the whole answer)"

_LIMIT = re.compile(r"the (\d+) most important")


def statements(output: str) -> tuple[str, ...]:
    """The sentences of an output; never none, so that an output of bare marks is judged too."""
    return sentences(output) or (output.strip() or output,)


def answer_statements(output: str) -> tuple[str, ...]:
    """The statements that relevancy is judged by: of a short answer also that it is the whole one.

    Two verdicts can be a half: what words cannot tell is neither called relevant nor irrelevant.
    """
    found = statements(output)
    return (*found, WHOLE) if len(found) == 1 and is_short(found[0]) else found


def claims(output: str) -> tuple[str, ...]:
    """The sentences that state something: no questions, no thanks, no apologies."""
    return tuple(one for one in sentences(output) if not _empty_of_facts(one))


def _empty_of_facts(sentence: str) -> bool:
    stated = passage(sentence)
    if sentence.rstrip("」』）)\"' ").endswith(("?", "？", "؟")) or (stated.faint and len(stated.units) < 3):
        return True
    return bool(COURTESY.search(normal(sentence))) and not stated.quantities and len(stated.units) <= COURTESY_UNITS


def truths(source: str, limit: str) -> list[str]:
    """The sentences of the source, document by document; `limit` is the prompt's phrase for how many of each."""
    found = _LIMIT.search(limit)
    most = int(found[1]) if found else 1 if "single most" in limit else None
    return [truth for document in source.split("\n\n") for truth in sentences(document)[:most]]


def relevancy(question: str, stated: Sequence[str]) -> Fields:
    """Whether each statement speaks to the question."""
    if len(stated) == 2 and stated[1] == WHOLE:
        return verdicts(_halves(relevances(question, stated[:1])[0]))
    return verdicts(
        ("borderline" if one.verdict == "untold" else one.verdict, one.why) for one in relevances(question, stated)
    )


def _halves(one: Relevance) -> Iterator[tuple[str, str]]:
    if one.verdict == "untold":
        yield from (("borderline", one.why), ("no", one.why))
    else:
        yield from ((one.verdict, one.why), (one.verdict, one.why))


def verdicts(found: Iterable[tuple[str, str]]) -> Fields:
    """Verdicts with their reasons, as DeepEval's schemas have them."""
    return {"verdicts": [{"verdict": verdict, "reason": why or None} for verdict, why in found]}


def faithfulness(stated: Sequence[str], source: str) -> Fields:
    """Whether each claim is borne out by the source."""
    told = passages(source)
    return verdicts((_faithful(finding), _why(claim, finding)) for claim in stated for finding in (weigh(claim, told),))


def _faithful(finding: Finding) -> str:
    match finding.standing:
        case "supported":
            return "yes"
        case "borderline":
            return "borderline"
        case "unsupported" | "contradicted":
            return "no"
        case _:
            assert_never(finding.standing)


def _why(sentence: str, finding: Finding) -> str:
    return f"{finding.why} ({_shortened(sentence)})" if finding.why else ""


def _shortened(text: str, limit: int = 80) -> str:
    one_line = " ".join(text.split())
    return f"“{one_line if len(one_line) <= limit else one_line[: limit - 1] + '…'}”"


def hallucination(output: str, contexts: Sequence[str]) -> Fields:
    """Each sentence of the output is held against the context closest to it; contexts it does not speak of agree."""
    told, owners = _with_owners(contexts)
    against: dict[int, str] = {}
    for claim in claims(output):
        finding = weigh(claim, told)
        if finding.standing in ("unsupported", "contradicted"):
            against.setdefault(owners[finding.best] if told else 0, _why(claim, finding))
    agreed = "the output says nothing against this context"
    return verdicts(("no" if i in against else "yes", against.get(i, agreed)) for i in range(len(contexts)))


def _with_owners(contexts: Sequence[str]) -> tuple[tuple[Passage, ...], tuple[int, ...]]:
    """Every sentence of every context, and beside it the index of the context it stands in."""
    pairs = [(one, index) for index, context in enumerate(contexts) for one in passages(context)]
    return tuple(one for one, _ in pairs), tuple(index for _, index in pairs)


def precision(expected: str, nodes: Sequence[str]) -> Fields:
    """Whether each node helps to arrive at the expected output."""
    wanted = parts(expected) or (expected,)
    return verdicts(_usefulness(wanted, passages(node)) for node in nodes)


def _usefulness(wanted: Sequence[str], node: Sequence[Passage]) -> tuple[str, str]:
    best = max(wanted, key=lambda part: share(part, node))
    if share(best, node) >= ENOUGH:
        return "yes", f"it has the words of {_shortened(best)}"
    return "no", "it has too few words of the expected output"


def recall(expected: str, nodes: Sequence[str]) -> Fields:
    """Whether each sentence of the expected output stands in a node."""
    told, owners = _with_owners(nodes)
    found = []
    for sentence in statements(expected):
        finding = weigh(sentence, told)
        if finding.standing == "supported" and told:
            found.append(("yes", f"{_shortened(sentence)} is borne out by node {owners[finding.best] + 1}"))
        else:
            found.append(("no", _why(sentence, finding) or f"{_shortened(sentence)} stands in no node"))
    return verdicts(found)


def context_relevancy(question: str, context: str) -> Fields:
    """Whether each sentence of one context speaks to the question."""
    told = sentences(context)
    if not told:
        return {"verdicts": [{"statement": context, "verdict": "no", "reason": "the context is empty"}]}
    pairs = zip(told, relevances(question, told, answer=False), strict=True)
    return {
        "verdicts": [
            {"statement": sentence, "verdict": "no", "reason": f"{one.why} ({_shortened(sentence)})"}
            if one.verdict == "no"
            else {"statement": sentence, "verdict": "yes", "reason": None}
            for sentence, one in pairs
        ]
    }
