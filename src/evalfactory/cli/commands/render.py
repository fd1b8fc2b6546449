"""evalfactory render."""

from __future__ import annotations

import asyncio

from ...app.placing import order_for, placement_of
from ...manifests.aggregator import AggregatorOrder
from ...manifests.policy import submitter_role
from ...manifests.text import manifests, yaml_text
from ..output import say_json, say_rendered
from ..parser import Arguments
from ..places import suite_path
from .run import cluster_options, options


def execute(arguments: Arguments) -> int:
    """Print what a run asks a cluster for; its plan is in the store then, where the pods look for it."""
    path = suite_path(arguments.suite)
    cluster = cluster_options(arguments)
    if arguments.access:
        documents = [submitter_role(placement_of(path, cluster).namespace, detached=arguments.detach)]
    else:
        order = asyncio.run(order_for(path, options(arguments), cluster))
        documents = manifests(order, AggregatorOrder(order) if arguments.detach else None)
    if arguments.json:
        say_json({"documents": documents})
    else:
        say_rendered(yaml_text(documents))
    return 0
