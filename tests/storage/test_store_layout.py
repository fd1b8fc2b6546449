"""Names of keys: safe everywhere, one for each text, and in the order of shards."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evalfactory.errors import InputError, UsageError
from evalfactory.storage import layout
from evalfactory.storage.keys import checked, escaped, escaped_to_ascii
from evalfactory.storage.layout import RunKeys, part_name, shard_of, suite_folder

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
run_ids = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,98}[A-Za-z0-9_-]", fullmatch=True).filter(
    lambda text: not text.endswith(".partial")
)
KEYS = RunKeys("suite", "run")


@given(texts)
def test_any_text_becomes_one_safe_part_of_a_key(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._%~-]{1,120}", escaped_to_ascii(text))
    readable = escaped(text)
    assert checked(readable)
    assert len(readable.encode()) <= 120
    assert {unicodedata.category(letter)[0] for letter in readable if letter not in "-._%~·・"} <= set("LMN")
    assert unicodedata.category(readable[0])[0] != "M"


@given(texts, texts)
def test_different_texts_get_different_parts(one: str, other: str) -> None:
    assume(unicodedata.normalize("NFC", one) != unicodedata.normalize("NFC", other))
    assert escaped(one) != escaped(other)
    assert escaped_to_ascii(one) != escaped_to_ascii(other)


def test_long_texts_that_differ_at_the_end_get_different_parts() -> None:
    assert escaped("長" * 50 + "い") != escaped("長" * 50 + "さ")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("support-bot", "support-bot"),
        ("v1.2_x", "v1.2_x"),
        ("a b", "a%20b"),
        ("100%", "100%25"),
        ("返品・交換", "返品・交換"),
        ("हिन्दी", "हिन्दी"),
        ("שלום", "שלום"),
        ("帰 る", "帰%20る"),
        ("／", "%EF%BC%8F"),  # looks like a separator
        ("a\u202eb", "a%E2%80%AEb"),  # would turn round what follows
        ("a\u200bb", "a%E2%80%8Bb"),
        ("ᅟx", "%E1%85%9Fx"),  # a letter that nobody sees
        ("\u3099は", "%E3%82%99は"),  # a mark that would stand on the separator
        (".hidden", "%2Ehidden"),
        ("..", "%2E."),
        ("x.partial", "x%2Epartial"),
        ("e\u0301", "é"),  # composed: the same word typed on two keyboards is one
    ],
)
def test_how_a_text_is_escaped(text: str, part: str) -> None:
    assert escaped(text) == part


def test_no_suite_lies_in_a_folder_of_the_stores_own() -> None:
    for own in (layout.FINGERPRINTS, layout.LIMITS, layout.RECIPES, layout.RUNS):
        assert suite_folder(own.rstrip("/")) != own.rstrip("/")
    assert suite_folder("recipes") == "%72ecipes"
    assert suite_folder("Recipes") == "%52ecipes"  # the same folder on some disks
    assert suite_folder("runſ") == "%72unſ"


@given(texts, run_ids, st.integers(0, 99_999))
def test_every_key_of_a_run_is_a_key_below_its_folder(suite: str, run_id: str, shard: int) -> None:
    keys = RunKeys(suite, run_id)
    name = part_name("pod-x7f", 3)
    for key in (
        keys.plan, keys.cases("cases-0001.jsonl"), keys.commit(shard), keys.part(shard, name), keys.log("pod/x7f"),
        keys.report("report.json"), keys.quarantine("a case/ü"),
    ):  # fmt: skip
        assert checked(key).startswith(keys.root)
    assert keys.root.startswith(layout.runs_folder(suite))


def test_the_tree_of_a_run() -> None:
    assert KEYS.plan == "suite/runs/run/plan.json"
    assert KEYS.cases("cases.jsonl") == "suite/runs/run/cases/cases.jsonl"
    assert KEYS.part(7, part_name("a1", 3)) == "suite/runs/run/shards/00007/parts/a1-0003.jsonl"
    assert KEYS.commit(7) == "suite/runs/run/shards/00007/commit.json"
    assert KEYS.log("a1") == "suite/runs/run/logs/a1.jsonl"
    assert KEYS.report("junit.xml") == "suite/runs/run/report/junit.xml"
    assert layout.baseline_key("suite", "main") == "suite/baselines/main.json"
    assert layout.recipe_key("ab12") == "recipes/ab12.json"
    assert layout.limits_folder("judge a") == "limits/judge%20a/"


def test_the_order_of_keys_is_the_order_of_shards() -> None:
    folders = [KEYS.shard(index) for index in (0, 9, 10, 99, 100, 99_999)]
    assert folders == sorted(folders)
    with pytest.raises(ValueError, match="five digits"):
        KEYS.shard(100_000)


@given(st.integers(0, 99_999))
def test_the_shard_of_a_key_is_read_back_from_it(index: int) -> None:
    assert shard_of(KEYS.commit(index)) == shard_of(KEYS.part(index, "a.jsonl")) == index
    assert shard_of(KEYS.plan) is None


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", ".x", "-x", "a/b", "a b", "x" * 101, "日本", "a\n", "a.", "x.partial", "a\x00"]
)
def test_a_run_id_that_could_not_be_a_folder_everywhere_is_refused(run_id: str) -> None:
    with pytest.raises(UsageError, match="not a run id"):
        RunKeys("suite", run_id)


@pytest.mark.parametrize("name", ["", "..", "../../plan.json", "a/b", ".x", "a\\b", "a\n", "x" * 201])
def test_a_part_whose_name_leads_elsewhere_is_refused(name: str) -> None:
    for use in (KEYS.cases, KEYS.report, lambda name: KEYS.part(0, name)):
        with pytest.raises(InputError, match="not the name of a file"):
            use(name)
