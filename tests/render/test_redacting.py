"""Pages without the texts of their cases."""

from __future__ import annotations

from evalfactory.records.page import CaseLine, CaseText, Draw, Page, Text
from evalfactory.records.suite import Redacted
from evalfactory.render.redacting import redacted_page

TALK = CaseText(
    texts=(Text("scenario", ("scene",)), Text("turns", ("user: ask",)), Text("metadata", ("ask",))),
    draws=(Draw(0, 0, "scored", 0.5, reason="because", before_reason="before"),),
    answer="user: ask",
    answer_before="user: ask",
)
PAGE = Page((CaseLine("talk", (), asked="scene"),), (TALK,), ())


def seen(*fields: Redacted) -> set[str]:
    """What is still told of the conversation."""
    page = redacted_page(PAGE, fields)
    (line,), (text,) = page.lines, page.texts
    assert text is not None
    told = [passage for field in text.texts for passage in field.passages]
    draws = [word for draw in text.draws for word in (draw.reason, draw.before_reason)]
    return set(filter(None, [line.id, line.asked, *told, *draws, text.answer, text.answer_before]))


def test_a_conversation_hides_what_was_said_with_either_side_of_it() -> None:
    assert seen() == {"talk", "scene", "user: ask", "ask", "because", "before"}
    assert seen("input") == {"talk"}
    assert seen("actual_output") == {"talk", "scene"}
    assert seen("retrieval_context") == {"talk", "scene"}
    assert seen("reason") == {"talk", "scene", "user: ask"}
    assert seen("case_id") == {"ce7611e7", "scene", "user: ask", "because", "before"}
