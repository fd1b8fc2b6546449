"""What the simulated judge says: content by property name, drawn from the prompt and the dice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .dice import Dice
from .fill import Json, Mood
from .reading import Reading, Scale, sentences

#: Each sentence of a text is quoted by several items when it has fewer sentences than the judge finds items.
FRAMES = (
    "It is said that “{}”",
    "It is implied that “{}”",
    "It is suggested that “{}”",
    "It follows that “{}”",
    "It is assumed that “{}”",
    "It is left open whether “{}”",
)
PRAISE = (
    "This fits: “{}”.",
    "Nothing speaks against “{}”.",
    "This is right and to the point: “{}”.",
    "“{}” is well covered.",
)
BLAME = (
    "“{}” does not hold.",
    "The material does not support “{}”.",
    "This misses the point: “{}”.",
    "“{}” leaves out what was asked for.",
)
STEPS = (
    "Read the input and note what is asked for.",
    "Compare the output with it, point by point.",
    "Note every claim that nothing supports.",
    "Weigh what is missing against what is right, and give the score.",
)
FEW = 3  # intentions, facts, questions with their answers
LONGEST_LIST = 12

GOOD_LABELS = ("TP", "TN")
BAD_LABELS = ("FP", "FN")
BORDERLINE = ("borderline", "idk")


@dataclass(frozen=True, slots=True)
class Odds:
    """How the judge judges. A request is a bad one with `bad_share`; each thing in it then passes with its odds."""

    bad_share: float = 0.36
    pass_if_bad: float = 0.33
    pass_if_good: float = 0.85
    borderline: float = 0.1  # share of the passed things where the schema knows a verdict between yes and no
    doubt: float = 0.85  # odds that a thing which quotes a doubted text does not pass


class Doubted:
    """Texts known to be made up: whole, and their sentences as a claim quotes them."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        whole = [text.strip() for text in texts if text.strip()]
        self._by_first_line = {text.partition("\n")[0].strip(): text for text in whole}
        self._sentences = frozenset(sentence for text in whole for sentence in sentences(text))

    def __bool__(self) -> bool:
        return bool(self._sentences)

    def covers(self, thing: str) -> bool:
        """Whether a thing is a sentence of such a text, or quotes one between “ and ”."""
        _, _, quoted = thing.partition("“")
        return thing in self._sentences or quoted.rpartition("”")[0] in self._sentences

    def stands_in(self, prompt: str) -> bool:
        """Whether such a text stands in the prompt as a whole, on lines of its own or behind a label."""
        lines = [line.strip() for line in prompt.split("\n")]
        starts = (*lines, *(line.partition(": ")[2] for line in lines))
        return any(text in prompt for start in starts if (text := self._by_first_line.get(start)))


class JudgeTeller:
    """Tells a judge's answer: verdicts, scores, reasons, and the things it finds in a text."""

    def __init__(self, reading: Reading, dice: Dice, odds: Odds, doubted: Doubted) -> None:
        self._reading = reading
        self._dice = dice
        self._odds = odds
        self._doubted = doubted
        self._passing = odds.pass_if_bad if dice.chance(odds.bad_share) else odds.pass_if_good

    def start(self) -> Mood:
        quotes = self._reading.quotes
        doubted = bool(self._doubted) and self._doubted.stands_in(self._reading.prompt)
        return Mood(self._good(doubted=doubted), self._dice.pick(quotes), whole=True)

    def choose(self, name: str, mood: Mood, options: Sequence[Json]) -> Json:
        labels = {str(option): option for option in options}
        if "yes" in labels and "no" in labels:
            between = next((label for label in BORDERLINE if label in labels), None)
            if between and mood.good and self._dice.chance(self._odds.borderline):
                return labels[between]
            return labels["yes" if mood.good is not self._reading.yes_is_bad else "no"]
        named = [labels[label] for label in (GOOD_LABELS if mood.good else BAD_LABELS) if label in labels]
        return self._dice.pick(named or list(options))

    def text(self, name: str, mood: Mood) -> str:
        match name:
            case "verdict" | "answers" | "answer":
                return "yes" if mood.good is not self._reading.yes_is_bad else "no"
            case "reason" | "explanation" | "":
                score = self._reading.score
                good = mood.good if score is None else float(score) >= 0.5
                told = self._dice.pick(PRAISE if good else BLAME).format(mood.quote)
                return told if score is None else f"The score is {score} because of this: {told}"
            case "steps" | "evaluation_steps":
                return STEPS[mood.position % len(STEPS)]
            case "questions" | "question":
                return f"Does the text say this ({mood.position + 1}): “{mood.quote}”?"
            case "intentions" | "user_goal" | "task":
                return f"The user wants an answer to “{mood.quote}”"
            case _:
                return mood.quote

    def number(self, name: str, mood: Mood, low: float | None, high: float | None) -> float:
        if name == "index":
            return mood.position
        scale = self._reading.scale if name in ("score", "verdict") else Scale(0, 10, 0)
        low, high = _range(scale, low, high)
        share = 0.55 + 0.45 * self._dice.roll() if mood.good else 0.5 * self._dice.roll()
        if scale.step == high - low:  # nothing between
            return high if mood.good else low
        value = low + share * (high - low)
        return low + round((value - low) / scale.step) * scale.step if scale.step else round(value, 2)

    def yes(self, name: str, mood: Mood) -> bool:
        return mood.good

    def wanted(self, name: str, mood: Mood) -> bool:
        """Of the things in a list a reason where there is something to blame, as the prompts ask."""
        return mood.whole or not mood.good if name == "reason" else self._dice.chance(0.75)

    def each(self, name: str, mood: Mood, keys: frozenset[str]) -> list[Mood]:
        if "index" in keys:
            return self._out_of_character()
        if name in ("verdicts", "answers") and self._reading.things is not None and "statement" not in keys:
            return [self._mood(thing, position) for position, thing in enumerate(self._reading.things)]
        if name in ("steps", "evaluation_steps"):
            return [Mood(True, step, position) for position, step in enumerate(STEPS[: self._dice.whole(3, 4)])]
        if name == "questions":
            return self._moods(self._reading.questions_wanted or self._found())
        if name in ("intentions", "entries", "qa_pairs", "fact"):
            return self._moods(self._dice.whole(1, FEW))
        return self._moods(self._found(), framed=True)

    def _found(self) -> int:
        """How many things the judge finds in the text: its sentences, or two to six in a short one."""
        known = len(self._reading.quotes)
        return min(known, LONGEST_LIST) if known > 2 else self._dice.whole(2, len(FRAMES))

    def _moods(self, count: int, *, framed: bool = False) -> list[Mood]:
        """`count` moods over the text's sentences in turn; framed, no two of them quote alike."""
        quotes = self._reading.quotes
        frame: Callable[[int], str] = lambda n: FRAMES[n // len(quotes) % len(FRAMES)] if framed else "{}"  # noqa: E731
        return [self._mood(frame(n).format(quotes[n % len(quotes)]), n) for n in range(count)]

    def _out_of_character(self) -> list[Mood]:
        moods = (self._mood(f"turn {position}", position) for position in self._reading.assistant_turns)
        return [mood for mood in moods if not mood.good]

    def _mood(self, thing: str, position: int) -> Mood:
        return Mood(self._good(doubted=bool(self._doubted) and self._doubted.covers(thing)), thing, position)

    def _good(self, *, doubted: bool) -> bool:
        return self._dice.chance(1 - self._odds.doubt if doubted else self._passing)


def _range(scale: Scale, low: float | None, high: float | None) -> tuple[float, float]:
    """The schema's bounds where it has them, else the prompt's."""
    bottom = scale.low if low is None else low
    top = scale.high if high is None else high
    return bottom, max(top, bottom + (0 if high is not None else 1))
