"""evalfactory: the LLM test factory. Cases in, verdict out, nothing lost."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .errors import EvalFactoryError

if TYPE_CHECKING:
    from .api import (
        Appended,
        Baseline,
        Cleaned,
        Comparison,
        Explained,
        Forecast,
        ListedRun,
        Measurement,
        Noise,
        Observer,
        Power,
        Report,
        RunStatus,
        Suite,
        Verified,
        bless,
        clean,
        collect,
        compare,
        explain,
        init,
        load_suite,
        measurements,
        noise,
        page,
        plan,
        power,
        promote,
        publish_github,
        publish_slack,
        report,
        resume,
        retry,
        run,
        runs,
        schema,
        status,
        verify,
    )

__version__ = "0.1.0"

__all__ = [
    "Appended", "Baseline", "Cleaned", "Comparison", "EvalFactoryError", "Explained", "Forecast", "ListedRun",
    "Measurement", "Noise", "Observer", "Power", "Report", "RunStatus", "Suite", "Verified", "__version__", "bless",
    "clean", "collect", "compare", "explain", "init", "load_suite", "measurements", "noise", "page", "plan", "power",
    "promote", "publish_github", "publish_slack", "report", "resume", "retry", "run", "runs", "schema", "status",
    "verify",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """The public name, from the module that is loaded at its first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".api", __name__), name)


def __dir__() -> list[str]:
    return __all__
