"""A plan and placements to make manifests of."""

from __future__ import annotations

from typing import Any

from evalfactory.manifests.aggregator import AggregatorOrder
from evalfactory.manifests.order import JobOrder
from evalfactory.records.gate import GateSpec
from evalfactory.records.placement import Placement
from evalfactory.records.plan import MetricRecipe, Plan, ShardPlan
from evalfactory.records.suite import Execution, JudgeSpec

IMAGE = "registry.example.org/evalfactory:0.1.0"
S3 = "s3://evals/nightly"


def plan(shards: int = 8, *, run_id: str = "nightly-7", judge: JudgeSpec | None = None) -> Plan:
    recipe = MetricRecipe(
        name="faithfulness",
        type="faithfulness",
        kind="single",
        threshold=0.5,
        args={},
        judge=judge or JudgeSpec(model="qwen3-32b", base_url="http://judge:8000/v1"),
        code="4.3.1",
        requires=("input",),
        digest="r" * 64,
    )
    return Plan(
        run_id=run_id,
        created_at="2026-11-23T02:00:00.000+00:00",
        digest="d" * 64,
        suite="support-bot",
        tier="full",
        suite_digest="s" * 64,
        dataset_digest="e" * 64,
        inputs_digest="i" * 64,
        dataset_cases=shards,
        versions={"deepeval": "4.3.1", "evalfactory": "0.1.0"},
        recipes=(recipe,),
        execution=Execution(),
        gate=GateSpec(),
        cases=shards,
        slots=shards,
        shards=tuple(
            ShardPlan(index=index, cases=1, slots=1, weight=3, file="0.jsonl", offset=0, length=1, sha256="f" * 64)
            for index in range(shards)
        ),
    )


def order(
    shards: int = 8, *, only: tuple[int, ...] | None = None, number: int = 1, store_url: str = S3, **placement: Any
) -> JobOrder:
    placed = Placement.model_validate({"image": IMAGE, **placement})
    return JobOrder(plan(shards), placed, store_url, tuple(range(shards)) if only is None else only, number)


EVERYTHING: dict[str, Any] = {
    "pull_policy": "Always",
    "pull_secrets": ["registry-key"],
    "namespace": "evals",
    "service_account": "evals-worker",
    "pods": 3,
    "resources": {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"memory": "2Gi"}},
    "runtime_class": "gvisor",
    "node_selector": {"pool": "batch"},
    "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "priority_class": "batch-low",
    "env": {"AWS_ENDPOINT_URL": "http://minio:9000", "AWS_ALLOW_HTTP": "true"},
    "env_from_secrets": ["judge-key", "bucket-key"],
    "env_from_config_maps": ["proxies"],
    "secrets": {"JUDGE_API_KEY": {"secret": "judge-key", "key": "token"}},
    "files": [{"path": "/etc/ca", "config_map": "company-ca"}, {"path": "/etc/keys", "secret": "more-keys"}],
    "model_cache": {"claim": "models", "path": "/models"},
    "addresses": {"http://judge:8000/v1": "http://judge.models.svc:8080/v1"},
    "labels": {"team": "search"},
    "annotations": {"example.org/owner": "search"},
    "pod_template": {
        "metadata": {"annotations": {"sidecar.istio.io/inject": "false"}},
        "spec": {"schedulerName": "volcano", "containers": [{"name": "worker", "workingDir": "/suite"}]},
    },
    "tries": 2,
    "max_failed_shards": 2,
    "deadline_s": 3600,
    "keep_s": 600,
    "grace_s": 30,
}

VARIANTS: dict[str, JobOrder] = {
    "minimal": order(),
    "everything": order(**EVERYTHING),
    "volume": order(store_url="file:///mnt/evals", store={"claim": "evals", "path": "/store"}),
    "gpu": order(gpu={"resource": "nvidia.com/mig-1g.10gb", "count": 1}, node_selector={"pool": "gpu"}),
    "queue": order(queue="evals", pods=4),
    "resumed": order(only=(1, 5, 6, 7), number=2),
}

#: Runs that nobody follows.
LEFT: dict[str, AggregatorOrder] = {
    "left": AggregatorOrder(order(aggregator_image=f"{IMAGE}-full")),
    "left-everything": AggregatorOrder(order(**EVERYTHING), "main"),
}
