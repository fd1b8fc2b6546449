"""The verdict told in Slack, one thread a suite; quiet when nothing has changed since it was told last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ..publish.sending import Patience, Untold
from ..publish.slack import Slack, SlackPlace
from ..records.base import Record, digest_of
from ..render.slack import slack_blocks, slack_state, slack_text
from ..storage.layout import told_key
from ..storage.port import Store
from .publishing import Message, Published


class LastTold(Record):
    """What was told last, and in which thread."""

    run_id: str
    verdict: str
    state: dict[str, Any]
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class SlackOptions:
    """What the command line says."""

    always: bool = False


async def publish_slack(
    store: Store,
    message: Message,
    place: SlackPlace,
    options: SlackOptions = SlackOptions(),
    patience: Patience | None = None,
) -> Published:
    """What became of the message. Nothing that Slack does or does not do is an error here."""
    report = message.report
    key = told_key(report.suite, f"slack-{digest_of([place.channel, place.webhook])[:16]}")
    before, state = _last(store, key), slack_state(report)
    if before is not None and before.state == state and not options.always:
        return Published(
            "slack",
            "skipped",
            f"nothing has changed since run {before.run_id}: --always tells it all the same",
            expected=False,
        )
    body = {
        "text": slack_text(report),
        "blocks": slack_blocks(report, message.around),
        "unfurl_links": False,
        "unfurl_media": False,
    }
    thread = before.thread if before is not None else None
    loud = before is not None and before.verdict != report.verdict.outcome
    slack = Slack(place, patience)
    try:
        posted = await slack.post(body, thread, loud=loud)
    except Untold as untold:
        return Published("slack", "failed", untold.why)
    finally:
        await slack.close()
    now = LastTold(run_id=report.run_id, verdict=report.verdict.outcome, state=state, thread=posted.thread)
    store.put(key, now.model_dump_json(indent=1).encode())
    return Published("slack", "created", f"{posted.channel} {posted.ts}" if posted.ts else "by the webhook")


def _last(store: Store, key: str) -> LastTold | None:
    """What was told last; a file that cannot be read is no reason to be silent."""
    try:
        return LastTold.model_validate_json(store.read(key))
    except (FileNotFoundError, ValidationError):
        return None
