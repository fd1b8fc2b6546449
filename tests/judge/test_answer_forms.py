from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field, create_model

from evalfactory.judge.schemas import form_of


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]
    reason: str | None = Field(default=None, title="why")


class Colour(StrEnum):
    RED = "red"


class Verdicts(BaseModel):
    title: str = "a property that is called like a keyword"
    verdicts: list[Verdict]
    best: Verdict | None = None
    colour: Colour = Colour.RED


class Free(BaseModel):
    data: dict[str, str | list[str]] | None = None


class Anything(BaseModel):
    value: Any


def test_the_strict_form_requires_everything_and_allows_nothing_else() -> None:
    form = form_of(Verdicts)
    assert form.name == "Verdicts"
    assert form.strict
    assert form.schema["required"] == ["title", "verdicts", "best", "colour"]
    assert form.schema["additionalProperties"] is False
    inner = form.schema["$defs"]["Verdict"]
    assert inner["required"] == ["verdict", "reason"]
    assert inner["additionalProperties"] is False
    assert inner["properties"]["reason"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert form.schema["properties"]["colour"] == {"$ref": "#/$defs/Colour"}
    assert "title" in form.schema["properties"]


@pytest.mark.parametrize("answer", [Free, Anything])
def test_what_strict_mode_cannot_express_is_sent_without_its_promise(answer: type[BaseModel]) -> None:
    form = form_of(answer)
    assert not form.strict
    jsonschema.Draft202012Validator.check_schema(form.schema)


def test_what_fits_the_form_fits_the_class() -> None:
    value = {"title": "t", "verdicts": [{"verdict": "yes", "reason": None}], "best": None, "colour": "red"}
    jsonschema.validate(value, form_of(Verdicts).schema)
    assert Verdicts.model_validate(value).verdicts[0].verdict == "yes"


def test_a_name_that_endpoints_refuse_is_made_acceptable() -> None:
    assert form_of(create_model("Answer[str, 日本]", text=(str, ...))).name == "Answer_str_"
    assert len(form_of(create_model("A" * 100, text=(str, ...))).name) == 64
