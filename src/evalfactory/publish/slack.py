"""Slack: one message, by a bot's token into the suite's thread, or by an incoming webhook, which knows no threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..errors import UsageError
from .sending import Courier, Patience, Untold

API_URL = "https://slack.com/api"
#: The thread's first message is gone: a new one begins.
_NO_THREAD = frozenset({"thread_not_found", "invalid_thread_ts", "message_not_found"})


@dataclass(frozen=True, slots=True)
class SlackPlace:
    """Where and by whom a message is posted: token and channel, or a webhook."""

    token: str | None = None
    channel: str | None = None
    webhook: str | None = None
    api_url: str = API_URL


class Posted(NamedTuple):
    """Where a message is; without a time from a webhook."""

    channel: str
    ts: str | None
    thread: str | None = None  # its own time, when it began one


def slack_place(environment: Mapping[str, str], channel: str | None = None) -> SlackPlace:
    """The place that the environment tells. A token and a channel come before a webhook.

    Raises:
        UsageError: There is neither.
    """
    token = (environment.get("SLACK_BOT_TOKEN") or "").strip() or None
    channel = channel or environment.get("SLACK_CHANNEL") or None
    webhook = (environment.get("SLACK_WEBHOOK_URL") or "").strip() or None
    api_url = (environment.get("SLACK_API_URL") or API_URL).rstrip("/")
    if token is not None and channel is not None:
        return SlackPlace(token, channel, None, api_url)
    if webhook is not None:
        if urlsplit(webhook).scheme not in ("http", "https"):
            raise UsageError("SLACK_WEBHOOK_URL is no address", hint="https://hooks.slack.com/services/…")
        return SlackPlace(webhook=webhook)
    if token is not None:
        raise UsageError("which channel?", hint="--channel NAME, or SLACK_CHANNEL")
    raise UsageError(
        "Slack cannot be told anything: no token, no webhook",
        hint="SLACK_BOT_TOKEN and --channel, or SLACK_WEBHOOK_URL",
    )


class Slack:
    """Posts messages. Every call raises `Untold` when Slack cannot or will not."""

    def __init__(self, place: SlackPlace, patience: Patience | None = None) -> None:
        self._place = place
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "evalfactory"}
        if place.token is not None:
            headers["Authorization"] = f"Bearer {place.token}"
        webhook = place.webhook or ""
        secrets = tuple(text for text in (place.token, webhook, urlsplit(webhook).path) if text and len(text) > 3)
        self._courier = Courier("Slack", webhook or place.api_url, headers, secrets, patience or Patience())

    async def post(self, message: Mapping[str, Any], thread: str | None = None, *, loud: bool = False) -> Posted:
        """The message posted, in a thread if there is one; `loud` shows it in the channel too."""
        if self._place.webhook is not None:
            await self._courier.send("POST", "", message)
            return Posted("", None)
        where: dict[str, Any] = {"channel": self._place.channel, **message}
        told = await self._call(where | ({"thread_ts": thread, "reply_broadcast": loud} if thread else {}))
        if told.get("error") in _NO_THREAD and thread:
            told, thread = await self._call(where), None
        if not told.get("ok"):
            raise Untold(f"Slack answered {told.get('error') or 'something else than its own kind of answer'}")
        return Posted(str(told.get("channel")), str(told.get("ts")), thread or str(told.get("ts")))

    async def close(self) -> None:
        await self._courier.close()

    async def _call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        told = (await self._courier.send("POST", "/chat.postMessage", body)).json
        return told if isinstance(told, dict) else {}
