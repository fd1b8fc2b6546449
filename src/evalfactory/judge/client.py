"""Opening a judge."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, assert_never

from ..records.suite import JudgeSpec
from .port import Judge

if TYPE_CHECKING:
    from .retry import RetryPolicy
    from .transport import Transport


def open_judge(
    spec: JudgeSpec,
    *,
    share: float = 1.0,
    succeeded_before: bool = False,
    policy: RetryPolicy | None = None,
    rng: random.Random | None = None,
    transport: Transport | None = None,
) -> Judge:
    """The judge that a suite names. Raises `EnvironmentProblem` when its key is not in the environment.

    `share` (0..1] is this process's part of the run's limits. `succeeded_before` says that another process of the run
    was answered, so that a refused key is taken for an outage. `transport` shares one HTTP session among several
    endpoints. A judge behind a network is also `Paced`.
    """
    match spec.kind:
        case "offline":
            from .offline import OfflineJudge

            return OfflineJudge()
        case "openai":
            from .openai import OpenAIJudge
            from .options import Options
            from .retry import RetryPolicy

            options = Options(share, succeeded_before, policy or RetryPolicy(), rng or random.Random(), transport)
            return OpenAIJudge(spec, options)
        case _:
            assert_never(spec.kind)
