"""What Kubernetes says of pods and Jobs, in words that say what to do."""

from __future__ import annotations

from typing import Any

import pytest

from evalfactory.errors import Exit
from evalfactory.runners.pods import PodFacts, Trouble, event_trouble, job_end, more_memory, pod_facts


def pod(*, index: int = 0, phase: str = "Pending", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": f"run-{index}-x7f", "labels": {"batch.kubernetes.io/job-completion-index": str(index)}},
        "spec": {"containers": [{"name": "worker", "image": "img:1", "resources": {"limits": {"memory": "512Mi"}}}]},
        "status": {"phase": phase, **status},
    }


def worker(**state: Any) -> dict[str, Any]:
    return {
        "containerStatuses": [{"name": "istio-proxy", "state": {"running": {}}}, {"name": "worker", "state": state}]
    }


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return worker(waiting={"reason": reason, "message": message})


def unplaced(message: str) -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"conditions": [condition]}


TROUBLES = {
    "no such image": (waiting("ImagePullBackOff", 'Back-off pulling image "img:1"'), "img:1", "pull_secrets", True),
    "first try of an image": (waiting("ErrImagePull", "429"), "cannot be fetched: 429", "placement.image", True),
    "image not loaded": (waiting("ErrImageNeverPull"), "does not have the image img:1", "pull_policy", True),
    "no such secret": (
        waiting("CreateContainerConfigError", 'secret "judge-key" not found'), "judge-key", "create secret generic judge-key", True,
    ),
    "no such key": (
        waiting("CreateContainerConfigError", "couldn't find key token in Secret evals/k"), "token", "placement.secrets", True,
    ),
    "root": (
        waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"), "root", "numeric user", True,
    ),
    "no room": (unplaced("0/3 nodes are available: 3 Insufficient cpu."), "Insufficient cpu", "less cpu", False),
    "no claim": (unplaced('persistentvolumeclaim "evals" not found'), "evals", "kubectl get pvc", False),
    "no device": (unplaced("0/3 nodes are available: 3 Insufficient nvidia.com/gpu."), "gpu", "less nvidia.com/gpu", False),
    "a taint": (unplaced("0/1 nodes are available: 1 node(s) had untolerated taint {a: b}."), "taint", "tolerations", False),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLES)
def test_a_pod_that_waits_says_for_what_and_what_to_try(name: str) -> None:
    status, what, hint, hopeless = TROUBLES[name]
    trouble = pod_facts(pod(**status)).trouble
    assert trouble is not None
    assert what in trouble.what
    assert hint in trouble.hint
    assert trouble.hopeless is hopeless


def test_memory_that_was_too_little_is_named_with_how_much_to_ask_for() -> None:
    facts = pod_facts(pod(phase="Failed", **worker(terminated={"exitCode": 137, "reason": "OOMKilled"})))
    assert facts.trouble is not None
    assert "512Mi" in facts.trouble.what
    assert "memory: 1Gi" in facts.trouble.hint


@pytest.mark.parametrize(
    ("asked", "twice"),
    [("512Mi", "1Gi"), ("1Gi", "2Gi"), ("300Mi", "600Mi"), ("1000", "2000"), ("1.5Gi", "more than 1.5Gi")],
)
def test_twice_the_memory(asked: str, twice: str) -> None:
    assert more_memory(asked) == twice


def test_a_pod_of_which_nothing_is_known_yet_is_starting() -> None:
    assert pod_facts({"metadata": {"name": "new"}}) == PodFacts("new", 0, "starting")
    assert pod_facts(pod(**waiting("ContainerCreating"))).trouble is None


def event(message: str, *, kind: str = "Job", name: str = "run", reason: str = "FailedCreate") -> dict[str, Any]:
    return {"involvedObject": {"kind": kind, "name": name}, "reason": reason, "message": message}


@pytest.mark.parametrize(
    ("message", "what", "hopeless"),
    [
        ('pods "run-0" is forbidden: exceeded quota: small, requested: cpu=1', "quota", False),
        (
            'pods "run-0" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot',
            "namespace refuses",
            True,
        ),
        ('error looking up service account evals/robot: serviceaccount "robot" not found', "service account", True),
        ('admission webhook "kyverno" denied the request: no', "refused", True),
        ("Internal error occurred", "cannot be made", False),
    ],
)
def test_a_job_whose_pods_are_refused_says_why(message: str, what: str, hopeless: bool) -> None:
    trouble = event_trouble(event(message), "run")
    assert trouble is not None
    assert what in trouble.what
    assert trouble.hopeless is hopeless


@pytest.mark.parametrize(
    "other",
    [event("exceeded quota", name="someone-elses"), event("x", reason="BackoffLimitExceeded"),
     event("x", kind="Pod", name="another-0-abc", reason="FailedMount")],
)  # fmt: skip
def test_warnings_about_others_are_none_of_ours(other: dict[str, Any]) -> None:
    assert event_trouble(other, "run") is None


def test_a_volume_that_cannot_be_mounted_is_told_of() -> None:
    told = event_trouble(event('secret "ca" not found', kind="Pod", name="run-3-abc", reason="FailedMount"), "run")
    assert isinstance(told, Trouble)


def job(reason: str, message: str = "", *, kind: str = "Failed", **status: Any) -> dict[str, Any]:
    condition = {"type": kind, "status": "True", "reason": reason, "message": message}
    return {"status": {"conditions": [condition], **status}}


def test_a_job_goes_on_until_every_pod_is_at_its_end() -> None:
    assert job_end({}, [], [0]) is None
    assert job_end(job("FailedIndexes", kind="FailureTarget"), [], [0]) is None
    ended = job_end(job("CompletionsReached", kind="Complete"), [], [0])
    assert ended is not None
    assert ended.code == 0


def test_a_refused_key_is_told_once_in_the_words_of_a_worker() -> None:
    said = "evalfactory: the judge refused the key: 401\n  try: set the right key\n"
    message = "Container worker for pod evals/run-0-x failed with exit code 77 matching FailJob rule at index 1"
    pods = [PodFacts(f"run-{index}", index, "ended", ended=77, said=said) for index in range(4)]
    end = job_end(job("PodFailurePolicy", message), pods, range(4))
    assert end == (Exit.REFUSED, "the judge refused the key: 401", "set the right key")


def test_failed_shards_are_named_by_their_numbers_in_the_plan_with_why() -> None:
    pods = [
        PodFacts("a", 0, "ended with 65", ended=65, said="evalfactory: line 3 is cut short\n  try: restore it"),
        PodFacts("b", 1, "ended with 70", ended=70, said="Traceback"),
    ]
    end = job_end(job("FailedIndexes", failedIndexes="0-1"), pods, [7, 9])
    assert end is not None
    assert end.code == Exit.BUG
    assert end.why.splitlines() == [
        "shard 7 failed: line 3 is cut short",
        "  try: restore it",
        "shard 9 failed: Traceback",
    ]


def test_shards_that_nobody_answered_can_be_resumed() -> None:
    pods = [PodFacts("a", 0, "ended with 69", ended=69, said="evalfactory: nothing has answered for 600 s")]
    end = job_end(job("MaxFailedIndexesExceeded", failedIndexes="0"), pods, [4])
    assert end is not None
    assert (end.code, end.why) == (Exit.UNAVAILABLE, "shard 4 failed: nothing has answered for 600 s")


def on_a_node(*, deleted: bool = False, **condition: str) -> dict[str, Any]:
    found = pod(phase="Running", **worker(running={}), conditions=[condition])
    found["spec"]["nodeName"] = "spot-7"
    found["metadata"] |= {"deletionTimestamp": "2026-11-23T02:00:00Z"} if deleted else {}
    return found


def test_a_node_that_falls_silent_is_named_while_its_pods_seem_to_run() -> None:
    silent = pod_facts(on_a_node(type="Ready", status="False"))
    assert silent.running
    assert silent.trouble is not None
    assert silent.trouble.what == "the node spot-7 does not answer"
    assert not silent.trouble.hopeless
    assert pod_facts(on_a_node(type="Ready", status="True")).trouble is None
    assert pod_facts(on_a_node(type="Ready", status="False", reason="ContainersNotReady")).trouble is None


def test_a_pod_that_is_given_up_with_its_node_leads_to_resume_and_one_that_is_deleted_to_nothing() -> None:
    lost = pod_facts(on_a_node(deleted=True, type="DisruptionTarget", status="True", reason="DeletionByTaintManager"))
    assert (lost.state, lost.running) == ("stopping", False)
    assert lost.trouble is not None
    assert "spot-7" in lost.trouble.what
    assert "evalfactory resume" in lost.trouble.hint
    evicted = on_a_node(deleted=True, type="DisruptionTarget", status="True", reason="EvictionByEvictionAPI")
    assert pod_facts(evicted).trouble is None
