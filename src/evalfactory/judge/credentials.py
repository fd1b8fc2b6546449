"""Keys and headers, from references in a suite to what is sent, and what must never be shown."""

from __future__ import annotations

import re
from typing import Protocol

from ..settings import expand, secret

_REFERENCE = re.compile(r"\$\{(\w+)\}")


class Keyed(Protocol):
    """The part of a specification that names secrets."""

    @property
    def api_key_env(self) -> str | None: ...
    @property
    def headers(self) -> dict[str, str]: ...


def headers_of(spec: Keyed, what: str) -> dict[str, str]:
    """The headers of every request; the suite's own come before ours. Raises `EnvironmentProblem` for a missing one."""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
    key = secret(spec.api_key_env, needed_for=f"{what}'s key")
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    given = {name: expand(value, needed_for=f"{what}'s header {name}") for name, value in spec.headers.items()}
    replaced = {name.lower() for name in given}
    return {name: value for name, value in headers.items() if name.lower() not in replaced} | given


def secrets_of(spec: Keyed, what: str) -> tuple[str, ...]:
    """What must never be shown: the key, and whatever comes from the environment into a header; longest first."""
    names = {spec.api_key_env, *(name for value in spec.headers.values() for name in _REFERENCE.findall(value))}
    found = (secret(name, needed_for=what) for name in names)
    return tuple(sorted((text for text in found if text and len(text) > 3), key=len, reverse=True))
