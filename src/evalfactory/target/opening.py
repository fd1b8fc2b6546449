"""Opening a system under test, and all that must be known of it before."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from ..records.suite import ChatTarget, HttpTarget, PythonTarget, TargetSpec
from .checks import check_target
from .needs import needs_of
from .port import Target
from .recipe import frozen_target, produced_fields, target_recipe

if TYPE_CHECKING:
    from ..judge.retry import RetryPolicy
    from ..judge.transport import Transport


def open_target(  # noqa: PLR0913 - `open_judge`'s arguments, and the folder
    spec: TargetSpec,
    *,
    folder: Path,
    share: float = 1.0,
    succeeded_before: bool = False,
    policy: RetryPolicy | None = None,
    rng: random.Random | None = None,
    transport: Transport | None = None,
) -> Target:
    """The system under test that a suite names; `folder` is the suite's. The other arguments are `open_judge`'s.

    Raises `EnvironmentProblem` when a key is missing or a function cannot be imported, `InputError` when a prompt
    file cannot be read.
    """
    from ..judge.options import Options
    from ..judge.retry import RetryPolicy

    options = Options(share, succeeded_before, policy or RetryPolicy(), rng or random.Random(), transport)
    match spec:
        case HttpTarget():
            from .http import HttpSystem

            return HttpSystem(spec, options)
        case ChatTarget():
            from .chat import ChatSystem

            return ChatSystem(spec, folder, options)
        case PythonTarget():
            from .function import FunctionSystem

            return FunctionSystem(spec, folder, options)
        case _:
            assert_never(spec)


__all__ = ["check_target", "frozen_target", "needs_of", "open_target", "produced_fields", "target_recipe"]
