"""One piece of a manifest laid over another."""

from __future__ import annotations

from typing import Any


def merged(base: Any, over: Any) -> Any:
    """`base` with `over` laid over it: mappings key by key (`null` takes a key away), lists of named things by name, else `over`."""
    match base, over:
        case dict(), dict():
            both = {key: merged(base[key], value) if key in base else value for key, value in over.items()}
            return {key: value for key, value in {**base, **both}.items() if value is not None}
        case list(), list() if _named(base) and _named(over):
            by_name = {each["name"]: each for each in over}
            changed = [merged(each, by_name.pop(each["name"], {})) for each in base]
            return [*changed, *by_name.values()]
        case _:
            return over


def _named(items: list[Any]) -> bool:
    return all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in items)
