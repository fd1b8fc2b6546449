"""Where the workers of a run on Kubernetes are placed, and with what. No secret stands here: only names of Secrets."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveInt

from .base import Record

#: What Kubernetes takes for the name of most of its objects.
OBJECT_NAME_PATTERN = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
MOUNT_PATTERN = r"^/[^\s:]*$"

ObjectName = str
Quantities = dict[str, str]


class Resources(Record):
    """What each pod asks for, in Kubernetes' own units. A limit of CPU is left out on purpose: it only makes answers late."""

    requests: Quantities = Field(
        default_factory=lambda: {"cpu": "250m", "memory": "512Mi", "ephemeral-storage": "256Mi"},
        description="By resource; queues and quotas count them.",
    )
    limits: Quantities = Field(
        default_factory=lambda: {"memory": "1Gi", "ephemeral-storage": "1Gi"}, description="By resource."
    )


class Gpu(Record):
    """A device for each pod; for metrics of one's own that load a model, as judges have pods of their own."""

    resource: str = Field(
        default="nvidia.com/gpu", min_length=3, description="Its resource name, such as `nvidia.com/mig-1g.10gb`."
    )
    count: PositiveInt = Field(default=1, description="Of them, for each pod.")


class SecretVariable(Record):
    """An environment variable whose value is in a Secret."""

    secret: ObjectName = Field(pattern=OBJECT_NAME_PATTERN, description="Name of the Secret.")
    key: str = Field(min_length=1, description="Key in it.")


class Files(Record):
    """A Secret or a ConfigMap as files in each pod, read-only."""

    path: str = Field(pattern=MOUNT_PATTERN, description="Folder in the pod.")
    secret: ObjectName | None = Field(default=None, pattern=OBJECT_NAME_PATTERN, description="Name of a Secret.")
    config_map: ObjectName | None = Field(
        default=None, pattern=OBJECT_NAME_PATTERN, description="Name of a ConfigMap, if it is no Secret."
    )


class Claim(Record):
    """A PersistentVolumeClaim in each pod."""

    claim: ObjectName = Field(pattern=OBJECT_NAME_PATTERN, description="Its name.")
    path: str = Field(pattern=MOUNT_PATTERN, description="Where pods see it.")


class Placement(Record):
    """The pods of a run: what they run, where, and what they may reach."""

    image: str = Field(
        min_length=1, description="With evalfactory in the version that plans; by digest, if it must be the same."
    )
    aggregator_image: str | None = Field(
        default=None,
        min_length=1,
        description="For `--detach`: one that can report (target `full`); without it `image` must be such a one.",
    )
    pull_policy: Literal["IfNotPresent", "Always", "Never"] = Field(
        default="IfNotPresent", description="When nodes fetch the image."
    )
    pull_secrets: tuple[ObjectName, ...] = Field(default=(), description="Secrets with access to the registry.")
    namespace: ObjectName | None = Field(
        default=None, pattern=OBJECT_NAME_PATTERN, description="Without it that of the kubeconfig's context."
    )
    service_account: ObjectName | None = Field(
        default=None,
        pattern=OBJECT_NAME_PATTERN,
        description="For a cloud's workload identity; pods get no token of Kubernetes in any case.",
    )
    pods: PositiveInt = Field(default=4, description="At once, at most; each works on one shard after the other.")
    shards_per_pod: PositiveInt = Field(
        default=4,
        description="How many shards the plan has for each pod, unless `execution.shards` says how many in all.",
    )
    resources: Resources = Field(default=Resources(), description="What each pod asks for.")
    gpu: Gpu | None = Field(default=None, description="A device for each pod.")
    runtime_class: ObjectName | None = Field(default=None, pattern=OBJECT_NAME_PATTERN, description="Of the pods.")
    node_selector: dict[str, str] = Field(default_factory=dict, description="Labels that a node must have.")
    tolerations: tuple[dict[str, Any], ...] = Field(default=(), description="As Kubernetes writes them.")
    affinity: dict[str, Any] = Field(default_factory=dict, description="As Kubernetes writes it.")
    priority_class: ObjectName | None = Field(default=None, pattern=OBJECT_NAME_PATTERN, description="Of the pods.")
    queue: str | None = Field(default=None, min_length=1, description="Of Kueue: it admits the run when there is room.")
    env: dict[str, str] = Field(default_factory=dict, description="Environment variables, for everyone to read.")
    env_from_secrets: tuple[ObjectName, ...] = Field(
        default=(), description="Secrets whose every key becomes an environment variable: keys of judge and store."
    )
    env_from_config_maps: tuple[ObjectName, ...] = Field(default=(), description="The same of ConfigMaps.")
    secrets: dict[str, SecretVariable] = Field(
        default_factory=dict, description="Environment variable -> the Secret that has its value."
    )
    files: tuple[Files, ...] = Field(default=(), description="Secrets and ConfigMaps as files.")
    store: Claim | None = Field(
        default=None, description="A volume that is the store as pods see it; others reach the same files by `store:`."
    )
    model_cache: Claim | None = Field(
        default=None, description="A volume with models, read-only, at `HF_HOME`; nothing is fetched from a hub then."
    )
    addresses: dict[str, str] = Field(
        default_factory=dict,
        description="Address of a judge or target as the suite has it -> as pods reach it: `{http://localhost:8000/v1: http://judge:8000/v1}`.",
    )
    labels: dict[str, str] = Field(default_factory=dict, description="Added to everything.")
    annotations: dict[str, str] = Field(default_factory=dict, description="Added to everything.")
    pod_template: dict[str, Any] = Field(
        default_factory=dict,
        description="Merged over the pod template last, for what has no key here; a container is found by its name, `worker`.",
    )
    network_policy: bool = Field(
        default=True, description="Whether pods may reach only DNS and the ports of judge, target and store."
    )
    egress: tuple[dict[str, Any], ...] = Field(
        default=(), description="Rules of that policy as Kubernetes writes them, instead of those ports."
    )
    tries: PositiveInt = Field(default=4, description="Of one shard, the first included, evictions not counted.")
    max_failed_shards: PositiveInt | None = Field(
        default=None, description="More failed shards end the run; a tenth of them without it, at least one."
    )
    deadline_s: PositiveInt = Field(default=86_400, description="The run's longest time, seconds.")
    keep_s: PositiveInt = Field(
        default=86_400,
        description="How long the finished Job stays to be looked at, seconds; results stay in any case.",
    )
    grace_s: PositiveInt = Field(default=60, description="A pod's time to end in when it is told to, seconds.")
