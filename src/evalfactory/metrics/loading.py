"""Loading DeepEval when there is time for it."""

from __future__ import annotations

import importlib
import threading
from importlib.metadata import version


def deepeval_version() -> str:
    """The installed DeepEval's version, without importing it."""
    return version("deepeval")


def preload() -> threading.Thread:
    """A started thread that loads DeepEval; whoever needs it earlier waits for the same import."""
    thread = threading.Thread(
        target=importlib.import_module, args=(f"{__package__}.deepeval_api",), name="load-deepeval", daemon=True
    )
    thread.start()
    return thread
