"""A metric of one's own, for the image beside it."""

from typing import ClassVar

from deepeval.metrics import BaseMetric
from deepeval.test_case import LLMTestCase, SingleTurnParams


class Brevity(BaseMetric):
    """1 for an answer of at most `longest` characters, less the longer it is."""

    _required_params: ClassVar = [SingleTurnParams.INPUT, SingleTurnParams.ACTUAL_OUTPUT]

    def __init__(self, longest: int = 200, threshold: float = 0.5) -> None:
        self.longest = longest
        self.threshold = threshold

    async def a_measure(self, test_case: LLMTestCase, **_: object) -> float:
        length = len(test_case.actual_output or "")
        self.score = min(1.0, self.longest / max(length, 1))
        self.reason = f"{length} characters, at most {self.longest} wanted"
        self.success = self.score >= self.threshold
        return self.score
