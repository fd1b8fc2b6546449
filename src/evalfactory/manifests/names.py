"""Names and labels: a run id may be anything that a folder can be, Kubernetes takes far less."""

from __future__ import annotations

import hashlib
import re

LONGEST_BASE = 45  # with `-r99` and the index of a pod it is still a host's name, of 63 characters at most
PREFIX = "evalfactory"

RUN_LABEL = "evalfactory/run"
JOB_LABEL = "evalfactory/job"
COMPONENT_LABEL = "app.kubernetes.io/component"
RUN_ID = "evalfactory/run-id"
SUITE = "evalfactory/suite"
STORE = "evalfactory/store"
PLAN_DIGEST = "evalfactory/plan-digest"
SHARDS = "evalfactory/shards"


def base_name(run_id: str) -> str:
    """The run's name in Kubernetes: its id where that can be one, else as much of it as can, and its digest."""
    slug = re.sub(r"[^a-z0-9]+", "-", run_id.lower()).strip("-")
    name = f"{PREFIX}-{slug}"
    if slug == run_id and len(name) <= LONGEST_BASE:
        return name
    digest = hashlib.sha256(run_id.encode()).hexdigest()[:8]
    return f"{name[: LONGEST_BASE - 9].rstrip('-')}-{digest}"


def job_name(run_id: str, number: int) -> str:
    """The name of the run's `number`th Job."""
    return base_name(run_id) if number == 1 else f"{base_name(run_id)}-r{number}"
