"""A plan is known by its JSON as it was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalfactory.app.planning import agree, read_plan
from evalfactory.errors import InputError
from evalfactory.records.plan import Plan, content_digest
from evalfactory.storage.layout import RunKeys
from evalfactory.storage.open import open_store
from results_given import plan as a_plan


def written(folder: Path, plan: Plan) -> tuple[Path, RunKeys]:
    keys = RunKeys(plan.suite, plan.run_id)
    sealed = plan.model_copy(update={"digest": content_digest(plan.model_dump(mode="json"))})
    agree(open_store(str(folder)), keys, sealed)
    return folder / keys.plan, keys


def test_a_plan_written_before_a_field_was_added_is_still_proven(tmp_path: Path) -> None:
    path, keys = written(tmp_path, a_plan())
    older = json.loads(path.read_text())
    del older["selection"]  # as if the version that wrote it had not known the field
    older["digest"] = content_digest(older)
    path.write_text(json.dumps(older))
    assert read_plan(open_store(str(tmp_path)), keys).digest == older["digest"]


def test_a_changed_plan_is_no_plan(tmp_path: Path) -> None:
    path, keys = written(tmp_path, a_plan())
    changed = json.loads(path.read_text())
    changed["seed"] += 1
    path.write_text(json.dumps(changed))
    with pytest.raises(InputError, match="changed or cut short"):
        read_plan(open_store(str(tmp_path)), keys)


def test_run_and_time_are_no_part_of_what_is_planned() -> None:
    one = a_plan().model_dump(mode="json")
    assert content_digest(one) == content_digest({**one, "run_id": "other", "created_at": "later"})
    assert content_digest(one) != content_digest({**one, "tier": "other"})
