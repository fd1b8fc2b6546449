"""The environment, read in this one file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from .errors import EnvironmentProblem

#: Must stand in the environment before DeepEval is imported: no telemetry, no dotenv, no files, no deadlines of its own.
DEEPEVAL_ENVIRONMENT = {
    "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
    "DEEPEVAL_DISABLE_DOTENV": "1",
    "DEEPEVAL_DISABLE_LEGACY_KEYFILE": "1",
    "DEEPEVAL_FILE_SYSTEM": "READ_ONLY",
    "DEEPEVAL_EVAL_MODE": "llm",
    "DEEPEVAL_DISABLE_TIMEOUTS": "1",
    "CONFIDENT_OPEN_BROWSER": "0",
}


def environment() -> Mapping[str, str]:
    """The process's environment."""
    return os.environ


def worker_environment() -> dict[str, str]:
    """The environment of a worker process: this one's, with sets in the same order in every worker.

    Some of DeepEval's prompts list a set; with Python's random hashing two workers would ask differently.
    """
    return {**os.environ, "PYTHONHASHSEED": "0"}


def block_deepeval_side_effects() -> None:
    """Set DeepEval's environment block in this process; call before importing it."""
    os.environ.update(DEEPEVAL_ENVIRONMENT)
    os.environ.pop("CONFIDENT_API_KEY", None)


def secret(name: str | None, *, needed_for: str) -> str | None:
    """The value of the environment variable `name`; None when no name is given.

    Raises `EnvironmentProblem` naming the variable, never a value.
    """
    if name is None:
        return None
    value = os.environ.get(name)
    if not value:
        raise EnvironmentProblem(
            f"the environment variable {name} is not set ({needed_for})", hint=f"export {name}=… and run again"
        )
    return value.strip()


def expand(text: str, *, needed_for: str) -> str:
    """`text` with every `${NAME}` replaced from the environment."""
    return re.sub(r"\$\{(\w+)\}", lambda found: secret(found[1], needed_for=needed_for) or "", text)


def proxy_for(url: str) -> str | None:
    """The proxy that `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name for a URL; None for a direct way."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
