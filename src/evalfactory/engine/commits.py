"""A shard's commit and the parts that it names, as they must be to count."""

from __future__ import annotations

import hashlib

from pydantic import ValidationError

from ..errors import InputError, Problem
from ..records.base import is_moment
from ..records.measurement import Commit, PartRef
from ..records.plan import Plan
from ..storage.layout import RunKeys
from ..storage.port import Store

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
    if not (is_moment(commit.started_at) and is_moment(commit.finished_at)):
        raise damaged(keys.commit(shard), "the time in it is none")
    return commit


def put_commit(store: Store, keys: RunKeys, plan: Plan, commit: Commit) -> bool:
    """Whether this attempt's commit is the shard's one.

    Where the store lets a second writer overwrite the first, each attempt leaves its own commit under a name of its own,
    and all choose the same one among them.
    """
    body = commit.model_dump_json(indent=1).encode()
    if not plan.commits_are_chosen:
        return store.create(keys.commit(commit.shard), body)
    store.put(keys.claim(commit.shard, commit.attempt), body)
    chosen = commit_body(store, keys, plan, commit.shard)
    store.put(keys.commit(commit.shard), chosen)  # says to everyone who only counts that there is one
    return chosen == body


def commit_body(store: Store, keys: RunKeys, plan: Plan, shard: int) -> bytes:
    """The bytes of the shard's commit; of several, those of the one that the store has had longest.

    Raises:
        FileNotFoundError: It is not committed.
    """
    claims = store.list(keys.claims_folder(shard)) if plan.commits_are_chosen else []
    if not claims:
        return store.read(keys.commit(shard))
    return store.read(min(claims, key=lambda claim: (claim.modified_s, claim.key)).key)


def read_part(store: Store, keys: RunKeys, shard: int, part: PartRef) -> bytes:
    """The bytes of a part that a commit names.

    Raises:
        InputError: They are not those that were committed.
    """
    return proven(store, keys.part(shard, part.name), part)


def proven(store: Store, key: str, part: PartRef) -> bytes:
    """The bytes of a file that a commit names. Raises `InputError` when they are not those that were committed."""
    try:
        content = store.read(key)
    except FileNotFoundError:
        raise damaged(key, "the commit names it, and it is gone") from None
    if len(content) != part.size or hashlib.sha256(content).hexdigest() != part.sha256:
        raise damaged(key, f"its bytes are not those that were committed ({len(content)} of {part.size})")
    return content


def damaged(key: str, message: str) -> InputError:
    """The error of a stored file that is not what was stored."""
    return InputError("a file of the run was changed or cut short", (Problem(message, file=key, hint=HINT),))
