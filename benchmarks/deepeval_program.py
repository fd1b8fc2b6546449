"""The same work by `deepeval.evaluate()`, as shipped or tuned, in a process of its own.

    python -m benchmarks.deepeval_program shipped|tuned URL CASES

Tuned: one shared client for all calls, no cache writes, no indicator, no printing, 100 cases at once.
"""

from __future__ import annotations

import json
import os
import sys

from evalfactory.settings import DEEPEVAL_ENVIRONMENT

from .suites import case


def main() -> None:
    """Evaluate, and print how many results came back."""
    mode, url, cases = sys.argv[1], sys.argv[2], int(sys.argv[3])
    quiet = {name: value for name, value in DEEPEVAL_ENVIRONMENT.items() if "TIMEOUTS" not in name}
    quiet.pop("DEEPEVAL_FILE_SYSTEM")
    os.environ.update(quiet)
    from deepeval import evaluate
    from deepeval.evaluate import AsyncConfig, CacheConfig, DisplayConfig, ErrorConfig
    from deepeval.metrics import AnswerRelevancyMetric, FaithfulnessMetric
    from deepeval.models import LocalModel
    from deepeval.test_case import LLMTestCase

    class Shared(LocalModel):  # type: ignore[misc]  # DeepEval is untyped for us
        """A local model that keeps its client."""

        _client = None

        def load_model(self, async_mode: bool = False) -> object:
            if not async_mode:
                return super().load_model(async_mode=False)
            if Shared._client is None:
                Shared._client = super().load_model(async_mode=True)
            return Shared._client

    model = (Shared if mode == "tuned" else LocalModel)(model="sim", base_url=url, api_key="none")
    metrics = [AnswerRelevancyMetric(model=model), FaithfulnessMetric(model=model)]
    fields = ("input", "actual_output", "retrieval_context")
    tests = [LLMTestCase(name=f"case-{n}", **{name: case(n)[name] for name in fields}) for n in range(cases)]
    config: dict[str, object] = {"error_config": ErrorConfig(ignore_errors=True)}
    if mode == "tuned":
        os.environ["DEEPEVAL_DISABLE_TIMEOUTS"] = "1"
        config |= {
            "async_config": AsyncConfig(max_concurrent=100),
            "cache_config": CacheConfig(write_cache=False),
            "display_config": DisplayConfig(show_indicator=False, print_results=False),
        }
    result = evaluate(tests, metrics, **config)
    print("\n" + json.dumps({"results": len(result.test_results)}))


if __name__ == "__main__":
    main()
