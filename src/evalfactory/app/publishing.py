"""The verdict told on GitHub: wherever the build's token lets us, and always in the job's summary."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, assert_never, get_args

from ..errors import UsageError
from ..publish.actions import Place
from ..publish.github import MOST_DESCRIPTION, Check, Conclusion, GitHub, State, Status, courier
from ..publish.sending import Patience, Untold
from ..records.plan import Plan
from ..records.report import Report
from ..render import words
from ..render.comment import MOST_SUMMARY_BYTES, Around, comment, headline, summary, told_at
from ..render.layout import cut
from ..render.redacting import redacted, redacted_cases
from ..render.safe import one_line
from ..storage.layout import RunKeys
from ..storage.port import Store
from .comparing import with_texts
from .flips import flips_of
from .places import try_command
from .planning import read_plan
from .reports import read_report, reported_outputs

Channel = Literal["summary", "comment", "check", "status"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
SHOWN_FLIPS = 20


class Published(NamedTuple):
    """What became of one way to tell: done, not possible here, or failed after all tries."""

    channel: str
    state: Literal["written", "created", "updated", "skipped", "failed"]
    detail: str  # where it is to be seen, or why not
    expected: bool = True  # False of what is skipped where nobody can expect it, as in a fork's build

    @property
    def missed(self) -> bool:
        """Whether it was not told, and could be expected to be."""
        return self.state == "failed" or (self.state == "skipped" and self.expected)


class Message(NamedTuple):
    """A report as it may be told outside, and what stands around it."""

    report: Report
    around: Around


@dataclass(frozen=True, slots=True)
class GitHubOptions:
    """What the command line says."""

    only: Collection[Channel] = ()  # these, whatever the build has; without any all that it has
    report_url: str | None = None
    suite_path: str = "suite.yaml"
    always: bool = False  # also over the comment of a later run


def message_of(
    store: Store, keys: RunKeys, *, report_url: str | None = None, suite_path: str = "suite.yaml"
) -> Message:
    """The run's newest report with what its suite redacts left out, its newly failed slots, and commands to go on with."""
    report, plan = read_report(store, keys), read_plan(store, keys)
    broken = flips_of(store, keys, plan, report).broken
    shown = with_texts(store, plan, reported_outputs(store, keys), list(broken[:SHOWN_FLIPS]))
    fields = plan.publish.redact
    told = redacted(report, fields)
    around = Around(
        newly_failed=redacted_cases(shown, fields),
        broken=len(broken),
        report_url=report_url,
        commands=_commands(plan, told, store.url, suite_path),
    )
    return Message(told, around)


async def publish_github(
    message: Message, place: Place, options: GitHubOptions, patience: Patience | None = None
) -> list[Published]:
    """What became of each way to tell. Nothing that GitHub does or does not do is an error here.

    Raises:
        UsageError: There is nowhere to tell anything.
    """
    _refuse_nowhere(place)
    github = None
    if place.token is not None and place.repository is not None:
        github = GitHub(courier(place.api_url, place.token, patience), place.repository)
    wanted = [channel for channel in CHANNELS if channel in (options.only or CHANNELS)]
    try:
        return [_lacking(each, place, options) or await _tell(each, github, message, place, options) for each in wanted]
    finally:
        if github is not None:
            await github.close()


def conclusion_of(report: Report) -> Conclusion:
    """The check's conclusion: the exit code's, but an INCONCLUSIVE that is let pass is told as neutral."""
    match report.verdict.taken_as or report.verdict.outcome:
        case "PASS":
            return "success" if report.verdict.outcome == "PASS" else "neutral"
        case "FAIL":
            return "failure"
        case "INCONCLUSIVE" | "INCOMPLETE":
            return "action_required"
        case never:
            assert_never(never)


def state_of(report: Report) -> State:
    """The commit status: what exits with 0 is a success, FAIL a failure, what nobody can say an error."""
    match report.verdict.taken_as or report.verdict.outcome:
        case "PASS":
            return "success"
        case "FAIL":
            return "failure"
        case "INCONCLUSIVE" | "INCOMPLETE":
            return "error"
        case never:
            assert_never(never)


def _refuse_nowhere(place: Place) -> None:
    if place.summary_file is not None:
        return
    if place.token is None or place.repository is None:
        raise UsageError(
            "nowhere to publish to: no token, or no repository, and no job summary",
            hint="in a build of GitHub: `env: GITHUB_TOKEN: ${{ github.token }}`; elsewhere GITHUB_TOKEN and --repository",
        )
    if place.pull_request is None and place.sha is None:
        raise UsageError(
            "nowhere to publish to: no pull request, no commit, and no job summary",
            hint="--pull-request N, or --sha COMMIT",
        )


def _lacking(channel: Channel, place: Place, options: GitHubOptions) -> Published | None:
    """What became of a way that has no place here; None where it has one. Who names it expects it all the same."""
    has: dict[Channel, tuple[object, str]] = {
        "summary": (place.summary_file, "no GITHUB_STEP_SUMMARY: this is no build of GitHub"),
        "comment": (place.pull_request, "no pull request: --pull-request N names one"),
        "check": (place.sha, "no commit: --sha names one"),
        "status": (place.sha, "no commit: --sha names one"),
    }
    there, lack = has[channel]
    if there is not None:
        return None
    return Published(channel, "skipped", lack, expected=channel in options.only and not place.from_fork)


def _summary(message: Message, file_name: str) -> Published:
    text = summary(message.report, message.around, most_bytes=MOST_SUMMARY_BYTES)
    try:
        with Path(file_name).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        return Published("summary", "failed", f"GITHUB_STEP_SUMMARY cannot be written: {error.strerror or error}")
    return Published("summary", "written", file_name)


async def _tell(
    channel: Channel, github: GitHub | None, message: Message, place: Place, options: GitHubOptions
) -> Published:
    if channel == "summary":
        return _summary(message, place.summary_file or "")
    if github is None:
        lack = "no GITHUB_TOKEN" if place.token is None else "no repository"
        return Published(channel, "skipped", lack, expected=not place.from_fork)
    ways: dict[Channel, Callable[[], Awaitable[Published]]] = {
        "comment": lambda: _comment(github, message, place.pull_request or 0, options),
        "check": lambda: _check(github, message, place, place.sha or ""),
        "status": lambda: _status(github, message, place, place.sha or ""),
    }
    try:
        return await ways[channel]()
    except Untold as untold:
        return _untold(channel, untold, place)


def _untold(channel: Channel, untold: Untold, place: Place) -> Published:
    """What a refusal means: a token that may not write is no failure, a wrong token, or a wrong name, is one."""
    match untold.status:
        case 403 | 404 if place.from_fork:
            why = f"a fork's build has no token that may write ({untold.why})"
            return Published(channel, "skipped", why, expected=False)
        case 403:
            return Published(channel, "skipped", f"the token may not do this ({untold.why})")
        case 404:
            may_be = "no such repository, pull request or commit, or the token may not see it"
            return Published(channel, "failed", f"{may_be} ({untold.why})")
        case 401:
            return Published(channel, "failed", f"the token is wrong, or has expired ({untold.why})")
        case _:
            return Published(channel, "failed", untold.why)


async def _comment(github: GitHub, message: Message, pull_request: int, options: GitHubOptions) -> Published:
    suite = message.report.suite
    body = comment(message.report, message.around)
    done, url = await github.stick(pull_request, body, lambda text: told_at(text, suite), always=options.always)
    if done == "left":
        why = f"{url} tells of a later run: --always puts this one in its place"
        return Published("comment", "skipped", why, expected=False)
    return Published("comment", done, url)


async def _check(github: GitHub, message: Message, place: Place, sha: str) -> Published:
    report = message.report
    check = Check(
        name=_name(report),
        sha=sha,
        conclusion=conclusion_of(report),
        title=one_line(cut(headline(report), 200)),
        summary=summary(report, message.around),
        external_id=report.run_id,
        details_url=message.around.report_url or place.build_url,
    )
    return Published("check", "created", (await github.check(check)).url)


async def _status(github: GitHub, message: Message, place: Place, sha: str) -> Published:
    report = message.report
    status = Status(
        context=_name(report),
        sha=sha,
        state=state_of(report),
        description=_described(report),
        target_url=message.around.report_url or place.build_url,
    )
    return Published("status", "created", (await github.status(status)).url)


def _name(report: Report) -> str:
    return f"evalfactory / {one_line(report.suite)}"


def _described(report: Report) -> str:
    reasons = [" ".join(filter(None, words.subject(check))) for check in report.verdict.reasons]
    text = one_line(f"{report.verdict.outcome}: {'; '.join(reasons) or words.meaning(report.verdict)}")
    return text if len(text) <= MOST_DESCRIPTION else f"{text[: MOST_DESCRIPTION - 1]}…"


def _commands(plan: Plan, report: Report, store_url: str, suite_path: str) -> list[tuple[str, str]]:
    """How to make the run again, and to read on; a folder on the build's machine is nowhere else, and not named.

    Nothing about a run that no command makes again, as one that measured the judge's noise, or whose cases are private.
    """
    where = ("--store", store_url) if "://" in store_url else ()
    against = ("--baseline", report.baseline.asked) if report.baseline else ()
    again = ("run", suite_path, "--tier", report.tier, *plan.chosen_by, *against, *where)
    names_cases = any(word.startswith(("--case", "--filter")) for word in plan.chosen_by)
    is_told = plan.chosen_by if plan.selection else True
    return [
        *([("run it again", try_command(*again))] if is_told and not (names_cases and plan.publish.redact) else []),
        ("read the report", try_command("report", report.run_id, *where)),
        ("one case with the judge's prompts and answers", try_command("explain", "CASE", "--run", report.run_id, *where)),
    ]  # fmt: skip
