"""evalfactory publish."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from ...app.publishing import GitHubOptions, Published, message_of, publish_github
from ...app.slacking import SlackOptions, publish_slack
from ...errors import Exit
from ...publish.actions import Given, Place, place_of
from ...publish.slack import slack_place
from ...render.comment import comment
from ...render.slack import slack_blocks, slack_text
from ...settings import environment
from ..output import say_json, say_rendered, say_table, tell
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Tell a run's verdict elsewhere; returns 0 whatever became of it, unless --strict says otherwise."""
    told = _slack(arguments) if arguments.where == "slack" else _github(arguments)
    if told is None:
        return Exit.PASS
    for each in told:
        if each.state == "failed" or (each.missed and arguments.strict):
            _warn(f"{each.channel} not published: {each.detail}")
    if arguments.json:
        say_json({"published": [each._asdict() for each in told]})
    else:
        say_table(("channel", "state", "detail"), [each[:3] for each in told])
    missed = any(each.missed for each in told)
    return Exit.UNAVAILABLE if missed and arguments.strict else Exit.PASS


def _github(arguments: Arguments) -> list[Published] | None:
    store, keys = run_of(arguments)
    place = _place(arguments, environment())
    options = GitHubOptions(tuple(arguments.only), arguments.report_url, arguments.suite, arguments.always)
    ready = message_of(store, keys, report_url=options.report_url or place.build_url, suite_path=options.suite_path)
    if arguments.dry_run:
        say_rendered(comment(ready.report, ready.around))
        return None
    return asyncio.run(publish_github(ready, place, options))


def _slack(arguments: Arguments) -> list[Published] | None:
    store, keys = run_of(arguments)
    url = arguments.report_url or _place(arguments, environment()).build_url
    ready = message_of(store, keys, report_url=url)
    if arguments.dry_run:
        say_json({"text": slack_text(ready.report), "blocks": slack_blocks(ready.report, ready.around)})
        return None
    place = slack_place(environment(), arguments.channel)
    return [asyncio.run(publish_slack(store, ready, place, SlackOptions(arguments.always)))]


def _place(arguments: Arguments, around: Mapping[str, str]) -> Place:
    event = around.get("GITHUB_EVENT_PATH")
    text = ""
    if event:
        try:
            text = Path(event).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            tell(f"GITHUB_EVENT_PATH cannot be read: {error}")
    return place_of(around, text, Given(arguments.repository, arguments.pull_request, arguments.sha))


def _warn(text: str) -> None:
    """Say it, and in a build of GitHub as a warning that stands above the log."""
    if environment().get("GITHUB_ACTIONS") == "true":
        escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        tell(f"::warning title=evalfactory::{escaped}")
    else:
        tell(f"evalfactory: {text}")
