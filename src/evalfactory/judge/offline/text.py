"""Texts as sets of content units, in any script: words where words are spaced, runs of characters where they are not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .words import FUNCTION_CHARACTERS, NUMBER_WORDS, STOP_WORDS

_HAN = "々〇\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_KATAKANA = "\u30a1-\u30fa\u30fc\u31f0-\u31ff"
_HIRAGANA = "\u3041-\u309f"
_HANGUL = "\u1100-\u11ff\uac00-\ud7af"
_UNSPACED = "\u0e01-\u0eff\u0f40-\u0fbc\u1000-\u109f\u1780-\u17d3"  # Thai, Lao, Tibetan, Burmese, Khmer
_SPACED = (  # Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic, the Indic scripts, Georgian, Ethiopic: letters and marks
    "a-zªµº\u00df-\u02af\u0300-\u037d\u0386-\u0587\u05d0-\u05ea\u0620-\u06d3\u06d5-\u06ff\u0750-\u077f"
    "\u0900-\u0963\u0966-\u0dff\u10a0-\u10ff\u1200-\u1360\u1e00-\u1fff"
)
_SIGNS = "$€£¥₩₹฿₪₫₽"
_NUMBER = rf"(?P<sign>[{_SIGNS}])?\s?(?P<number>[0-9]+(?:[.,][0-9]+)*)(?P<percent>\s?%)?"
_TOKEN = re.compile(
    rf"{_NUMBER}|(?P<han>[{_HAN}]+)|(?P<katakana>[{_KATAKANA}]+)|(?P<hiragana>[{_HIRAGANA}]+)|(?P<hangul>[{_HANGUL}]+)"
    rf"|(?P<unspaced>[{_UNSPACED}]+)|(?P<word>[{_SPACED}]+(?:'[{_SPACED}]+)*|[^\W\d_]+)"
)
_ASCII_TOKEN = re.compile(rf"{_NUMBER}|(?P<word>[a-z]+(?:'[a-z]+)*)")
_POINTS_AND_TATWEEL = re.compile("[\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")  # Hebrew and Arabic vowels
_OTHER_DIGITS = re.compile(r"[^\D0-9]")
_THOUSANDS = re.compile(r",(?=\d{3}(?:\D|$))")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what it counts: the currency's sign, the percent sign, or the word that follows."""

    number: str
    label: str


@dataclass(frozen=True)
class Passage:
    """A text, its normal form, and its content units, each with the words it stands for."""

    text: str
    folded: str
    units: Mapping[str, str]
    quantities: tuple[Quantity, ...]
    number_words: frozenset[str]
    faint: bool  # nothing but words that say little by themselves: "yes", stop words, kana

    @property
    def numbers(self) -> frozenset[str]:
        """Every number, also one written as an English word."""
        return self.number_words | {quantity.number for quantity in self.quantities}


def normal(text: str) -> str:
    """The text in one form: NFKC, case folded, vowel points dropped, digits of every script as 0-9."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    folded = _POINTS_AND_TATWEEL.sub("", folded)
    return _OTHER_DIGITS.sub(lambda digit: str(unicodedata.decimal(digit[0])), folded)


@lru_cache(maxsize=2048)
def passage(text: str) -> Passage:
    """The text's content units and quantities; from a bounded memory when the same sentence comes again."""
    folded = normal(text)
    units: dict[str, str] = {}
    faint: dict[str, str] = {}  # what counts only when there is nothing else: kana endings, stop words
    quantities: list[Quantity] = []
    pending: list[tuple[str, str]] = []  # numbers still waiting for the word that says what they count
    number_words: set[str] = set()
    for token in (_ASCII_TOKEN if folded.isascii() else _TOKEN).finditer(folded):
        kind, surface = token.lastgroup or "word", token[0]
        if token["number"] is not None:
            number = plain_number(token["number"])
            units[number] = surface.strip()
            pending.append((number, "%" if token["percent"] else token["sign"] or ""))
            continue
        quantities += _labelled(pending, _label(kind, surface))
        if surface in NUMBER_WORDS:
            number_words.add(NUMBER_WORDS[surface])
        for unit, content in _units(kind, surface):
            (units if content else faint)[unit] = surface
    quantities += _labelled(pending, "")
    found = units or faint or _symbols(folded)
    return Passage(text, folded, found, tuple(quantities), frozenset(number_words), faint=not units)


def plain_number(number: str) -> str:
    """A number's one spelling: no thousands separators, no zeros that say nothing (`1,250.00` is `1250`)."""
    plain = _THOUSANDS.sub("", number).replace(",", ".")
    whole, dot, rest = plain.partition(".")
    if "." in rest:  # a version, a date, an address: not one number
        return plain
    rest = rest.rstrip("0")
    whole = whole.lstrip("0") or "0"
    return whole + dot + rest if rest else whole


def _labelled(pending: list[tuple[str, str]], label: str) -> list[Quantity]:
    done = [Quantity(number, sign or label) for number, sign in pending]
    pending.clear()
    return done


def _label(kind: str, word: str) -> str:
    return word[0] if kind in ("han", "katakana", "hangul", "unspaced") else "" if kind == "hiragana" else stem(word)


def _units(kind: str, word: str) -> Iterator[tuple[str, bool]]:
    """Each unit of a token, and whether it says anything by itself."""
    match kind:
        case "han":
            for run in FUNCTION_CHARACTERS.split(word):
                yield from ((unit, True) for unit in _runs(run, 2))
        case "katakana":
            yield from ((unit, True) for unit in _runs(word, 2))
        case "hiragana":
            yield from ((unit, False) for unit in _runs(word, 2))
        case "hangul":
            yield from ((unit, len(word) > 1 and unit not in STOP_WORDS) for unit in _runs(word, 2))
        case "unspaced":
            yield from ((unit, True) for unit in _runs(word, 3))
        case _:
            bare = word.removesuffix("'s")
            yield stem(bare), not (bare in STOP_WORDS or (len(bare) < 3 and bare.isalpha()))


def _runs(word: str, size: int) -> Iterator[str]:
    if len(word) <= size:
        if word:
            yield word
        return
    yield from (word[start : start + size] for start in range(len(word) - size + 1))


_ENDINGS = ("ing", "ies", "ed", "es", "s", "e", "y")
_ARABIC_HEAD = re.compile("^(?:[وفبك]?ال|لل|و(?=..))(?=..)")
_ARABIC_TAIL = re.compile("(?<=...)(?:ات|ون|ين|ها|هم|كم|نا|ية|ه|ة|ي)$")
_HEBREW_HEAD = re.compile("^[והבלמשכ]+(?=...)")


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """A crude stem, the same for the forms of a word that matter here: endings off, at most seven letters."""
    first = word[0]
    if "\u0620" <= first <= "\u06ff":
        return _ARABIC_TAIL.sub("", _ARABIC_HEAD.sub("", word))
    if "\u05d0" <= first <= "\u05ea":
        return _HEBREW_HEAD.sub("", word)
    for ending in _ENDINGS:
        if len(word) - len(ending) >= 3 and word.endswith(ending) and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word[:7]


def _symbols(folded: str) -> dict[str, str]:
    """Emoji and other symbols, for a text that has nothing else."""
    return {character: character for character in folded if unicodedata.category(character) == "So"}
