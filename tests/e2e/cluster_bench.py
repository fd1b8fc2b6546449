"""A namespace of a real cluster with a simulated judge in it, and a folder with a suite that is placed there.

The proof is made of the installed command; kubectl prepares, injects faults and looks.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalfactory.settings import environment
from line_tools import Bench, Simulator, eventually, made_up_cases

IMAGE = "EVALFACTORY_E2E_IMAGE"
BUCKET = "EVALFACTORY_TEST_S3_BUCKET"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
PLAIN = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ALLOW_HTTP")
SLOW = (
    "--latency",
    "constant",
    "--latency-mean-s",
    "0.25",
)  # a judge whose runs last long enough for something to happen
SMALL = {"requests": {"cpu": "10m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}


def missing() -> str:
    """Why nothing can be proved here; empty if it can."""
    given = environment()
    wanted = [name for name in ("KUBECONFIG", IMAGE, BUCKET, *KEYS) if not given.get(name)]
    if wanted:
        return f"no cluster to prove it on: set {', '.join(wanted)}"
    return "" if shutil.which("kubectl") else "kubectl is not on the PATH"


def kubectl(*words: str, text: str | None = None, namespace: str | None = None, check: bool = True) -> str:
    """What kubectl says; whatever its exit code is, unless it is checked."""
    where = ["--namespace", namespace] if namespace else []
    ran = subprocess.run(["kubectl", *where, *words], input=text, capture_output=True, text=True, check=False)
    assert not check or ran.returncode == 0, f"kubectl {' '.join(words)}\n{ran.stderr}"
    return ran.stdout


@dataclass
class ClusterBench:
    """A folder, a namespace, a prefix in the bucket."""

    bench: Bench
    namespace: str
    judge: Simulator
    store: str = field(default_factory=lambda: f"s3://{environment()[BUCKET]}/e2e-{secrets.token_hex(4)}")

    def suite(self, *, cases: int = 40, placement: Mapping[str, Any] | None = None, **keys: Any) -> None:
        """Write cases and suite; what is not said of the placement is small and quick."""
        given = environment()
        placed = {
            "image": given[IMAGE],
            "namespace": self.namespace,
            "pods": 3,
            "shards_per_pod": 2,
            "resources": SMALL,
            "env": {name: given[name] for name in PLAIN if name in given},
            "env_from_secrets": ["bucket-key"],
            "addresses": {self.judge.base_url: "http://judge:8000/v1"},
        }
        self.bench.cases(made_up_cases(cases))
        self.bench.suite(placement={**placed, **(placement or {})}, store=self.store, **keys)

    def run(self, run_id: str, *words: str) -> Any:
        """`evalfactory run --on kubernetes`, as it ends."""
        return self.bench("run", "suite.yaml", "--on", "kubernetes", "--run-id", run_id, "--json", *words)

    def truth(self) -> str:
        """The digest of the same suite on this machine."""
        ran = self.bench("run", "suite.yaml", "--store", "here", "--run-id", "truth", "--json")
        assert ran.code in (0, 10, 11), ran.err
        return str(ran.json["results_digest"])

    def kubectl(self, *words: str, text: str | None = None, check: bool = True) -> str:
        return kubectl(*words, text=text, namespace=self.namespace, check=check)

    def pods(self, run_id: str, phase: str = "Running") -> list[str]:
        """Names of the run's pods in that phase, the oldest first."""
        oldest_first = "--sort-by=.metadata.creationTimestamp"
        listed = self.kubectl("get", "pods", "-l", f"evalfactory/run=evalfactory-{run_id}", oldest_first, "-o", "json")
        return [pod["metadata"]["name"] for pod in json.loads(listed)["items"] if pod["status"].get("phase") == phase]

    def job(self, name: str) -> Any:
        return json.loads(self.kubectl("get", "job", name, "-o", "json"))


def as_submitter(cluster: ClusterBench, account: str, *rendered: str) -> None:
    """Let the bench's commands run as a service account with the Role that `render --access` prints.

    Its token comes from a program that the kubeconfig names, as those of clouds do.
    """
    role = cluster.bench("render", "kubernetes", "suite.yaml", "--access", *rendered).out
    cluster.kubectl("apply", "-f", "-", text=role)
    cluster.kubectl("create", "serviceaccount", account)
    bound = f"--serviceaccount={cluster.namespace}:{account}"
    cluster.kubectl("create", "rolebinding", account, "--role=evalfactory-submitter", bound)
    token, path = (cluster.bench.folder / f"{account}-{what}.json" for what in ("token", "config"))
    version = "client.authentication.k8s.io/v1"
    status = {"token": cluster.kubectl("create", "token", account).strip()}
    token.write_text(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status}))
    config = json.loads(kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
    for user in config["users"]:
        program = {"command": "cat", "args": [str(token)], "interactiveMode": "Never"}
        user["user"] = {"exec": {"apiVersion": version, **program}}
    path.write_text(json.dumps(config))
    cluster.bench.env["KUBECONFIG"] = str(path)


@contextmanager
def namespace_with_judge(judge_words: tuple[str, ...] = ()) -> Iterator[str]:
    """A namespace that enforces the restricted standard, with the bucket's key and a judge at http://judge:8000/v1."""
    name = f"evalfactory-e2e-{secrets.token_hex(3)}"
    kubectl("create", "namespace", name)
    kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    try:
        given = environment()
        literals = [f"--from-literal={key}={given[key]}" for key in KEYS]
        kubectl("create", "secret", "generic", "bucket-key", *literals, namespace=name)
        kubectl("apply", "-f", "-", text=json.dumps(_judge(judge_words)), namespace=name)
        kubectl("rollout", "status", "deployment/judge", "--timeout=180s", namespace=name)
        yield name
    finally:
        kubectl("delete", "namespace", name, "--wait=false")


def _judge(words: tuple[str, ...]) -> dict[str, Any]:
    labels = {"app": "judge"}
    container = {
        "name": "judge",
        "image": environment()[IMAGE],
        "imagePullPolicy": "IfNotPresent",
        "command": ["evalfactory", "judge-sim", "--host", "0.0.0.0", "--port", "8000", *words],
        "ports": [{"containerPort": 8000}],
        "readinessProbe": {"tcpSocket": {"port": 8000}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "judge"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "judge"},
        "spec": {"selector": labels, "ports": [{"port": 8000}]},
    }
    return {"apiVersion": "v1", "kind": "List", "items": [deployment, service]}


__all__ = [
    "SLOW",
    "Bench",
    "ClusterBench",
    "Path",
    "as_submitter",
    "eventually",
    "kubectl",
    "missing",
    "namespace_with_judge",
]
