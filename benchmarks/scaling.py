"""How time and memory grow with the number of cases, on the offline judge; and plan and merge alone, without any judge."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from .processes import COMMAND, cost_of
from .suites import write_suite


def offline(folder: Path, sizes: tuple[int, ...] = (100, 500, 5_000, 50_000)) -> list[dict[str, Any]]:
    """A row a size: the whole command, its parent's memory and its workers'."""
    rows = []
    for cases in sizes:
        suite = write_suite(folder / f"offline-{cases}", cases, judge="offline")
        cost = cost_of([*COMMAND, "run", str(suite), "--tier", "all", "--json", "--quiet"])
        told = json.loads(cost.stdout)
        assert told["scored"] == 2 * cases, told
        peaks = [json.loads(file.read_bytes())["peak_rss_mb"] for file in suite.parent.rglob("commit.json")]
        rows.append(
            {
                "cases": cases,
                "wall_s": cost.wall_s,
                "cpu_s": cost.cpu_s,
                "ms_per_case": cost.wall_s / cases * 1000,
                "worker_rss_mb": max(peaks),
                "largest_process_mb": cost.peak_rss_mb,
            }
        )
    return rows


def plan_and_merge(folder: Path, sizes: tuple[int, ...] = (5_000, 50_000, 200_000, 1_000_000)) -> list[dict[str, Any]]:
    """A row a size: seconds and memory of `plan --write` and of `collect`, each in a process of its own."""
    rows = []
    for cases in sizes:
        place = folder / f"synthetic-{cases}"
        suite = write_suite(place, cases, judge="offline")
        plan = cost_of([*COMMAND, "plan", str(suite), "--tier", "all", "--write", "--run-id", "synthetic", "--json"])
        assert plan.exit_code == 0, plan
        subprocess_cost = cost_of([sys.executable, "-m", "benchmarks.scaling", str(place / ".evalfactory")])
        assert subprocess_cost.exit_code == 0, subprocess_cost
        merge = cost_of([*COMMAND, "collect", "synthetic", "--store", str(place / ".evalfactory"), "--json"])
        told = json.loads(merge.stdout)
        assert told["scored"] == 2 * cases, told
        rows.append(
            {
                "cases": cases,
                "plan_s": plan.wall_s,
                "plan_mb": plan.peak_rss_mb,
                "merge_s": merge.wall_s,
                "merge_mb": merge.peak_rss_mb,
                "results_digest": told["results_digest"][:12],
            }
        )
    return rows


def write_synthetic(store_url: str, run_id: str = "synthetic") -> None:
    """Commit every shard of the planned run with made-up scores, as if workers had measured it. No judge, no metric.

    Of runs with another name a tenth of the scores are others.
    """
    from evalfactory.app.planning import read_plan
    from evalfactory.engine.frozen import frozen_cases
    from evalfactory.records.measurement import Commit, Measurement, PartHeader, PartRef
    from evalfactory.storage.layout import RunKeys, part_name
    from evalfactory.storage.open import open_store

    store = open_store(store_url)
    keys = RunKeys("bench", run_id)
    plan = read_plan(store, keys)
    for shard in plan.shards:
        header = PartHeader(
            run_id=plan.run_id, shard=shard.index, plan_digest=plan.digest, attempt="synthetic", versions=plan.versions
        )
        lines = [header.model_dump_json()]
        for piece in frozen_cases(store, keys, shard):
            for frozen in piece:
                for recipe in plan.recipes:
                    chance = _made_up(f"{frozen.case.id}{recipe.name}")
                    if run_id != "synthetic" and _made_up(f"{frozen.case.id}{recipe.name}{run_id}") < 0.1:
                        chance = _made_up(f"{run_id}{frozen.case.id}{recipe.name}")
                    measurement = Measurement(
                        case_id=frozen.case.id,
                        metric=recipe.name,
                        state="scored",
                        score=round(chance, 3),
                        reason="A made-up score for measuring the merge, nothing else.",
                        threshold=recipe.threshold,
                        success=chance >= 0.5,
                        attempt="synthetic",
                        fingerprint="0" * 64,
                    )
                    lines.append(measurement.model_dump_json())
        body = ("\n".join(lines) + "\n").encode()
        name = part_name("synthetic", 1)
        store.put(keys.part(shard.index, name), body)
        proof = hashlib.sha256(body).hexdigest()
        ref = PartRef(name=name, sha256=proof, size=len(body), lines=len(lines))
        commit = Commit(
            run_id=plan.run_id,
            shard=shard.index,
            plan_digest=plan.digest,
            attempt="synthetic",
            parts=(ref,),
            slots=shard.slots,
            scored=shard.slots,
            errored=0,
            skipped=0,
            versions=plan.versions,
        )
        store.create(keys.commit(shard.index), commit.model_dump_json().encode())


def _made_up(name: str) -> float:
    return int(hashlib.sha256(name.encode()).hexdigest()[:4], 16) / 65535


if __name__ == "__main__":
    write_synthetic(*sys.argv[1:])
