from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from evalfactory.judge.retry import RetryPolicy, asked_wait_s, backoff_s

NOW_S = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT", "date": "Fri, 15 Jan 2027 08:00:20 GMT"}, 10.0),
        ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "99999999"}, 86_400.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m2.5s"}, 62.5),
        ({"x-ratelimit-remaining-requests": "12", "x-ratelimit-reset-requests": "6m0s"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms"}, 0.02),
        ({"x-ratelimit-reset": str(int(NOW_S) + 12)}, 12.0),
        ({"x-ratelimit-reset": str((int(NOW_S) + 12) * 1000)}, 12.0),
        ({"ratelimit-reset": "9"}, 9.0),
    ],
)
def test_the_wait_a_server_asks_for_is_understood_in_every_form_in_use(
    headers: Mapping[str, str], wait_s: float | None
) -> None:
    assert asked_wait_s(CIMultiDict(headers), NOW_S) == (None if wait_s is None else pytest.approx(wait_s))


@given(st.text(max_size=40))
def test_no_header_value_breaks_the_reading(text: str) -> None:
    for name in ("retry-after", "retry-after-ms", "x-ratelimit-reset", "date"):
        wait_s = asked_wait_s({name: text, "retry-after": text}, NOW_S)
        assert wait_s is None or 0.0 <= wait_s <= 86_400.0


@given(st.integers(1, 2000), st.integers())
def test_a_retry_comes_at_random_within_a_doubling_bound_and_never_after_the_cap(failures: int, seed: int) -> None:
    policy = RetryPolicy()
    delay_s = backoff_s(failures, policy, random.Random(seed))
    assert 0.0 <= delay_s <= min(30.0, 0.5 * 2.0 ** min(failures - 1, 60))


def test_the_whole_of_the_bound_is_used() -> None:
    rng = random.Random(1)
    delays = [backoff_s(3, RetryPolicy(), rng) for _ in range(1000)]
    assert min(delays) < 0.1
    assert max(delays) > 1.9
