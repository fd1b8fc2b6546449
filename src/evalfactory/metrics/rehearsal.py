"""A judge without a model: answers any schema from a hash of seed and prompt. For measuring metrics, never for scores."""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import BaseModel

from ..judge.port import Answer

#: Items in every list it answers with.
LIST_LENGTH = 3
#: A G-Eval score is out of ten, every other one out of one.
OUT_OF_TEN = "ReasonScore"


class RehearsalJudge:
    """Answers at once, the same for the same seed and prompt, and keeps the prompts it was asked."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.prompts: list[str] = []

    async def ask(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        """An answer of the right shape."""
        return self.answer(prompt, schema)

    def answer(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        """The same, for who cannot wait."""
        self.prompts.append(prompt)
        if schema is None:
            return f"words {_draw(f'{self.seed}{prompt}', 1000)}"
        return schema.model_validate(fill(schema, f"{self.seed}{prompt}"))

    async def close(self) -> None:
        """Nothing to close."""


def fill(schema: type[BaseModel], source: str) -> dict[str, Any]:
    """A JSON object that `schema` accepts, decided by the text `source` alone."""
    described = schema.model_json_schema()
    described["x-out-of"] = 10 if schema.__name__ == OUT_OF_TEN else 1
    value = _value(described, described, source)
    assert isinstance(value, dict)
    return value


def _value(node: dict[str, Any], root: dict[str, Any], source: str) -> Any:
    match node:
        case {"$ref": ref}:
            return _value(root["$defs"][ref.rsplit("/", 1)[-1]], root, source)
        case {"anyOf": options}:
            return _value(options[0], root, source)
        case {"enum": values}:
            return values[_draw(source, len(values))]
        case {"const": value}:
            return value
        case _:
            return _plain(node, root, source)


def _plain(node: dict[str, Any], root: dict[str, Any], source: str) -> Any:
    match node.get("type"):
        case "object":
            fields: dict[str, Any] = node.get("properties", {"fact": node.get("additionalProperties")})
            return {name: _value(field or {}, root, f"{source}/{name}") for name, field in fields.items()}
        case "array":
            return [_value(node["items"], root, f"{source}/{index}") for index in range(LIST_LENGTH)]
        case "number":
            return _draw(source, 5) / 4 * root["x-out-of"]
        case "integer":
            return _draw(source, LIST_LENGTH)
        case "boolean":
            return _draw(source, 2) == 1
        case _:
            return f"words {_draw(source, 1000)}"


def _draw(source: str, sides: int) -> int:
    return int.from_bytes(hashlib.sha256(source.encode()).digest()[:4], "big") % sides
