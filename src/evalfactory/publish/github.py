"""GitHub's REST API, as far as a verdict needs it: the suite's comment, a check run, a commit status."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from .sending import Courier, Patience, Untold

_PAGE = 100
_MOST_PAGES = 100
API_VERSION = "2022-11-28"
#: What a comment may be at most is not in the API's description; a longer status is refused with 422.
MOST_DESCRIPTION = 140

Conclusion = Literal["success", "failure", "neutral", "action_required"]
State = Literal["success", "failure", "error"]


class Placed(NamedTuple):
    """What was done, and where it can be seen."""

    done: Literal["created", "updated", "left"]
    url: str


class Check(NamedTuple):
    """What a check run says."""

    name: str
    sha: str
    conclusion: Conclusion
    title: str
    summary: str
    external_id: str
    details_url: str | None


class Status(NamedTuple):
    """What a commit status says."""

    context: str
    sha: str
    state: State
    description: str
    target_url: str | None


def courier(api_url: str, token: str, patience: Patience | None = None) -> Courier:
    """Who sends to GitHub with that token."""
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "evalfactory",
        "X-GitHub-Api-Version": API_VERSION,
    }
    return Courier("GitHub", api_url, headers, (token,), patience or Patience())


class GitHub:
    """One repository. Every call raises `Untold` when GitHub cannot or will not."""

    def __init__(self, courier: Courier, repository: str) -> None:
        self._courier = courier
        self._root = f"/repos/{repository}"

    async def stick(
        self, pull_request: int, body: str, told_at: Callable[[str], datetime | None], *, always: bool = False
    ) -> Placed:
        """The one comment put into its place: changed if it is there, else new; twins are removed.

        `told_at` is the time that a comment tells of, None for what is no comment of the suite. One that tells of a later
        time than `body` is left as it is, unless `always`. Only comments of our own name count: anybody can write our
        marker.
        """
        ours = await self._ours(pull_request, told_at)
        if not ours:
            path = f"{self._root}/issues/{pull_request}/comments"
            created = await self._courier.send("POST", path, {"body": body})
            ours = await self._ours(pull_request, told_at)  # another try, or another build, may have been as fast
            await self._remove(ours[1:])
            return Placed("created", _url(ours[0] if ours else created.json))
        first, *twins = ours
        if not always and _is_later(told_at(_body(first)), told_at(body)):
            return Placed("left", _url(first))
        answer = await self._courier.send("PATCH", f"{self._root}/issues/comments/{first['id']}", {"body": body})
        await self._remove(twins)
        return Placed("updated", _url(answer.json))

    async def check(self, check: Check) -> Placed:
        """A finished check run on the commit. Only GitHub's own builds and Apps may make one."""
        body: dict[str, Any] = {
            "name": check.name,
            "head_sha": check.sha,
            "status": "completed",
            "conclusion": check.conclusion,
            "external_id": check.external_id,
            "output": {"title": check.title, "summary": check.summary},
        }
        if check.details_url:
            body["details_url"] = check.details_url
        answer = await self._courier.send("POST", f"{self._root}/check-runs", body)
        return Placed("created", _url(answer.json))

    async def status(self, status: Status) -> Placed:
        """A commit status under its context; a later one takes its place."""
        body = {"state": status.state, "context": status.context, "description": status.description}
        if status.target_url:
            body["target_url"] = status.target_url
        answer = await self._courier.send("POST", f"{self._root}/statuses/{status.sha}", body)
        return Placed("created", _url(answer.json))

    async def close(self) -> None:
        await self._courier.close()

    async def _remove(self, twins: Iterable[dict[str, Any]]) -> None:
        for twin in twins:
            await self._courier.send("DELETE", f"{self._root}/issues/comments/{twin['id']}")

    async def _ours(self, pull_request: int, told_at: Callable[[str], datetime | None]) -> list[dict[str, Any]]:
        """Our comments, what tells of the latest time first; of equals the oldest comment."""
        path = f"{self._root}/issues/{pull_request}/comments"
        found: list[dict[str, Any]] = []
        me: str | None = None
        for page in range(1, _MOST_PAGES + 1):
            comments = (await self._courier.send("GET", path, query={"per_page": str(_PAGE), "page": str(page)})).json
            if not isinstance(comments, list):
                raise Untold("GitHub answered something else than a list of comments")
            for each in comments:
                if told_at(_body(each)) is not None:
                    me = me or await self._me()
                    if _author(each) == me or (me == _ANY_BOT and _is_bot(each)):
                        found.append(each)
            if len(comments) < _PAGE:
                break
        return sorted(found, key=lambda each: told_at(_body(each)) or _LONG_AGO, reverse=True)

    async def _me(self) -> str:
        """The login behind the token. A build's or an App's token may not ask, and then any bot's comment may be ours."""
        try:
            told = (await self._courier.send("GET", "/user")).json
        except Untold as refused:
            if refused.status not in (403, 404):
                raise
            return _ANY_BOT
        return str(told.get("login")) if isinstance(told, dict) else _ANY_BOT


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_ANY_BOT = "[bot]"  # no login has brackets alone


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one > other


def _body(comment: dict[str, Any]) -> str:
    return str(comment.get("body") or "")


def _author(comment: dict[str, Any]) -> str:
    user = comment.get("user")
    return str(user.get("login")) if isinstance(user, dict) else ""


def _is_bot(comment: dict[str, Any]) -> bool:
    user = comment.get("user")
    return isinstance(user, dict) and user.get("type") == "Bot"


def _url(told: Any) -> str:
    return str(told.get("html_url") or told.get("url") or "") if isinstance(told, dict) else ""
