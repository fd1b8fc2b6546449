"""What Kubernetes is asked for. Write the golden files anew, and look at them, with `UPDATE_GOLDEN=1 pytest tests/manifests`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.manifests.aggregator import aggregator
from evalfactory.manifests.job import failure_rules, indexed_job
from evalfactory.manifests.merged import merged
from evalfactory.manifests.names import base_name, job_name
from evalfactory.manifests.order import JobOrder
from evalfactory.manifests.pod import pod_template
from evalfactory.manifests.policy import network_policy, submitter_role
from evalfactory.manifests.text import manifests, yaml_text
from evalfactory.planning.ranges import parse_ranges, ranges_text
from evalfactory.records.suite import JudgeSpec
from evalfactory.settings import environment
from placed_given import EVERYTHING, LEFT, VARIANTS, order, plan

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", VARIANTS)
def test_manifests_are_what_they_were_to_the_byte(name: str) -> None:
    _check(GOLDEN / f"{name}.yaml", yaml_text(manifests(VARIANTS[name])))


@pytest.mark.parametrize("name", LEFT)
def test_an_aggregator_is_what_it_was_to_the_byte(name: str) -> None:
    _check(GOLDEN / f"{name}.yaml", yaml_text(aggregator(LEFT[name])))


@pytest.mark.parametrize("detached", [False, True])
def test_the_submitters_role_is_what_it_was(*, detached: bool) -> None:
    name = "role-detached.yaml" if detached else "role.yaml"
    _check(GOLDEN / name, yaml_text([submitter_role("evals", detached=detached)]))


def _check(path: Path, text: str) -> None:
    if environment().get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", VARIANTS)
def test_yaml_says_what_the_dictionaries_say(name: str) -> None:
    documents = manifests(VARIANTS[name])
    assert list(yaml.safe_load_all(yaml_text(documents))) == documents


@pytest.mark.parametrize("name", VARIANTS)
def test_every_container_keeps_to_the_restricted_standard(name: str) -> None:
    spec = pod_template(VARIANTS[name])["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    kinds = {key for volume in spec["volumes"] for key in volume} - {"name"}
    assert kinds <= {"emptyDir", "persistentVolumeClaim", "secret", "configMap"}


def test_no_value_of_a_secret_can_stand_in_a_manifest() -> None:
    """Only names: whatever comes from a Secret does so by reference."""
    container = pod_template(order(**EVERYTHING))["spec"]["containers"][0]
    by_name = {each["name"]: each for each in container["env"]}
    assert "value" not in by_name["JUDGE_API_KEY"]
    assert [each.get("secretRef") for each in container["envFrom"]][:2] == [
        {"name": "judge-key"},
        {"name": "bucket-key"},
    ]


def test_a_job_never_says_suspend() -> None:
    for each in VARIANTS.values():
        assert "suspend" not in indexed_job(each)["spec"]


def test_more_pods_than_shards_are_never_asked_for() -> None:
    assert indexed_job(order(2, pods=50))["spec"]["parallelism"] == 2


def test_the_first_rule_that_fits_lets_a_disruption_cost_nothing_nor_the_deletion_of_a_pod_that_waits() -> None:
    actions = [rule["action"] for rule in failure_rules()]
    assert actions == ["Ignore", "FailJob", "FailIndex", "Ignore"]
    conditions = [(each["type"], each["status"]) for each in failure_rules()[0]["onPodConditions"]]
    assert conditions == [("DisruptionTarget", "True"), ("PodScheduled", "False")]
    values = [rule["onExitCodes"]["values"] for rule in failure_rules()[1:]]
    assert values == [[64, 77, 78], [65], [143]]


def test_a_resumed_job_counts_in_the_open_shards_only() -> None:
    resumed = order(only=(1, 5, 6, 7), number=2)
    job = indexed_job(resumed)
    assert job["spec"]["completions"] == 4
    assert "--shards" in resumed.arguments()
    assert parse_ranges(resumed.arguments()[resumed.arguments().index("--shards") + 1]) == (1, 5, 6, 7)
    assert "--shards" not in order().arguments()


@given(st.text(min_size=1, max_size=100, alphabet="abcXYZ019._-"), st.integers(1, 99), st.integers(1, 100_000))
def test_any_run_id_gives_names_that_pods_can_have(run_id: str, number: int, shards: int) -> None:
    pod = f"{job_name(run_id, number)}-{shards - 1}"
    assert len(pod) <= 63
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", pod)


@given(st.lists(st.text(min_size=1, max_size=100, alphabet="abAB0._-"), unique=True, max_size=20))
def test_different_runs_have_different_names(run_ids: list[str]) -> None:
    assert len({base_name(run_id) for run_id in run_ids}) == len(run_ids)


@given(st.lists(st.integers(0, 99_999), unique=True, min_size=1))
def test_shards_are_read_back_in_their_order(numbers: list[int]) -> None:
    assert parse_ranges(ranges_text(numbers)) == tuple(numbers)


@pytest.mark.parametrize("text", ["", "a", "1,", "3-1", "1,1", "1-3,2", "-1", "1--2", "٣", "100000"])
def test_a_list_of_shards_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_ranges(text)


PLAIN = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_nothing_laid_over_something_changes_nothing(base: Any) -> None:
    assert merged(base, {}) == base if isinstance(base, dict) else True
    assert merged(base, base) == base


@given(st.dictionaries(st.text(max_size=2), PLAIN, max_size=3), st.dictionaries(st.text(max_size=2), PLAIN, max_size=3))
def test_what_is_laid_over_is_there_afterwards(base: dict[str, Any], over: dict[str, Any]) -> None:
    both = merged(base, over)
    assert both.keys() == base.keys() | over.keys()
    assert all(both[key] == value for key, value in over.items() if not isinstance(value, dict | list))


def test_a_pod_template_finds_our_container_by_name_and_takes_away_by_null() -> None:
    changed = order(
        pod_template={
            "spec": {
                "tolerations": None,
                "containers": [
                    {"name": "worker", "env": [{"name": "HOME", "value": "/elsewhere"}]},
                    {"name": "helper", "image": "helper:1"},
                ],
            }
        }
    )
    spec = pod_template(changed)["spec"]
    assert [each["name"] for each in spec["containers"]] == ["worker", "helper"]
    assert spec["containers"][0]["env"][0] == {"name": "HOME", "value": "/elsewhere"}
    assert spec["containers"][0]["image"]
    assert "tolerations" not in spec


@pytest.mark.parametrize(
    ("made", "ports"),
    [
        (order(), [443, 8000]),
        (order(env={"AWS_ENDPOINT_URL": "http://minio:9000"}), [8000, 9000]),
        (order(addresses={"http://judge:8000/v1": "http://[::1]/v1"}), [80, 443]),
        (order(store_url="/mnt", store={"claim": "evals", "path": "/store"}), [8000]),
    ],
)
def test_pods_may_reach_names_and_the_ports_of_judge_and_store(made: JobOrder, ports: list[int]) -> None:
    egress = network_policy(made)["spec"]["egress"]
    assert [[each["port"] for each in rule["ports"]] for rule in egress] == [[53, 53], ports]


def test_pods_that_need_no_port_are_allowed_none() -> None:
    offline = JudgeSpec(kind="offline", model="offline")
    made = order(store_url="/mnt", store={"claim": "evals", "path": "/store"})
    alone = JobOrder(plan(judge=offline), made.placement, made.store, made.shards)
    assert len(network_policy(alone)["spec"]["egress"]) == 1  # a rule without ports would allow every one


def test_everything_is_found_by_the_run_and_nothing_else_is() -> None:
    for document in manifests(order(labels={"evalfactory/run": "someone-elses"})):
        for marked in _labels(document):
            assert marked["evalfactory/run"] == "evalfactory-nightly-7"


def _labels(document: Any) -> Iterator[dict[str, str]]:
    yield document["metadata"]["labels"]
    if "template" in document["spec"]:
        yield document["spec"]["template"]["metadata"]["labels"]
