"""A shard's commit, as it must be to count."""

from __future__ import annotations

from pydantic import ValidationError

from ..errors import InputError, Problem
from ..records.measurement import Commit
from ..records.plan import Plan
from ..storage.layout import RunKeys

HINT = "restore it from a copy, or delete the shard's commit.json and resume"


def read_commit(keys: RunKeys, plan: Plan, shard: int, body: bytes) -> Commit:
    """The commit of these bytes.

    Raises:
        InputError: They are no commit of this shard of this plan.
    """
    try:
        commit = Commit.model_validate_json(body)
    except ValidationError as error:
        raise damaged(keys.commit(shard), "it is no commit") from error
    if (commit.run_id, commit.shard, commit.plan_digest) != (plan.run_id, shard, plan.digest):
        raise damaged(keys.commit(shard), "it belongs to another run, shard or plan")
    return commit


def damaged(key: str, message: str) -> InputError:
    """The error of a stored file that is not what was stored."""
    return InputError("a file of the run was changed or cut short", (Problem(message, file=key, hint=HINT),))
