from __future__ import annotations

import json
from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from evalfactory.judge.simulator.dice import Dice
from evalfactory.judge.simulator.fill import Unfillable, fill
from evalfactory.judge.simulator.reading import Reading
from evalfactory.judge.simulator.telling import Doubted, JudgeTeller, Odds

Schema = dict[str, Any]

ANYTHING: Schema = {}
NAMES = st.sampled_from(
    ["verdict", "verdicts", "score", "reason", "statements", "index", "answers", "steps", "data", "x"]
)
PROMPTS = st.sampled_from(
    [
        "",
        "Judge this.\n\nText:\nIt opens at nine. Shoes can be returned.\n\nJSON:",
        "Statements:\n['one', \"it's two\", 'three']\n\nJSON:",
        "give an integer between 0 and 10\n\nTurns:\n[{'content': 'Hi', 'role': 'user'}]",
        "店は何時に開きますか。九時です。",
    ]
) | st.text(max_size=80)


def texts() -> st.SearchStrategy[Schema]:
    lengths: st.SearchStrategy[Schema] = st.fixed_dictionaries(
        {}, optional={"minLength": st.integers(0, 20), "maxLength": st.integers(20, 40)}
    )
    formats: st.SearchStrategy[Schema] = st.sampled_from(["date", "date-time", "email", "uuid"]).map(
        lambda kind: {"format": kind}
    )
    patterns: st.SearchStrategy[Schema] = st.sampled_from(
        ["^(yes|no|idk)$", "^yes|no$", r"^\d{4}-\d\d-\d\d$", "o"]
    ).map(lambda p: {"pattern": p})
    return st.one_of(lengths, formats, patterns, st.just(ANYTHING)).map(lambda more: {"type": "string", **more})


def numbers() -> st.SearchStrategy[Schema]:
    bounds = st.fixed_dictionaries(
        {},
        optional={
            "minimum": st.integers(-100, 5),
            "maximum": st.integers(9, 100),
            "exclusiveMinimum": st.integers(-100, 4),
            "exclusiveMaximum": st.integers(9, 100),
            "multipleOf": st.sampled_from([1, 2, 0.5]),
        },
    )
    return st.builds(lambda kind, more: {"type": kind, **more}, st.sampled_from(["integer", "number"]), bounds)


def leaves() -> st.SearchStrategy[Schema]:
    constants = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
    return st.one_of(
        texts(),
        numbers(),
        st.sampled_from(
            [{"type": "boolean"}, {"type": "null"}, {"$ref": "#/$defs/Shared"}, {"$ref": "#/$defs/Tree"}, {}]
        ),
        constants.map(lambda value: {"const": value}),
        st.lists(constants, min_size=1, max_size=4).map(lambda values: {"enum": values}),
        st.sampled_from(["string", "integer", "boolean"]).map(lambda kind: {"type": [kind, "null"]}),
    )


def arrays(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    more = st.fixed_dictionaries(
        {},
        optional={
            "minItems": st.integers(0, 3),
            "maxItems": st.integers(3, 5),
            "prefixItems": st.lists(inner, max_size=2),
        },
    )
    distinct = st.integers(0, 4).map(
        lambda n: {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": n}
    )
    return st.builds(lambda items, rest: {"type": "array", "items": items, **rest}, inner, more) | distinct


def objects(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    def build(properties: dict[str, Schema], required: list[str], closed: bool) -> Schema:
        schema: Schema = {"type": "object", "properties": properties, "required": sorted({*required} & {*properties})}
        return schema | ({"additionalProperties": False} if closed else {})

    known = st.builds(build, st.dictionaries(NAMES, inner, max_size=4), st.lists(NAMES), st.booleans())
    maps = inner.map(lambda value: {"type": "object", "additionalProperties": value, "minProperties": 1})
    return known | maps


def schemas() -> st.SearchStrategy[Schema]:
    return st.recursive(
        leaves(),
        lambda inner: st.one_of(
            arrays(inner),
            objects(inner),
            st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}),
            inner.map(lambda part: {"allOf": [part], "title": "wrapped"}),
        ),
        max_leaves=8,
    ).map(with_definitions)


def with_definitions(schema: Schema) -> Schema:
    tree = {
        "type": "object",
        "properties": {
            "value": {"type": "integer"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
            "next": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]},
        },
        "required": ["value", "children", "next"],
    }
    return {**schema, "$defs": {"Shared": {"enum": ["yes", "no"], "type": "string"}, "Tree": tree}}


def teller(prompt: str, seed: int) -> JudgeTeller:
    return JudgeTeller(Reading(prompt), Dice("test", seed), Odds(), Doubted())


@given(schemas(), PROMPTS, st.integers(0, 50))
def test_whatever_the_schema_and_the_prompt_the_value_fits(schema: Schema, prompt: str, seed: int) -> None:
    value = fill(schema, teller(prompt, seed))
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(value)
    assert json.loads(json.dumps(value)) == value


@given(PROMPTS, st.integers(0, 50))
def test_a_pydantic_class_validates_what_its_own_schema_was_filled_with(prompt: str, seed: int) -> None:
    class Item(BaseModel):
        verdict: Literal["yes", "no", "borderline"]
        reason: str | None = None
        child: Item | None = None

    class Answer(BaseModel):
        verdicts: list[Item]
        score: float = Field(ge=0, le=1)
        rank: int = Field(gt=2, lt=5)
        facts: dict[str, str | list[str]] | None
        either: int | bool | list[Literal["a", "b"]]

    Answer.model_validate(fill(Answer.model_json_schema(), teller(prompt, seed)))


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/Missing"},
        {"$ref": "#"},
        {"enum": []},
        {"anyOf": [False]},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "integer", "multipleOf": 10, "minimum": 11, "maximum": 19},
        {"type": "string", "pattern": "^[A-Z]{17}$"},
        {"type": "array", "items": {"enum": ["only"]}, "uniqueItems": True, "minItems": 2},
    ],
)
def test_a_schema_that_nothing_fits_is_said_to_be_unfillable(schema: Schema) -> None:
    with pytest.raises(Unfillable):
        fill(schema, teller("", 0))


def test_a_list_of_verdicts_has_one_for_each_thing_that_the_prompt_lists() -> None:
    verdict = {"type": "object", "properties": {"verdict": {"enum": ["yes", "no"]}}, "required": ["verdict"]}
    schema = {"type": "object", "properties": {"verdicts": {"type": "array", "items": verdict}}}
    for count in range(1, 9):
        prompt = f"Claims:\n{[f'it{chr(39)}s claim {n}' for n in range(count)]}\n\nJSON:"
        assert len(fill(schema, teller(prompt, count))["verdicts"]) == count
