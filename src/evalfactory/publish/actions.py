"""Where on GitHub a build stands, as its environment tells; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError

API_URL = "https://api.github.com"
SERVER_URL = "https://github.com"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_PULL_REF = re.compile(r"refs/pull/(\d+)/")


@dataclass(frozen=True, slots=True)
class Place:
    """A pull request, a commit, and what a build on GitHub offers."""

    repository: str | None = None
    pull_request: int | None = None
    sha: str | None = None  # the commit that people see: of a pull request its head, not the merge that is built
    token: str | None = None
    api_url: str = API_URL
    build_url: str | None = None
    summary_file: str | None = None
    from_fork: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says, which comes before the environment."""

    repository: str | None = None
    pull_request: int | None = None
    sha: str | None = None


def place_of(environment: Mapping[str, str], event: str, given: Given = Given()) -> Place:
    """The place that the environment of GitHub Actions tells, `event` being the text of `GITHUB_EVENT_PATH`.

    Raises:
        UsageError: A repository or commit that was named is none.
    """
    told = _event(event)
    pull = told.get("pull_request")
    pull = pull if isinstance(pull, dict) else {}
    head = pull.get("head")
    head = head if isinstance(head, dict) else {}
    repository = given.repository or environment.get("GITHUB_REPOSITORY") or None
    sha = given.sha or head.get("sha") or environment.get("GITHUB_SHA") or None
    if repository is not None and not _REPOSITORY.fullmatch(repository):
        raise UsageError(f"{repository!r} is no repository", hint="owner/name")
    if sha is not None and (not isinstance(sha, str) or not _SHA.fullmatch(sha)):
        raise UsageError(f"{sha!r} is no commit", hint="the whole id: 40 digits")
    return Place(
        repository=repository,
        pull_request=given.pull_request or _number(pull.get("number")) or _of_ref(environment.get("GITHUB_REF", "")),
        sha=sha,
        token=(environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN") or "").strip() or None,
        api_url=(environment.get("GITHUB_API_URL") or API_URL).rstrip("/"),
        build_url=_build_url(environment, repository),
        summary_file=environment.get("GITHUB_STEP_SUMMARY") or None,
        from_fork=_is_fork(head, repository),
    )


def _event(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _of_ref(ref: str) -> int | None:
    found = _PULL_REF.match(ref)
    return int(found[1]) if found else None


def _is_fork(head: Mapping[str, Any], repository: str | None) -> bool:
    of = head.get("repo")
    return isinstance(of, dict) and repository is not None and of.get("full_name") not in (None, repository)


def _build_url(environment: Mapping[str, str], repository: str | None) -> str | None:
    run = environment.get("GITHUB_RUN_ID", "")
    if not run.isdecimal() or repository is None:
        return None
    server = (environment.get("GITHUB_SERVER_URL") or SERVER_URL).rstrip("/")
    return f"{server}/{repository}/actions/runs/{run}"
