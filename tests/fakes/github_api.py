"""A GitHub of one repository, which takes only what GitHub's API description knows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fakes.github_description import answer_of, operation_of, problems_of
from scripted_endpoint import Action, Asked, Bytes, Drop

REPOSITORY = "octo/shop"
TOKEN = "ghs_a_token_that_is_secret"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
STRANGER = {"login": "mallory", "type": "User"}
#: Not in the description: what GitHub refuses with 422.
MOST_COMMENT, MOST_SUMMARY, MOST_DESCRIPTION = 65_536, 65_535, 140


def refused(status: int, message: str, headers: dict[str, str] | None = None) -> Bytes:
    return Bytes(json.dumps({"message": message, "documentation_url": "x"}).encode(), status, headers or {})


@dataclass
class GitHubServer:
    """What a scripted endpoint says in GitHub's place. `first` actions come before it understands anything."""

    first: list[Action] = field(default_factory=list)
    read_only: bool = False
    lost: int = 0  # so many new comments are written, and their answers lost
    login: str | None = None  # of a person's token; a build's has none
    comments: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Action:
        self.seen.append(f"{asked.method} {asked.path}")
        found = problems_of(asked.method, asked.path, asked.headers, asked.body)
        self.problems += found
        if found:
            return refused(422, "; ".join(found))
        if asked.headers["authorization"] != f"Bearer {TOKEN}":
            return refused(401, f"Bad credentials: {asked.headers['authorization']}")
        if self.first:
            return self.first.pop(0)
        if self.read_only and asked.method != "GET":
            return refused(403, "Resource not accessible by integration")
        operation = operation_of(asked.method, asked.path)
        assert operation is not None
        return getattr(self, "_" + operation.name.split("/")[1].replace("-", "_"))(asked)  # type: ignore[no-any-return]

    def stranger_says(self, body: str, user: dict[str, str] = STRANGER) -> None:
        """A comment that somebody else wrote."""
        self._add(body, user)

    def _add(self, body: str, user: dict[str, str]) -> dict[str, Any]:
        operation, user_of = (
            operation_of("POST", f"/repos/{REPOSITORY}/issues/1/comments"),
            operation_of("GET", "/user"),
        )
        assert operation is not None
        assert user_of is not None
        number = len(self.comments) + 1
        comment = answer_of(operation, id=number, body=body, html_url=f"https://github.test/{number}")
        self.comments.append(comment | {"user": answer_of(user_of) | user})
        return self.comments[-1]

    def _list_comments(self, asked: Asked) -> Action:
        query = {name: int(values[0]) for name, values in parse_qs(urlsplit(asked.path).query).items()}
        size, page = min(query.get("per_page", 30), 100), query.get("page", 1)
        return _json(self.comments[size * (page - 1) : size * page])

    def _create_comment(self, asked: Asked) -> Action:
        if len(asked.body["body"]) > MOST_COMMENT:
            return refused(422, "Validation Failed: body is too long (maximum is 65536 characters)")
        writer = {"login": self.login, "type": "User"} if self.login else BOT
        comment = self._add(asked.body["body"], writer)
        self.lost -= 1
        return Drop() if self.lost >= 0 else _json(comment, 201)

    def _update_comment(self, asked: Asked) -> Action:
        comment = self._comment(asked)
        comment["body"] = asked.body["body"]
        return _json(comment)

    def _delete_comment(self, asked: Asked) -> Action:
        self.comments.remove(self._comment(asked))
        return Bytes(b"", 204)

    def _comment(self, asked: Asked) -> dict[str, Any]:
        number = int(asked.path.rsplit("/", 1)[1])
        return next(each for each in self.comments if each["id"] == number)

    def _get_authenticated(self, asked: Asked) -> Action:
        if self.login is None:
            return refused(403, "Resource not accessible by integration")
        operation = operation_of("GET", "/user")
        assert operation is not None
        return _json(answer_of(operation, login=self.login))

    def _create(self, asked: Asked) -> Action:
        if len(asked.body["output"]["summary"]) > MOST_SUMMARY:
            return refused(422, "Validation Failed: summary is too long")
        self.checks.append(asked.body)
        return _json(self._answer(asked, html_url="https://github.test/check"), 201)

    def _create_commit_status(self, asked: Asked) -> Action:
        if len(asked.body["description"]) > MOST_DESCRIPTION:
            return refused(422, "Validation Failed: description is too long (maximum is 140 characters)")
        self.statuses.append(asked.body | {"sha": asked.path.rsplit("/", 1)[1]})
        return _json(self._answer(asked, url="https://github.test/status"), 201)

    def _answer(self, asked: Asked, **given: Any) -> dict[str, Any]:
        operation = operation_of(asked.method, asked.path)
        assert operation is not None
        return answer_of(operation, **given)


def _json(value: Any, status: int = 200) -> Bytes:
    return Bytes(json.dumps(value).encode(), status)
