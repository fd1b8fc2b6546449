"""Sums of floats without rounding, so that no order of the slots can change a report."""

from __future__ import annotations

#: Every finite float is a whole multiple of 2 ** -1074.
_BITS = 1074


class ExactSum:
    """A running sum in constant memory; the same for every order of its terms."""

    __slots__ = ("_scaled",)

    def __init__(self) -> None:
        self._scaled = 0

    def add(self, value: float) -> None:
        """Add a finite float; raises `ValueError` or `OverflowError` for NaN and infinity."""
        numerator, denominator = value.as_integer_ratio()
        self._scaled += numerator << (_BITS + 1 - denominator.bit_length())

    def over(self, count: int) -> float:
        """The sum divided by `count`, rounded once."""
        return self._scaled / (count << _BITS)

    @property
    def total(self) -> float:
        """The sum, rounded once."""
        return self.over(1)
