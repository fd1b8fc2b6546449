"""Numbers as people read them."""

from __future__ import annotations

import pytest

from evalfactory.render import words


@pytest.mark.parametrize(
    ("duration_s", "told"),
    [(0.053, "53 ms"), (0.0531, "54 ms"), (0.0002, "1 ms"), (0.9995, "1000 ms"), (1.0, "1.0 s"), (75.0, "1 min 15 s")],
)
def test_a_short_duration_is_told_in_milliseconds_and_never_too_short(duration_s: float, told: str) -> None:
    assert words.moment(duration_s) == told
