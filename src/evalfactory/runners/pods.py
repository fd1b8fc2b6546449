"""What Kubernetes says of a run's pods, in words that say what to do. Pure: objects in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import Exit
from ..manifests.pod import CONTAINER

Object = Mapping[str, Any]

INDEX_LABEL = "batch.kubernetes.io/job-completion-index"
_LONGEST = 400  # characters of what Kubernetes says


class Trouble(NamedTuple):
    """Something that keeps pods from working. `hopeless` if waiting will not help."""

    what: str
    hint: str
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class PodFacts:
    """A pod as it is now."""

    name: str
    index: int
    state: str  # in a word or two
    running: bool = False
    ended: int | None = None  # its exit code
    said: str = ""  # its last words
    trouble: Trouble | None = None


def pod_facts(pod: Object) -> PodFacts:
    """What can be said of a pod."""
    meta: Object = pod.get("metadata", {})
    status: Object = pod.get("status", {})
    name = str(meta.get("name", "?"))
    index = int(meta.get("labels", {}).get(INDEX_LABEL, 0))
    statuses: Sequence[Object] = status.get("containerStatuses", ())
    container: Object = next((each for each in statuses if each.get("name") == CONTAINER), {})
    state = container.get("state", {})
    if "terminated" in state:
        return _terminated(name, index, state["terminated"], pod)
    if meta.get("deletionTimestamp"):
        return PodFacts(name, index, "stopping", trouble=_given_up(pod))
    if "running" in state:
        return PodFacts(name, index, "running", running=True, trouble=_silent(pod))
    if status.get("phase") == "Failed":
        return PodFacts(
            name, index, "failed", ended=Exit.BUG, said=_short(status.get("message") or status.get("reason"))
        )
    trouble = _waiting(state.get("waiting", {}), pod) or _unplaced(status)
    return PodFacts(name, index, "waiting" if trouble else "starting", trouble=trouble)


def _terminated(name: str, index: int, ended: Object, pod: Object) -> PodFacts:
    code, said = int(ended.get("exitCode", Exit.BUG)), str(ended.get("message") or "")
    if ended.get("reason") == "OOMKilled":
        return PodFacts(name, index, "out of memory", ended=code, said=said, trouble=_out_of_memory(pod))
    if code == 0:
        return PodFacts(name, index, "done", ended=0)
    evicted = pod.get("status", {}).get("reason") == "Evicted"
    return PodFacts(name, index, "evicted" if evicted else f"ended with {code}", ended=code, said=said)


def _silent(pod: Object) -> Trouble | None:
    """Whether its node has fallen silent: only then is a container that runs, and nobody probes, called not ready."""
    if _condition(pod, "Ready") != ("False", ""):
        return None
    hint = "if it stays away Kubernetes gives its pods up within minutes, and `evalfactory resume` can measure their shards"
    return Trouble(f"the node {_node(pod)} does not answer", hint)


def _given_up(pod: Object) -> Trouble | None:
    """Whether its node is gone, or cleared: a pod that cannot be seen to end is never replaced."""
    if _condition(pod, "DisruptionTarget") != ("True", "DeletionByTaintManager"):
        return None
    hint = "if the node does not come back: stop following, then `evalfactory resume` with --on kubernetes"
    return Trouble(f"the node {_node(pod)} is lost or being cleared, and a pod of it has not ended yet", hint)


def _condition(pod: Object, kind: str) -> tuple[str, str]:
    """Its status and its reason; empty where it is not given."""
    conditions: Sequence[Object] = pod.get("status", {}).get("conditions", ())
    found: Object = next((each for each in conditions if each.get("type") == kind), {})
    return str(found.get("status", "")), str(found.get("reason") or "")


def _node(pod: Object) -> str:
    return str(pod.get("spec", {}).get("nodeName", "of a pod"))


def _out_of_memory(pod: Object) -> Trouble:
    limit = _asked(pod).get("resources", {}).get("limits", {}).get("memory")
    twice = more_memory(limit) if limit else None
    asked = f"its limit is {limit}" if limit else "the node has no more"
    return Trouble(
        f"a worker was killed for want of memory ({asked})",
        f"placement.resources: {{requests: {{memory: {twice}}}, limits: {{memory: {twice}}}}}"
        if twice
        else "ask for memory in placement.resources",
    )


def _asked(pod: Object) -> Object:
    """Our container, as it was asked for."""
    containers: Sequence[Object] = pod.get("spec", {}).get("containers", ())
    return next((each for each in containers if each.get("name") == CONTAINER), {})


def more_memory(quantity: str) -> str:
    """Twice as much: `512Mi` gives `1Gi`."""
    found = re.fullmatch(r"([0-9]+)([A-Za-z]*)", quantity)
    if not found:
        return f"more than {quantity}"
    number, unit = 2 * int(found[1]), found[2]
    return f"{number // 1024}Gi" if unit == "Mi" and number % 1024 == 0 else f"{number}{unit}"


def _waiting(waiting: Object, pod: Object) -> Trouble | None:
    """Why a container does not start."""
    reason, said = waiting.get("reason", ""), _short(waiting.get("message"))
    image = _asked(pod).get("image", "")
    match reason:
        case "InvalidImageName":
            return Trouble(f"{image} is no name of an image", "placement.image", hopeless=True)
        case "ErrImageNeverPull":
            hint = "load it onto the nodes, or let them fetch it: placement.pull_policy: IfNotPresent"
            return Trouble(f"the node does not have the image {image}, and may not fetch it", hint, hopeless=True)
        case "ImagePullBackOff" | "ErrImagePull" | "ErrImagePullBackOff" | "RegistryUnavailable":
            hint = "check placement.image; for a private registry name a Secret in placement.pull_secrets"
            return Trouble(f"the image {image} cannot be fetched: {_cause(said)}", hint, hopeless=True)
        case "CreateContainerConfigError":
            return Trouble(f"a pod cannot be made as it is asked for: {said}", _config_hint(said), hopeless=True)
        case "CreateContainerError" | "RunContainerError":
            hint = "does the image have evalfactory, and a numeric user that is not root?"
            return Trouble(f"a container cannot be started: {said}", hint, hopeless=True)
        case _:
            return None


def _config_hint(said: str) -> str:
    if found := re.search(r'secret "([^"]+)" not found', said):
        return f"kubectl create secret generic {found[1]} --from-literal=NAME=…"
    if "couldn't find key" in said:
        return "put that key into the Secret, or name another one in placement.secrets"
    if found := re.search(r'configmap "([^"]+)" not found', said):
        return f"kubectl create configmap {found[1]} --from-file=…"
    if "runAsNonRoot" in said or "non-root" in said or "run as root" in said:
        return "the image must have a numeric user that is not root, as ours has"
    return "look at placement.env_from_secrets, placement.secrets and placement.files"


def _unplaced(status: Object) -> Trouble | None:
    """Why no node takes the pod. An autoscaler may yet bring one, so it is worth waiting."""
    for condition in status.get("conditions", ()):
        if (condition.get("type"), condition.get("status")) != ("PodScheduled", "False"):
            continue
        said = _short(str(condition.get("message") or "").partition(" no new claims")[0].partition(" preemption:")[0])
        if condition.get("reason") == "SchedulingGated":
            return Trouble("the queue has not admitted the pods yet", "kubectl get workloads")
        return Trouble(f"no node takes a pod: {said}", _node_hint(said))
    return None


def _node_hint(said: str) -> str:
    if found := re.search(r"Insufficient ([\w./-]+)", said):
        return f"ask for less {found[1]} in placement.resources, for fewer pods, or add nodes"
    if "persistentvolumeclaim" in said.lower() or "PersistentVolumeClaim" in said:
        return "kubectl get pvc: the claim must exist and be bound, and its access mode must suit so many nodes"
    if "taint" in said:
        return "placement.tolerations"
    if "selector" in said or "affinity" in said:
        return "placement.node_selector and placement.affinity must fit a node's labels"
    return "kubectl describe nodes"


def event_trouble(event: Object, job: str) -> Trouble | None:
    """What a warning says of the Job, or of what one of its pods waits for."""
    about, said, reason = event.get("involvedObject", {}), _short(event.get("message")), event.get("reason")
    name = str(about.get("name", ""))
    if about.get("kind") == "Job" and name == job and reason == "FailedCreate":
        return _refused(said)
    if about.get("kind") == "Pod" and name.startswith(f"{job}-") and reason in ("FailedMount", "FailedAttachVolume"):
        return Trouble(
            f"a volume cannot be mounted: {said}", "kubectl get pvc,secret,configmap: what placement names must exist"
        )
    return None


def _refused(said: str) -> Trouble:
    if "exceeded quota" in said:
        return Trouble(f"the namespace's quota is used up: {said}", "wait, ask for fewer pods, or for a larger quota")
    if "PodSecurity" in said:
        hint = "placement.pod_template asks for more than the namespace allows"
        return Trouble(f"the namespace refuses the pods: {said}", hint, hopeless=True)
    if "service account" in said or "serviceaccount" in said:
        return Trouble(f"the pods' service account is missing: {said}", "placement.service_account", hopeless=True)
    if "PriorityClass" in said:
        return Trouble(f"the pods are refused: {said}", "placement.priority_class", hopeless=True)
    if "admission webhook" in said or "denied" in said:
        hint = "the cluster's policy says why: placement.labels, placement.pod_template"
        return Trouble(f"the pods are refused: {said}", hint, hopeless=True)
    return Trouble(f"pods cannot be made: {said}", "kubectl describe job")


class JobEnd(NamedTuple):
    """How a Job ended: an exit code of ours, and why."""

    code: int
    why: str = ""
    hint: str | None = None


def job_end(job: Object, pods: Iterable[PodFacts], shards: Sequence[int]) -> JobEnd | None:
    """How it ended; None while it goes on. `shards` are those of its indexes."""
    for condition in job.get("status", {}).get("conditions", ()):
        if condition.get("status") != "True":
            continue
        if condition.get("type") == "Complete":
            return JobEnd(0)
        if condition.get("type") == "Failed":
            return _failed(condition, job, list(pods), shards)
    return None


def _failed(condition: Object, job: Object, pods: list[PodFacts], shards: Sequence[int]) -> JobEnd:
    reason, said = condition.get("reason"), _short(condition.get("message"))
    if reason == "PodFailurePolicy":
        found = re.search(r"exit code ([0-9]+)", said)
        code = int(found[1]) if found else Exit.BUG
        message, hint = _told(next((pod.said for pod in pods if pod.ended == code and pod.said), ""))
        return JobEnd(code, message or said, hint)
    if reason == "DeadlineExceeded":
        return JobEnd(Exit.BUG, "the Job ran into placement.deadline_s")
    failed = list(_indexes(job.get("status", {}).get("failedIndexes", "")))
    return _failed_shards(failed, pods, shards, said)


def _failed_shards(failed: list[int], pods: list[PodFacts], shards: Sequence[int], said: str) -> JobEnd:
    """Of shards that were tried until their budget was spent: 69 if nothing answered any of them, so that it is resumed."""
    last = {pod.index: pod for pod in pods if pod.ended}
    codes = {last[index].ended for index in failed if index in last}
    lines: dict[str, list[int]] = {}
    for index in failed:
        message, hint = _told(last[index].said) if index in last else ("", None)
        state = f"a worker {last[index].state}" if index in last else "no worker is left to ask"
        trouble = last[index].trouble if index in last else None
        words = trouble.what if trouble else message or state
        tried = trouble.hint if trouble else hint
        lines.setdefault(f"{words}\n  try: {tried}" if tried else words, []).append(shards[index])
    why = "\n".join(f"{_named(numbers)} failed: {words}" for words, numbers in lines.items())
    return JobEnd(Exit.UNAVAILABLE if codes == {Exit.UNAVAILABLE} else Exit.BUG, why or said)


def _named(shards: list[int]) -> str:
    shown = ", ".join(map(str, sorted(shards)[:10])) + (f" and {len(shards) - 10} more" if len(shards) > 10 else "")
    return f"shard {shown}" if len(shards) == 1 else f"shards {shown}"


def _told(said: str) -> tuple[str, str | None]:
    """Our message and hint in what a worker said last."""
    found = re.search(r"^evalfactory: (.*?)(?:\n  try: ([^\n]*))?\s*\Z", said, re.DOTALL | re.MULTILINE)
    return (found[1].strip(), found[2]) if found else (_short(said.strip()[-_LONGEST:]), None)


def _indexes(text: str) -> Iterator[int]:
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _cause(said: str) -> str:
    """The end of a chain of causes, where the reason stands."""
    return ": ".join(said.split(": ")[-2:])


def _short(text: object) -> str:
    return " ".join(str(text or "").split())[:_LONGEST]
