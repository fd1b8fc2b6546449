"""Writes what the installed DeepEval offers: the catalogue, and its page in the reference documentation.

`python -m evalfactory.metrics.generate` writes both, with `--check` it exits 1 when one of them is stale.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from ..catalogue import Catalogue, CatalogueMetric
from .examples import EXAMPLE_ARGUMENTS
from .introspect import MetricClass, metric_classes
from .loading import deepeval_version
from .measured import blocks, calls_of, order_matters, strict_threshold, threshold_matters
from .page import page_text

CATALOGUE = Path(__file__).parent.parent / "catalogue" / "catalogue.json"
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"


def generated_catalogue() -> Catalogue:
    """The catalogue of the installed DeepEval; a second or two of measuring."""
    metrics = asyncio.run(_measured(metric_classes()))
    return Catalogue(deepeval_version=deepeval_version(), metrics=metrics)


def catalogue_text(catalogue: Catalogue) -> str:
    """The catalogue as it is committed: indented, defaults left out, so that a change reads well."""
    plain = json.loads(catalogue.to_json())
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"


async def _measured(classes: list[MetricClass]) -> tuple[CatalogueMetric, ...]:
    return tuple([await _entry(metric) for metric in classes])


async def _entry(metric: MetricClass) -> CatalogueMetric:
    args = EXAMPLE_ARGUMENTS.get(metric.name, {})
    calls = await calls_of(metric, args)
    return CatalogueMetric(
        name=metric.name,
        class_name=metric.class_name,
        kind=metric.kind,
        requires=metric.declares,
        arguments=metric.arguments,
        one_of=metric.one_of,
        threshold=metric.threshold,
        strict_threshold=strict_threshold(metric, args),
        uses_judge=metric.uses_judge,
        calls=round(calls.base, 2),
        calls_per_chunk=round(calls.per_chunk, 2),
        calls_per_turn=round(calls.per_turn, 2),
        windowed=calls.windowed,
        threshold_matters=await threshold_matters(metric, args),
        order_matters=await order_matters(metric, args),
        blocks=await blocks(metric, args),
    )


def main(arguments: list[str]) -> int:
    """0 when everything is written, or fresh; 1 when `--check` finds something stale."""
    fresh = generated_catalogue()
    wanted = {CATALOGUE: catalogue_text(fresh), PAGE: page_text(fresh)}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
